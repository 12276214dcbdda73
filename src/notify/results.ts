import path from 'node:path'
import type { Host } from '../host/host.ts'
import { quietly } from '../host/system-error.ts'
import { isTarget } from './entry-file.ts'

/** What came of the last attempt for a target, a ping or the heartbeat. */
export interface LastResult {
  /** ISO 8601 in UTC. */
  readonly at: string
  /** `waiting`: it is tried again. */
  readonly result: 'delivered' | 'waiting' | 'failed'
  readonly words: string
}

/** How many messages had which end since the daemon started. */
export interface Counts {
  delivered: number
  /** Given up. */
  failed: number
  /** The outbox was full. */
  dropped: number
}

export interface Results {
  last(recipient: string): LastResult | null
  all(): Readonly<Record<string, LastResult>>
  note(recipient: string, result: LastResult['result'], words: string): void
  counts(): ReadonlyMap<string, Readonly<Counts>>
  count(recipient: string, what: keyof Counts): void
  /** Forgets results of recipients that are not there any more. */
  keepOnly(isThere: (recipient: string) => boolean): void
}

/** A tasks file has at most some thousands of pings. */
const maxBytes = 4 * 1024 * 1024
const fileName = 'results.json'

/** Reads the last results of an earlier daemon. A file that is missing or damaged counts as empty. */
export function openResults(
  { files, clock }: Pick<Host, 'files' | 'clock'>,
  folder: string,
): Results {
  const file = path.join(folder, fileName)
  const results = new Map(Object.entries(readResults(files, folder)))
  const counts = new Map<string, Counts>()

  /** It only informs: a disk that is full costs the last result. */
  function save(): void {
    quietly(() => {
      files.makeDirectory(folder, 0o700)
      files.replace(file, `${JSON.stringify(Object.fromEntries(results))}\n`, { sync: false })
    })
  }

  return {
    last: (recipient) => results.get(recipient) ?? null,
    all: () => Object.fromEntries(results),
    note(recipient, result, words) {
      const before = results.get(recipient)
      results.set(recipient, { at: new Date(clock.now()).toISOString(), result, words })
      // A heartbeat that goes well is not worth a write each minute.
      const isNews = before?.result !== result || before.words !== words
      if (isNews || isTarget(recipient)) save()
    },
    counts: () => counts,
    count(recipient, what) {
      const own = counts.get(recipient) ?? { delivered: 0, failed: 0, dropped: 0 }
      own[what] += 1
      counts.set(recipient, own)
    },
    keepOnly(isThere) {
      const gone = [...results.keys()].filter((each) => !isThere(each))
      for (const each of gone) results.delete(each)
      for (const each of counts.keys()) if (!isThere(each)) counts.delete(each)
      if (gone.length > 0) save()
    },
  }
}

/** The last results in an outbox, also without a daemon. */
export function readResults(files: Host['files'], folder: string): Record<string, LastResult> {
  const read = quietly((): unknown =>
    JSON.parse(files.readFile(path.join(folder, fileName), maxBytes)?.toString() ?? '{}'),
  )
  if (typeof read !== 'object' || read === null) return {}
  return Object.fromEntries(
    Object.entries(read).filter((each): each is [string, LastResult] => isResult(each[1])),
  )
}

function isResult(value: unknown): value is LastResult {
  if (typeof value !== 'object' || value === null) return false
  const { at, result, words } = value as Partial<LastResult>
  const isKnown = result !== undefined && ['delivered', 'waiting', 'failed'].includes(result)
  const isTime = typeof at === 'string' && !Number.isNaN(Date.parse(at))
  return isKnown && isTime && typeof words === 'string'
}
