import path from 'node:path'
import type { StatusReport } from '../control/status-report.ts'
import type { HomePaths } from '../daemon/settings.ts'
import { readLastGood } from '../daemon/tasks-file/last-good.ts'
import { parseJobFor, quietStamp, readContent } from '../daemon/tasks-file/load.ts'
import type { Host } from '../host/host.ts'
import { timeText } from '../record/history/rows.ts'
import type { CompareJob } from './compare-job.ts'

/** Two files of 10,000 tasks take about 300 MiB, and 10 s on a busy machine. */
const bounds = { memoryMiB: 1_024, timeoutMs: 60_000 } as const

/** A home with the copy that its daemon keeps of the loaded tasks file. */
interface LoadedHome {
  readonly host: Host
  readonly paths: Pick<HomePaths, 'lastGood'>
}

/**
 * Returns a function that compares the tasks file on disk with the one that the daemon of this status has
 * loaded: what would change, in the words of `torch diff`. null: nothing, or it is not known. It looks at the
 * files again only if they have changed; a thread parses and compares them.
 */
export function fileChangeReader(
  home: LoadedHome,
): (report: StatusReport) => Promise<readonly string[] | null> {
  const { host } = home
  let known: { readonly key: string; readonly lines: readonly string[] | null } | undefined
  return async ({ daemon, file }) => {
    if (daemon === null || file.loadedAt === null) return null
    const stamp = quietStamp(host, file.path)
    // It is being written, and the daemon has not had the time to load it.
    if (stamp === undefined) return null
    const key = `${file.loadedAt}\n${stamp}`
    if (known?.key === key) return known.lines
    const found = await fileChange(home, file.path, file.loadedAt)
    if (found === undefined) return null
    known = { key, lines: found }
    return found
  }
}

/** undefined: the daemon has not made its copy yet. */
async function fileChange(
  { host, paths }: LoadedHome,
  tasks: string,
  loadedAt: string,
): Promise<readonly string[] | null | undefined> {
  const kept = readLastGood(host, paths, tasks)
  if (kept === undefined || timeText(kept.header.atMs) !== loadedAt) return undefined
  const { content } = kept
  const now = readContent(host, tasks, tasks, true)
  // Without a text, the problem of the file says it all.
  if (now.hash === kept.header.hash || now.problem !== undefined) return null
  const options = { fileOnly: true, allowPartial: true } as const
  const job: CompareJob = {
    before: parseJobFor(host, tasks, content, options),
    after: parseJobFor(host, tasks, now, options),
    folder: content.isFolder ? tasks : path.dirname(tasks),
  }
  const result = await host.inWorker<readonly string[] | null>('compare-worker', job, bounds)
  switch (result.kind) {
    case 'answer':
      return result.parts[0] ?? null
    case 'failed':
      return undefined
    default:
      return ['the file is too large to compare it here']
  }
}
