import { withoutSecrets } from '../daemon/control/task-definition.ts'
import type { ParseJob } from '../daemon/tasks-file/parse.ts'
import { parseJob } from '../daemon/tasks-file/parse-job.ts'
import { compareTasks } from '../forecast/diff/comparison.ts'
import { taskChangeLines } from '../forecast/diff/diff-text.ts'
import type { TasksFile } from '../tasks/task.ts'
import { counted } from '../text/plural.ts'

const maxLines = 300
const maxLineChars = 500
/** A changed value that is longer gets lines of its own. */
const columns = 90

/** Two states of a tasks file. `folder` is its folder: paths in there are shown without it. */
export interface CompareJob {
  readonly before: ParseJob
  readonly after: ParseJob
  readonly folder: string
}

/** What the tasks file changes, in the words of `torch diff` and without secrets; null if nothing can be said. */
export function changedLines({ before, after, folder }: CompareJob): readonly string[] | null {
  const [old, now] = [parseJob(before), parseJob(after)]
  const tasks = now.ok ? whole(now.file) : now.partial
  if (!old.ok || tasks === undefined) return null
  const from = { isValid: true, tasks: whole(old.file) }
  const comparison = compareTasks(from, { isValid: now.ok, tasks }, folder)
  const { added, removed, renamed, changed, groups } = comparison.change
  const isChanged = [added, removed, renamed, changed, groups].some((list) => list.length > 0)
  // Its problems say it all.
  if (!now.ok && !isChanged) return null
  const view = { paint: plain, columns, folder, shown: withoutSecrets }
  return bounded(taskChangeLines(comparison, view))
}

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
