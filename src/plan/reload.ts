import type { Task } from '../tasks/task.ts'

/** Tasks by name: all tasks of a file, and the ones that run on this machine. */
export interface TasksByName {
  readonly tasks: ReadonlyMap<string, Task>
  readonly here: ReadonlyMap<string, Task>
}

/** What changes when this machine gets other tasks: from a new file, or by a new address. */
export interface ReloadPlan extends TasksByName {
  /** Names of the tasks that differ in the whole file, also of tasks for other machines. */
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
  /** Tasks that need a new agenda entry: they are new here, or changed. All others keep theirs. */
  readonly schedule: readonly Task[]
  /** Names of the tasks whose waiting and timed starts are dropped. */
  readonly drop: readonly string[]
  /** Names of the daemon tasks whose instances must be checked. */
  readonly daemonTasks: readonly string[]
}

/**
 * Compares the loaded tasks with those of a new file, by name and definition. An unchanged task
 * keeps everything. Runs are left alone, except those of daemon tasks, which follow the file. Takes
 * a few milliseconds for 10,000 tasks.
 */
export function planReload(
  before: TasksByName,
  file: readonly Task[],
  isHere: (task: Task) => boolean,
): ReloadPlan {
  const tasks = new Map<string, Task>()
  const here = new Map<string, Task>()
  const added: string[] = []
  const changed: string[] = []
  const removed: string[] = []
  const drop: string[] = []
  const schedule: Task[] = []
  const daemonTasks = new Set<string>()
  for (const task of file) {
    const was = before.tasks.get(task.name)
    tasks.set(task.name, task)
    if (was === undefined) added.push(task.name)
    else if (was.definition !== task.definition) changed.push(task.name)
    if (isHere(task)) {
      here.set(task.name, task)
      if (task.type === 'daemon') daemonTasks.add(task.name)
      else if (before.here.get(task.name)?.definition !== task.definition) schedule.push(task)
    }
  }
  for (const name of before.tasks.keys()) {
    if (!tasks.has(name)) removed.push(name)
  }
  for (const { name, type } of before.here.values()) {
    if (here.get(name)?.type !== type) drop.push(name)
    if (type === 'daemon') daemonTasks.add(name)
  }
  return { tasks, here, added, changed, removed, schedule, drop, daemonTasks: [...daemonTasks] }
}
