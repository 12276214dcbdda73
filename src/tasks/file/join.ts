import { taskOf } from '../built-task.ts'
import type { Stretch } from './pieces.ts'
import type { Task } from '../task.ts'

/** Stretches that were read before, by their keys. */
export type KnownStretches = ReadonlyMap<string, ReadStretch>

interface ReadStretch {
  readonly line: number
  readonly tasks: readonly Task[]
}

/**
 * The tasks of a file, in their order, from what was read of it and what was known, and all of
 * which the key is known by then. Yields after each stretch: a large file is joined in slices.
 */
export function* joinStretches(
  stretches: readonly Stretch[],
  known: KnownStretches,
): Generator<undefined, { tasks: readonly Task[]; known: KnownStretches }> {
  const all: Task[] = []
  const next = new Map<string, ReadStretch>()
  for (const { key, line, tasks: read } of stretches) {
    const tasks = read?.map(taskOf) ?? moved(key === undefined ? undefined : known.get(key), line)
    for (const task of tasks) all.push(task)
    if (key !== undefined) next.set(key, { line, tasks })
    yield
  }
  return { tasks: all, known: next }
}

/** Known tasks that begin in another line now. */
function moved(before: ReadStretch | undefined, line: number): readonly Task[] {
  if (before === undefined) throw new Error('a stretch of tasks is not known')
  const by = line - before.line
  return by === 0 ? before.tasks : before.tasks.map((task) => ({ ...task, line: task.line + by }))
}
