import path from 'node:path'
import type { StatusReport } from '../control/status-report.ts'
import { withoutSecrets } from '../daemon/control/task-definition.ts'
import type { HomePaths } from '../daemon/settings.ts'
import { readLastGood } from '../daemon/tasks-file/last-good.ts'
import { contentHash, loadContent, loadTasks, quietStamp } from '../daemon/tasks-file/load.ts'
import { compareTasks } from '../forecast/diff/comparison.ts'
import { taskChangeLines } from '../forecast/diff/diff-text.ts'
import type { Host } from '../host/host.ts'
import { timeText } from '../record/history/rows.ts'
import type { TasksFile } from '../tasks/task.ts'
import { counted } from '../text/plural.ts'

/** Two files of this size take some 100 ms to compare. */
const maxComparedBytes = 2_000_000
const maxLines = 300
const maxLineChars = 500
/** A changed value that is longer gets lines of its own. */
const columns = 90

/** A home with the copy that its daemon keeps of the loaded tasks file. */
interface LoadedHome {
  readonly host: Host
  readonly paths: Pick<HomePaths, 'lastGood'>
}

/**
 * Returns a function that compares the tasks file on disk with the one that the daemon of this status has
 * loaded: what would change, in the words of `torch diff`. null: nothing, or it is not known. It looks at the
 * files again only if they have changed; reading them happens in threads.
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
  if (contentHash(host, tasks) === kept.header.hash) return null
  const { content } = kept
  if (content.texts.reduce((sum, { text }) => sum + text.length, 0) > maxComparedBytes)
    return [tooLarge]
  const options = { fileOnly: true, inThread: true } as const
  const loaded = await loadContent(host, tasks, content, options)
  const now = await loadTasks(host, tasks, { ...options, allowPartial: true, mayBeOpen: true })
  if (loaded.file === undefined) return null
  const to = { isValid: now.file !== undefined, tasks: now.file ? whole(now.file) : now.partial }
  if (to.tasks === undefined) return null
  if (to.tasks.file.tasks.length > maxComparedTasks) return [tooLarge]
  const folder = content.isFolder ? tasks : path.dirname(tasks)
  const comparison = compareTasks({ isValid: true, tasks: whole(loaded.file) }, to, folder)
  const { added, removed, renamed, changed, groups } = comparison.change
  const isChanged = [added, removed, renamed, changed, groups].some((list) => list.length > 0)
  // Its problems say it all.
  if (!to.isValid && !isChanged) return null
  const view = { paint: plain, columns, folder, shown: withoutSecrets }
  return bounded(taskChangeLines(comparison, view))
}

/** The file on disk may be larger than the loaded one. */
const maxComparedTasks = 20_000
const tooLarge = 'the file is too large to compare it here'

function whole(file: TasksFile) {
  return { file, unreadable: [], unreadableGroups: [] }
}

function plain(_style: string, text: string): string {
  return text
}

function bounded(lines: readonly string[]): string[] {
  const short = lines
    .slice(0, maxLines)
    .map((line) => (line.length > maxLineChars ? `${line.slice(0, maxLineChars)}...` : line))
  const more = lines.length - maxLines
  return more > 0 ? [...short, `and ${counted(more, 'more line')}`] : short
}
