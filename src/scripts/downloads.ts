import type { Fetched } from './fetch.ts'
import { recordKey, type ScriptTask } from './url-records.ts'

/** The most downloads at one time. */
const maxDownloads = 4

export interface Downloads {
  /** Joins the download of this script that is under way or waits, if there is one. */
  ask(task: ScriptTask, haste: 'urgent' | 'background'): Promise<Fetched>
  close(): void
}

/** One download for each script at a time, and a few in all. Starts come first, in their order. */
export function newDownloads(fetchNow: (task: ScriptTask) => Promise<Fetched>): Downloads {
  const pending = new Map<string, Promise<Fetched>>()
  const waiting: { readonly key: string; readonly begin: () => void; isUrgent: boolean }[] = []
  let busy = 0

  async function fetchInTurn(task: ScriptTask, key: string, isUrgent: boolean): Promise<Fetched> {
    if (busy >= maxDownloads)
      await new Promise<void>((begin) => waiting.push({ key, begin, isUrgent }))
    else busy += 1
    try {
      return await fetchNow(task)
    } finally {
      pending.delete(key)
      const urgent = waiting.findIndex((each) => each.isUrgent)
      const [next] = waiting.splice(Math.max(urgent, 0), 1)
      // The next one takes over the place.
      if (next === undefined) busy -= 1
      else next.begin()
    }
  }

  return {
    ask(task, haste) {
      const key = recordKey(task)
      const known = pending.get(key)
      if (known !== undefined) {
        const place = waiting.find((each) => each.key === key)
        if (place !== undefined && haste === 'urgent') place.isUrgent = true
        return known
      }
      const fetching = fetchInTurn(task, key, haste === 'urgent')
      pending.set(key, fetching)
      return fetching
    },
    close() {
      waiting.length = 0
    },
  }
}
