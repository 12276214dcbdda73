import type { Task } from '../tasks/task.ts'
import type { AgendaEntry } from './agenda.ts'
import { freshEntry, timetableOf } from './slots.ts'

/** Tasks by name: all of a file, and those of them that run on this machine. */
export interface TasksByName {
  readonly tasks: ReadonlyMap<string, Task>
  readonly here: ReadonlyMap<string, Task>
}

/** What changes when other tasks are to run here: a new file, or a new address of this machine. */
export interface ReloadPlan extends TasksByName {
  /** Of the file, wherever they run; by name and definition. */
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
  /** New on the agenda, or with other slots: their next is looked up anew. All others keep theirs. */
  readonly schedule: readonly Task[]
  /** What waits or is timed for them does not start any more. */
  readonly drop: readonly string[]
  /** Daemon tasks whose places have to be looked at. */
  readonly places: readonly string[]
}

/**
 * By name and definition: what is unchanged keeps everything; what runs is left alone, but for
 * daemon tasks, whose places follow the file. Yields after each task, so that a large file is
 * compared between the ticks.
 */
export function* planReload(
  before: TasksByName,
  file: readonly Task[],
  isHere: (task: Task) => boolean,
): Generator<undefined, ReloadPlan> {
  const tasks = new Map<string, Task>()
  const here = new Map<string, Task>()
  const added: string[] = []
  const changed: string[] = []
  const removed: string[] = []
  const drop: string[] = []
  const schedule: Task[] = []
  const places = new Set<string>()
  for (const task of file) {
    const was = before.tasks.get(task.name)
    tasks.set(task.name, task)
    if (was === undefined) added.push(task.name)
    else if (was.definition !== task.definition) changed.push(task.name)
    if (isHere(task)) {
      here.set(task.name, task)
      if (task.type === 'daemon') places.add(task.name)
      else if (before.here.get(task.name)?.definition !== task.definition) schedule.push(task)
    }
    yield
  }
  for (const name of before.tasks.keys()) {
    if (!tasks.has(name)) removed.push(name)
    yield
  }
  for (const { name, type } of before.here.values()) {
    if (here.get(name)?.type !== type) drop.push(name)
    if (type === 'daemon') places.add(name)
    yield
  }
  // Most machines run all, or few; two maps of the same hundred thousand would be ten megabytes.
  const isAll = here.size === tasks.size
  return {
    tasks,
    here: isAll ? tasks : here,
    added,
    changed,
    removed,
    schedule,
    drop,
    places: [...places],
  }
}

/** The first entries of tasks that are new on the agenda; undefined for those that have none. */
export function* firstEntries(
  tasks: readonly Task[],
  host: string,
  { done, high }: { readonly done: number; readonly high: number },
): Generator<undefined, (AgendaEntry | undefined)[]> {
  const entries: (AgendaEntry | undefined)[] = []
  for (const task of tasks) {
    entries.push(freshEntry(timetableOf(task, host), done, high))
    yield
  }
  return entries
}
