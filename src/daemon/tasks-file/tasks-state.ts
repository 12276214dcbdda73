import type { Host } from '../../host/host.ts'
import { type HostFacts, hostFacts, matchHosts } from '../../tasks/hosts.ts'
import type { Task, TasksFile } from '../../tasks/task.ts'
import type { Settings } from '../settings.ts'
import type { Loaded } from './load.ts'

/** A tasks file without errors. */
export type LoadedTasks = Loaded & { readonly file: TasksFile }

/** A tasks file without its texts, which a daemon must not keep in memory. */
export function withoutContent({ content: _, ...loaded }: LoadedTasks): LoadedTasks {
  return loaded
}

/** Tasks that were loaded in one second: they are due after it, not in it. */
interface NewTasks {
  readonly second: number
  readonly tasks: readonly Task[]
}

/** The tasks of the file, those that run on this host, and what this host is. */
export interface TasksState {
  /** The last good file. */
  readonly loaded: LoadedTasks
  /** The newest file, if it was refused. */
  readonly refused: Loaded | undefined
  /** Names and addresses of this host. */
  readonly facts: HostFacts
  /** Every task of the file, by name. */
  readonly all: ReadonlyMap<string, Task>
  /** The tasks that run on this host, by name. */
  readonly here: ReadonlyMap<string, Task>
  /** The tasks of `here` that start after a task, by its name. */
  readonly followers: ReadonlyMap<string, readonly Task[]>
  /** The tasks of `here` that get messages. */
  readonly queues: readonly Task[]
  /** Tasks of `here` that were loaded in a second that may not be over yet. */
  readonly newTasks: readonly NewTasks[]

  /**
   * Changes the tasks, one change at a time: a reload and a change of the addresses never overlap.
   * Starts at once if no other change is in progress.
   */
  inTurn<T>(change: () => Promise<T>): Promise<T>
  setLoaded(loaded: LoadedTasks): void
  setRefused(refused: Loaded | undefined): void
  setRevision(revision: string | null): void
  setFacts(facts: HostFacts): void
  setTasks(all: ReadonlyMap<string, Task>, here: ReadonlyMap<string, Task>): void
  /** Notes the second in which tasks were loaded; forgets all before the second `done`. */
  noteNewTasks(done: number, added: readonly NewTasks[]): void
}

export function newTasksState(
  facts: HostFacts,
  loaded: LoadedTasks,
  refused: Loaded | undefined,
): TasksState {
  const { tasks } = loaded.file
  const here = byName(tasks.filter((task) => runsHere(task, facts)))
  const now = {
    loaded,
    refused,
    facts,
    all: byName(tasks),
    here,
    followers: followersIn(here),
    queues: queuesIn(here),
    newTasks: [] as readonly NewTasks[],
  }
  return {
    get loaded() {
      return now.loaded
    },
    get refused() {
      return now.refused
    },
    get facts() {
      return now.facts
    },
    get all() {
      return now.all
    },
    get here() {
      return now.here
    },
    get followers() {
      return now.followers
    },
    get queues() {
      return now.queues
    },
    get newTasks() {
      return now.newTasks
    },
    inTurn: newSerialiser(),
    setLoaded: (next) => void (now.loaded = next),
    setRefused: (next) => void (now.refused = next),
    setRevision: (revision) => void (now.loaded = { ...now.loaded, revision }),
    setFacts: (next) => void (now.facts = next),
    setTasks: (nextAll, nextHere) =>
      void Object.assign(now, {
        ...{ all: nextAll, here: nextHere },
        ...{ followers: followersIn(nextHere), queues: queuesIn(nextHere) },
      }),
    noteNewTasks(done, added) {
      now.newTasks = [...now.newTasks.filter(({ second }) => second >= done), ...added]
    },
  }
}

/** Whether the file wants the task on a host with these names and addresses. */
export function runsHere(task: Task, facts: HostFacts): boolean {
  return task.enabled && matchHosts(task.hosts, facts)
}

/** How `hosts:` knows this machine: by its name, and by its addresses or the --address options. */
export function readHostFacts(host: Host, settings: Settings): HostFacts {
  const addresses = settings.addresses.length > 0 ? settings.addresses : host.network.addresses()
  return hostFacts(host.network.name(), addresses)
}

function byName(tasks: readonly Task[]): ReadonlyMap<string, Task> {
  return new Map(tasks.map((task) => [task.name, task]))
}

function followersIn(here: ReadonlyMap<string, Task>): ReadonlyMap<string, readonly Task[]> {
  const followers = new Map<string, Task[]>()
  for (const task of here.values())
    for (const first of task.after?.tasks ?? []) {
      const known = followers.get(first)
      if (known === undefined) followers.set(first, [task])
      else known.push(task)
    }
  return followers
}

function queuesIn(here: ReadonlyMap<string, Task>): readonly Task[] {
  return [...here.values()].filter(({ input }) => input.mode === 'queue')
}

function newSerialiser(): TasksState['inTurn'] {
  let last: Promise<unknown> | undefined
  return (change) => {
    const done = last === undefined ? change() : last.then(change)
    const settled = Promise.allSettled([done]).finally(() => {
      if (last === settled) last = undefined
    })
    last = settled
    return done
  }
}
