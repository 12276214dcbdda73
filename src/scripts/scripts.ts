import { messageOf } from '../errors.ts'
import type { Clock } from '../host/clock.ts'
import type { ScriptForRun } from '../run/run-script.ts'
import { formatDuration } from '../text/duration.ts'
import { type BackgroundParts, newBackground } from './background.ts'
import type { CacheFolder, CheckedCopy } from './cache-folder.ts'
import { notProgramWords } from './content.ts'
import { newDownloads } from './downloads.ts'
import { copyOf, type Fetched, fetchScript, missingReason, refusalOf } from './fetch.ts'
import { staleWhy } from './freshness.ts'
import { recordKey, type ScriptTask, sumFor, type UrlRecords } from './url-records.ts'

/** The scripts of tasks: which copy a run gets, and when the server is asked. */
export interface Scripts {
  readonly cache: CacheFolder
  readonly records: UrlRecords
  /**
   * What a run that starts now gets. `waits`: that is not known at once, because the server or a whole
   * file must be read first; ask prepare() then.
   */
  now(task: ScriptTask): ScriptForRun | 'waits'
  /** The same, but waits until it is known: at most the timeout of the script. Never throws. */
  prepare(task: ScriptTask): Promise<ScriptForRun>
  /**
   * Asks the server for a newer version now, and returns that; if the server does not give it, `missing`,
   * even if there is an older copy. A pinned copy is only checked. Never throws.
   */
  update(task: ScriptTask): Promise<ScriptForRun>
  /** From now on the scripts of these tasks are fetched and kept fresh in the background, and no others. */
  follow(tasks: readonly ScriptTask[]): void
  /** Stops what happens in the background. A download that is under way comes to its end, but is not put on record. */
  close(): void
}

/** How long a start waits beyond the timeout of a download, so that the download can say what is wrong. */
const patienceMs = 500

export function newScripts(given: Omit<BackgroundParts, 'isClosed'>): Scripts {
  let isClosed = false
  const parts = { ...given, isClosed: () => isClosed }
  const { host, cache, records } = parts
  const downloads = newDownloads((task) => fetchScript(parts, task))
  const background = newBackground(parts, downloads)
  const fetchInTime = (task: ScriptTask): Promise<Fetched> =>
    within(host.clock, task, downloads.ask(task, 'urgent'))

  return {
    cache,
    records,
    now(task) {
      const refusal = refusalOf(parts)
      if (refusal !== undefined) return missing(task, refusal)
      const sha256 = sumFor(task, records)
      if (sha256 === undefined || asksFirst(task)) return 'waits'
      const copy = cache.checked(sha256)
      if (copy === undefined) return 'waits'
      background.lookIfDue(task)
      return forRun(parts, task, sha256, copy)
    },
    prepare: (task) =>
      safely(parts, task, async () => {
        const before = asksFirst(task) ? undefined : await kept(parts, task)
        if (before !== undefined) return before
        const fetched = await fetchInTime(task)
        if (fetched.kind === 'fetched') return forRun(parts, task, fetched.sha256, fetched.copy)
        const last = await kept(parts, task)
        if (last === undefined) return missing(task, fetched.why)
        return last.kind === 'copy' ? { ...last, stale: fetched.why } : last
      }),
    update: (task) =>
      safely(parts, task, async () => {
        const { sha256 } = task.script
        const pinned = sha256 === undefined ? undefined : await cache.check(sha256)
        if (sha256 !== undefined && pinned !== undefined) return forRun(parts, task, sha256, pinned)
        const fetched = await fetchInTime(task)
        return fetched.kind === 'fetched'
          ? forRun(parts, task, fetched.sha256, fetched.copy)
          : missing(task, fetched.why)
      }),
    follow: background.follow,
    close() {
      isClosed = true
      background.close()
      downloads.close()
    },
  }
}

/** What `find` returns, or why there is no script: the cache folder is refused, or something is thrown. */
async function safely(
  parts: BackgroundParts,
  task: ScriptTask,
  find: () => Promise<ScriptForRun>,
): Promise<ScriptForRun> {
  try {
    const refusal = refusalOf(parts)
    return refusal === undefined ? await find() : missing(task, refusal)
  } catch (error) {
    return missing(task, messageOf(error))
  }
}

/** A download may wait behind others; a start does not wait longer than its own timeout. */
function within(
  clock: Clock,
  { script: { timeoutMs } }: ScriptTask,
  fetching: Promise<Fetched>,
): Promise<Fetched> {
  return new Promise((resolve, reject) => {
    const why = `timed out after ${formatDuration(timeoutMs)}: other downloads take too long`
    const cancel = clock.after(timeoutMs + patienceMs, () => resolve({ kind: 'failed', why }))
    fetching.finally(cancel).then(resolve, reject)
  })
}

/** The copy that is there, checked. */
async function kept(parts: BackgroundParts, task: ScriptTask): Promise<ScriptForRun | undefined> {
  const sha256 = sumFor(task, parts.records)
  const copy = sha256 === undefined ? undefined : await copyOf(parts.cache, sha256)
  return sha256 === undefined || copy === undefined ? undefined : forRun(parts, task, sha256, copy)
}

function forRun(
  { records }: BackgroundParts,
  task: ScriptTask,
  sha256: string,
  copy: CheckedCopy,
): ScriptForRun {
  const { script, command } = task
  if (command === undefined && !copy.isProgram) return missing(task, notProgramWords)
  const stale = staleWhy(script, records.read(recordKey(task)))
  return { kind: 'copy', path: copy.path, url: script.url, sha256, stale }
}

function missing(task: ScriptTask, why: string): ScriptForRun {
  const { url } = task.script
  return { kind: 'missing', url, why, reason: missingReason(task.script, why) }
}

/** A copy with the right sum needs no question. */
function asksFirst({ script }: ScriptTask): boolean {
  return script.update === 'always' && script.sha256 === undefined
}
