import { maxProblems } from './bounds.ts'
import { buildTasks } from './build.ts'
import { counted } from './counted.ts'
import { type FilePart, mergeFiles } from './merge-files.ts'
import { readBadHead } from './heads.ts'
import { type PartialTasks, partialOf } from './partial.ts'
import type { Problem } from './problem.ts'
import type { TasksFacts } from './settings.ts'
import { readShape } from './shape.ts'
import { readSource, type Source, type TasksSource } from './source.ts'
import type { TasksFile } from './task.ts'

export { maxFileBytes } from './bounds.ts'
export type { TasksFacts } from './settings.ts'
export type { TasksSource } from './source.ts'

export type ParsedTasks =
  | { readonly ok: true; readonly file: TasksFile; readonly warnings: readonly Problem[] }
  | {
      readonly ok: false
      /** Errors and warnings, in the order of their places. */
      readonly problems: readonly Problem[]
      /** Where it was asked for, and there is any. */
      readonly partial?: PartialTasks | undefined
    }

/**
 * Reads a tasks file: one text, or those of a directory in the order of their names. Gives the
 * checked tasks, or all that is wrong; `partly`: of a bad file also what can be read. Never throws,
 * whatever the texts are.
 */
export function parseTasks(
  sources: readonly TasksSource[],
  facts: TasksFacts,
  { partly = false } = {},
): ParsedTasks {
  const heads = sources.map(readBadHead)
  if (heads.some((problems) => problems !== undefined)) {
    return { ok: false, problems: heads.flatMap((problems) => problems ?? []) }
  }
  const read = sources.map(readSource)
  const parts = read.flatMap((source): FilePart[] => {
    const input = readShape(source)
    return input === undefined ? [] : [{ source, input }]
  })
  // Groups and defaults may be in a text that cannot be read: nothing can be said without it.
  if (parts.length < sources.length) return { ok: false, problems: inOrder(read) }

  const merged = mergeFiles(parts, facts)
  const tasks = buildTasks(merged, facts)
  tellWithoutTasks(parts)
  const problems = inOrder(read)
  if (read.some(hasErrors))
    return { ok: false, problems, ...(partly && { partial: partialOf(merged, tasks, read) }) }
  return { ok: true, file: { tasks, groups: merged.groupEntries }, warnings: problems }
}

function hasErrors({ problems }: Source): boolean {
  return problems.some(({ severity }) => severity === 'error')
}

/** `tasks: {}` is a file without tasks on purpose; without the key it is probably another file. */
function tellWithoutTasks(parts: readonly FilePart[]): void {
  const [first] = parts
  if (first === undefined || parts.some(({ source }) => source.has(['tasks']))) return
  first.source.tell(['tasks'], 'expected a map of tasks; got nothing')
}

function inOrder(sources: readonly Source[]): Problem[] {
  const problems = sources.flatMap((source) =>
    source.problems.toSorted(
      (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
    ),
  )
  const [last] = problems.slice(maxProblems)
  if (last === undefined) return problems
  const message = counted(problems.length - maxProblems, 'more problem')
  return [...problems.slice(0, maxProblems), { ...last, path: '', message, hint: null }]
}
