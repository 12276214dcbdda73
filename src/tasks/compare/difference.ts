import type { Task, TasksFile } from '../task.ts'

export interface Difference {
  readonly added: readonly Task[]
  readonly removed: readonly Task[]
  readonly changed: readonly { readonly before: Task; readonly after: Task }[]
  /** As in the new file: what is only shown (description, labels, line) may have changed. */
  readonly unchanged: readonly Task[]
}

/** What became of the tasks from one file to another, by name and definition; in order of the files. */
export function differenceOf(before: TasksFile, after: TasksFile): Difference {
  const old = new Map(before.tasks.map((task) => [task.name, task]))
  const names = new Set(after.tasks.map((task) => task.name))
  const added: Task[] = []
  const changed: { before: Task; after: Task }[] = []
  const unchanged: Task[] = []
  for (const task of after.tasks) {
    const was = old.get(task.name)
    if (was === undefined) added.push(task)
    else if (was.definition === task.definition) unchanged.push(task)
    else changed.push({ before: was, after: task })
  }
  return {
    added,
    removed: before.tasks.filter((task) => !names.has(task.name)),
    changed,
    unchanged,
  }
}
