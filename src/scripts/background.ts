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
export function newBackground(parts: BackgroundParts, downloads: Downloads): Background {
  const { host, records } = parts
  const { clock } = host
  const followed = new Map<string, Followed>()

  function wake(key: string, each: Followed, delayMs: number): void {
    each.cancel()
    each.cancel = clock.after(Math.min(delayMs, noteUsedMs), () => void lookAgain(key, each))
  }

  async function lookAgain(key: string, each: Followed): Promise<void> {
    const isFollowed = (): boolean => followed.get(key) === each
    const delayMs = await look(parts, downloads, each, isFollowed)
    if (isFollowed()) wake(key, each, delayMs)
  }

  function forget(key: string, each: Followed): void {
    each.cancel()
    followed.delete(key)
  }

  return {
    follow(tasks) {
      const wanted = mostEager(tasks)
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
      if (each !== undefined && untilNextLook(parts, each.task, records.read(key)) === 0)
        wake(key, each, 0)
    },
    close() {
      for (const [key, each] of followed) forget(key, each)
    },
  }
}

/** One task for each record. Tasks with the same URL share their copy: the shortest `update` counts. */
function mostEager(tasks: readonly ScriptTask[]): Map<string, ScriptTask> {
  const wanted = new Map<string, ScriptTask>()
  const intervalOf = ({ script: { update } }: ScriptTask): number =>
    typeof update === 'number' ? update : Infinity
  for (const task of tasks) {
    const key = recordKey(task)
    const other = wanted.get(key)
    if (other === undefined || intervalOf(task) < intervalOf(other)) wanted.set(key, task)
  }
  return wanted
}

/** Fetches the script if that is due. Returns the milliseconds until the next look. */
async function look(
  parts: BackgroundParts,
  downloads: Downloads,
  each: Followed,
  isFollowed: () => boolean,
): Promise<number> {
  const { cache, records } = parts
  const { task } = each
  const key = recordKey(task)
  noteUsed(parts, key, task)
  const sha256 = sumFor(task, records)
  const copy = sha256 === undefined ? undefined : await copyOf(cache, sha256).catch(() => undefined)
  const isMissing = copy === undefined
  const isDue = isMissing || untilNextLook(parts, task, records.read(key)) === 0
  if (isDue && isFollowed()) {
    const fetched = await downloads.ask(task, 'background')
    each.failures = fetched.kind === 'failed' ? each.failures + 1 : 0
    if (fetched.kind === 'failed' && isMissing) return retryDelayMs(each.failures)
  }
  return Math.max(untilNextLook(parts, task, records.read(key)), minLookMs)
}

/** In milliseconds; Infinity if there is no next look. */
function untilNextLook(
  { host, hostName }: BackgroundParts,
  { script }: ScriptTask,
  record: UrlRecord | undefined,
): number {
  const nowMs = host.clock.now()
  const dueMs = nextLookMs(script, record?.lookedMs ?? null, hostName, nowMs) ?? Infinity
  return Math.max(dueMs - nowMs, 0)
}

/** Cleaning spares the scripts of tasks that some daemon still has. */
function noteUsed(
  { host, cache, records, onDisk }: BackgroundParts,
  key: string,
  { script: { url } }: ScriptTask,
): void {
  const nowMs = host.clock.now()
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

/** After a look whose record could not be written, the next one would be due at once. */
const minLookMs = 1_000
