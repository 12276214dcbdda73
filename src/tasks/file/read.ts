import type { TasksFile } from '../task.ts'
import { buildTasks } from './build.ts'
import { type FilePart, mergeFiles } from './merge.ts'
import { type PartialTasks, partialOf } from './partial.ts'
import { warnAboutUnusedPools } from './pools.ts'
import { inOrder, isError, limitProblems, type Problem } from './problem.ts'
import type { TasksFacts } from './settings.ts'
import { readSource, type TasksText } from './source.ts'
import { isGiven, validate } from './validate.ts'

/** A checked tasks file, or all problems of a bad one. */
export type ReadTasks =
  | { readonly ok: true; readonly file: TasksFile; readonly warnings: readonly Problem[] }
  | {
      readonly ok: false
      /** Errors and warnings, in the order of the files and lines. */
      readonly problems: readonly Problem[]
      /** The readable part, if `allowPartial` asked for it and torch can tell which part that is. */
      readonly partial?: PartialTasks | undefined
    }

/**
 * Reads a tasks file: one text, or the texts of a directory in the order of their names. Every text
 * goes the same way: YAML -> tree -> validated value -> merged file -> tasks. `allowPartial`: also
 * return the readable part of a bad file. Never throws.
 */
export function readTasks(
  texts: readonly TasksText[],
  facts: TasksFacts,
  { allowPartial = false } = {},
): ReadTasks {
  const sources = texts.map(readSource)
  const allProblems = () => sources.flatMap(({ problems }) => inOrder(problems))
  const parts = sources.flatMap((source): FilePart[] => {
    const input = validate(source)
    return input === undefined ? [] : [{ source, input }]
  })
  // A text that cannot be read may contain groups and defaults that all other texts need.
  if (parts.length < sources.length) return { ok: false, problems: limitProblems(allProblems()) }

  const merged = mergeFiles(parts, facts)
  const tasks = buildTasks(merged, facts)
  reportMissingTasks(parts)
  warnAboutUnusedPools(parts, merged.pools, tasks)
  const found = allProblems()
  const problems = limitProblems(found)
  if (!found.some(isError)) {
    const { groupEntries: groups, notify } = merged
    return { ok: true, file: { tasks, groups, notify }, warnings: problems }
  }
  const partial = allowPartial ? { partial: partialOf(merged, tasks, sources) } : {}
  return { ok: false, problems, ...partial }
}

/** A file without tasks says `tasks: {}`. Without the key it is probably not a tasks file at all. */
function reportMissingTasks(parts: readonly FilePart[]): void {
  const [first] = parts
  if (first === undefined || parts.some(({ source }) => isGiven(source, ['tasks']))) return
  first.source.report(['tasks'], 'expected a map of tasks; got nothing')
}
