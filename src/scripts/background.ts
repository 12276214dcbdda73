import { quietly } from '../host/system-error.ts'
import type { Downloads } from './downloads.ts'
import { copyOf, type FetchParts } from './fetch.ts'
import { nextLookMs, retryDelayMs } from './freshness.ts'
import { newRecord, recordKey, type ScriptTask, sumFor, type UrlRecord } from './url-records.ts'

export interface Background {
  /** From now on the scripts of these tasks are kept fresh, and no others. */
  follow(tasks: readonly ScriptTask[]): void
  /** The timer may be late: a machine that slept. */
  lookIfDue(task: ScriptTask): void
  close(): void
}

export interface BackgroundParts extends FetchParts {
  readonly hostName: string
}

interface Followed {
  readonly task: ScriptTask
  failures: number
  cancel: () => void
}

/** How often it is noted that the script of a task is still wanted. */
const noteUsedMs = 86_400_000

/** Fetches what is missing, and looks for new versions when they are due. Not on a tick: by timers of its own. */
export function newBackground(
  { host, cache, records, hostName, onDisk }: BackgroundParts,
  downloads: Downloads,
): Background {
  const { clock } = host
  const followed = new Map<string, Followed>()

  function nextMs(
    { task: { script } }: Followed,
    record: UrlRecord | undefined,
  ): number | undefined {
    return nextLookMs(script, record?.lookedMs ?? null, hostName, clock.now())
  }

  /** `delayMs`: undefined if nothing but the daily note is due. */
  function wake(key: string, each: Followed, delayMs = noteUsedMs): void {
    each.cancel()
    each.cancel = clock.after(Math.min(delayMs, noteUsedMs), () => void look(key, each))
  }

  async function look(key: string, each: Followed): Promise<void> {
    const isGone = (): boolean => followed.get(key) !== each
    const { task } = each
    noteUsed(key, task)
    const sha256 = sumFor(task, records)
    const copy =
      sha256 === undefined ? undefined : await copyOf(cache, sha256).catch(() => undefined)
    if (isGone()) return
    const dueMs = nextMs(each, records.read(key))
    const isMissing = copy === undefined
    if (isMissing || (dueMs !== undefined && dueMs <= clock.now())) {
      const fetched = await downloads.ask(task, 'background')
      each.failures = fetched.kind === 'failed' ? each.failures + 1 : 0
      if (isGone()) return
      if (fetched.kind === 'failed' && isMissing)
        return wake(key, each, retryDelayMs(each.failures))
    }
    const laterMs = nextMs(each, records.read(key))
    wake(key, each, laterMs === undefined ? undefined : Math.max(laterMs - clock.now(), minLookMs))
  }

  /** Cleaning spares the scripts of tasks that some daemon still has. */
  function noteUsed(key: string, { script: { url } }: ScriptTask): void {
    const nowMs = clock.now()
    const record = records.read(key) ?? newRecord(url, 0)
    if (Math.abs(nowMs - record.usedMs) < noteUsedMs) return
    // The folder is made for the first copy, not for a note.
    const isThere = quietly(() => host.files.facts(cache.folder)) !== undefined
    if (!isThere || cache.refusal() !== undefined) return
    try {
      onDisk('record', () => records.write(key, { ...record, usedMs: nowMs }))
    } catch {
      // The disk is reported as trouble.
    }
  }

  function forget(key: string, each: Followed): void {
    each.cancel()
    followed.delete(key)
  }

  return {
    follow(tasks) {
      const wanted = new Map(tasks.map((task) => [recordKey(task), task]))
      for (const [key, each] of followed) {
        const task = wanted.get(key)
        if (JSON.stringify(task?.script) !== JSON.stringify(each.task.script)) forget(key, each)
      }
      for (const [key, task] of wanted) {
        if (followed.has(key)) continue
        const each: Followed = { task, failures: 0, cancel() {} }
        followed.set(key, each)
        // AFTER what the caller does: a reload switches in one step.
        wake(key, each, 0)
      }
    },
    lookIfDue(task) {
      const key = recordKey(task)
      const each = followed.get(key)
      const dueMs = each && nextMs(each, records.read(key))
      if (each !== undefined && dueMs !== undefined && dueMs <= clock.now()) wake(key, each, 0)
    },
    close() {
      for (const [key, each] of followed) forget(key, each)
    },
  }
}

/** After a look whose record could not be written, the next one would be due at once. */
const minLookMs = 1_000
