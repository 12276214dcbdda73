import type { Task } from '../tasks/task.ts'

/** What changes when other tasks are to run here: a new file, or a new address of this machine. */
export interface ReloadPlan {
  /** New on the agenda, or with other slots: their next is looked up anew. */
  readonly schedule: readonly Task[]
  /** Keep their place on the agenda. */
  readonly keep: readonly Task[]
  /** What waits or is timed for them does not start any more. */
  readonly drop: readonly string[]
  /** Daemon tasks whose places have to be looked at. */
  readonly places: readonly string[]
}

/**
 * By name and definition: what is unchanged keeps everything; what runs is left alone, but for
 * daemon tasks, whose places follow the file.
 */
export function planReload(
  before: ReadonlyMap<string, Task>,
  after: ReadonlyMap<string, Task>,
): ReloadPlan {
  const isSame = (task: Task) => before.get(task.name)?.definition === task.definition
  const tasks = [...after.values()]
  const common = tasks.filter((task) => task.type === 'common')
  const gone = [...before.values()].filter((task) => after.get(task.name)?.type !== task.type)
  const daemons = [...before.values(), ...tasks].filter((task) => task.type === 'daemon')
  return {
    schedule: common.filter((task) => !isSame(task)),
    keep: common.filter(isSame),
    drop: gone.map((task) => task.name),
    places: [...new Set(daemons.map((task) => task.name))],
  }
}
