import { messageOf } from '../errors.ts'
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
  /** Stops what happens in the background. */
  close(): void
}

/** How long a start waits beyond the timeout of a download, so that the download can say what is wrong. */
const patienceMs = 500

export function newScripts(parts: BackgroundParts): Scripts {
  const { host, cache, records } = parts
  const { clock } = host
  const downloads = newDownloads((task) => fetchScript(parts, task))
  const background = newBackground(parts, downloads)

  function copyNow(task: ScriptTask, sha256: string, copy: CheckedCopy): ScriptForRun {
    const { script, command } = task
    if (command === undefined && !copy.isProgram) return missing(task, notProgramWords)
    const stale = staleWhy(script, records.read(recordKey(task)))
    return { kind: 'copy', path: copy.path, url: script.url, sha256, stale }
  }

  function now(task: ScriptTask): ScriptForRun | 'waits' {
    const refusal = refusalOf(parts)
    if (refusal !== undefined) return missing(task, refusal)
    const sha256 = sumFor(task, records)
    if (sha256 === undefined || asksFirst(task)) return 'waits'
    const copy = cache.checked(sha256)
    if (copy === undefined) return 'waits'
    background.lookIfDue(task)
    return copyNow(task, sha256, copy)
  }

  /** The copy that is there, checked. */
  async function kept(task: ScriptTask): Promise<ScriptForRun | undefined> {
    const sha256 = sumFor(task, records)
    const copy = sha256 === undefined ? undefined : await copyOf(cache, sha256)
    return sha256 === undefined || copy === undefined ? undefined : copyNow(task, sha256, copy)
  }

  async function prepare(task: ScriptTask): Promise<ScriptForRun> {
    try {
      const refusal = refusalOf(parts)
      if (refusal !== undefined) return missing(task, refusal)
      const before = asksFirst(task) ? undefined : await kept(task)
      if (before !== undefined) return before
      const fetched = await within(task, downloads.ask(task, 'urgent'))
      if (fetched.kind === 'fetched') return copyNow(task, fetched.sha256, fetched.copy)
      const last = await kept(task)
      if (last === undefined) return missing(task, fetched.why)
      return last.kind === 'copy' ? { ...last, stale: fetched.why } : last
    } catch (error) {
      return missing(task, messageOf(error))
    }
  }

  /** A download may wait behind others; a start does not wait longer than its own timeout. */
  function within(task: ScriptTask, fetching: Promise<Fetched>): Promise<Fetched> {
    const { timeoutMs } = task.script
    return new Promise((resolve, reject) => {
      const why = `timed out after ${formatDuration(timeoutMs)}: other downloads take too long`
      const cancel = clock.after(timeoutMs + patienceMs, () => resolve({ kind: 'failed', why }))
      fetching.finally(cancel).then(resolve, reject)
    })
  }

  async function update(task: ScriptTask): Promise<ScriptForRun> {
    try {
      const { sha256 } = task.script
      const refusal = refusalOf(parts)
      if (refusal !== undefined) return missing(task, refusal)
      const pinned = sha256 === undefined ? undefined : await cache.check(sha256)
      if (sha256 !== undefined && pinned !== undefined) return copyNow(task, sha256, pinned)
      const fetched = await within(task, downloads.ask(task, 'urgent'))
      return fetched.kind === 'fetched'
        ? copyNow(task, fetched.sha256, fetched.copy)
        : missing(task, fetched.why)
    } catch (error) {
      return missing(task, messageOf(error))
    }
  }

  return {
    cache,
    records,
    now,
    prepare,
    update,
    follow: background.follow,
    close() {
      background.close()
      downloads.close()
    },
  }
}

function missing(task: ScriptTask, why: string): ScriptForRun {
  const { url } = task.script
  return { kind: 'missing', url, why, reason: missingReason(task.script, why) }
}

/** A copy with the right sum needs no question. */
function asksFirst({ script }: ScriptTask): boolean {
  return script.update === 'always' && script.sha256 === undefined
}
