import { buildTasks } from './build.ts'
import { taskOf } from '../built-task.ts'
import { type FilePart, mergeFiles } from './merge.ts'
import { readBadHead } from './heads.ts'
import { partialOf } from './partial.ts'
import type { TasksFacts } from './settings.ts'
import { readShape } from './validate.ts'
import { readSource, type TasksSource } from './source.ts'
import { bounded, inOrder, isError, type ReadTasks, refused } from './verdict.ts'

/** Reads texts as a whole, each as one YAML document: whatever they look like. */
export function readWhole(
  sources: readonly TasksSource[],
  facts: TasksFacts,
  partly: boolean,
): ReadTasks {
  const heads = sources.map(readBadHead)
  if (heads.some((problems) => problems !== undefined)) {
    return { ok: false, problems: heads.flatMap((problems) => problems ?? []) }
  }
  const read = sources.map(readSource)
  const problemsOf = () => read.flatMap(({ problems }) => inOrder(problems))
  const parts = read.flatMap((source): FilePart[] => {
    const input = readShape(source)
    return input === undefined ? [] : [{ source, input }]
  })
  // Groups and defaults may be in a text that cannot be read: nothing can be said without it.
  if (parts.length < sources.length) return refused(problemsOf())

  const merged = mergeFiles(parts, facts)
  const tasks = buildTasks(merged, facts)
  tellWithoutTasks(parts)
  const problems = problemsOf()
  if (problems.some(isError))
    return {
      ...refused(problems),
      ...(partly && { partial: partialOf(merged, tasks.map(taskOf), read) }),
    }
  const stretches = [{ key: undefined, file: sources[0]?.path ?? '', line: 1, tasks }]
  return { ok: true, stretches, groups: merged.groupEntries, warnings: bounded(problems) }
}

/** `tasks: {}` is a file without tasks on purpose; without the key it is probably another file. */
function tellWithoutTasks(parts: readonly FilePart[]): void {
  const [first] = parts
  if (first === undefined || parts.some(({ source }) => source.has(['tasks']))) return
  first.source.tell(['tasks'], 'expected a map of tasks; got nothing')
}
