import { TorchError } from '../../errors.ts'
import type { Clock } from '../../host/clock.ts'
import type { Task } from '../../tasks/task.ts'
import { type FullPool, fullPoolText, maxNamedRuns } from '../../text/why-not-started.ts'
import type { TasksState } from '../tasks-file/tasks-state.ts'
import type { RunTable } from './run-table.ts'
import type { StartQueue } from './start-queue.ts'

interface PoolParts {
  readonly tasks: TasksState
  readonly runs: RunTable
  readonly queue: StartQueue
}

/** The first pool of the task that has no room for another run on this machine; undefined if all have room. */
export function fullPool(parts: PoolParts, { pools }: Task): string | undefined {
  return pools.find(({ name, size }) => placesTaken(parts, name) >= size)?.name
}

/** Asked for one task after the other: whether its pools have room for a run of it, besides those before it. */
export function newPoolRoom(parts: PoolParts): (task: Task) => boolean {
  const left = new Map<string, number>()
  return ({ pools }) => {
    for (const { name, size } of pools)
      if (!left.has(name)) left.set(name, size - placesTaken(parts, name))
    const hasRoom = pools.every(({ name }) => (left.get(name) ?? 0) > 0)
    if (hasRoom) for (const { name } of pools) left.set(name, (left.get(name) ?? 0) - 1)
    return hasRoom
  }
}

/** A full pool as messages name it. A start whose script is being fetched has a place too, but is no run. */
export function runsInTheWay({ runs }: Pick<PoolParts, 'runs'>, pool: string): FullPool {
  const inPool = runs.inPool(pool)
  const named: FullPool['runs'][number][] = []
  for (const { description } of inPool) {
    if (named.length === maxNamedRuns) break
    named.push({ task: description.task, run: description.run })
  }
  return { pool, runs: named, more: inPool.size - named.length }
}

/** What a person hears who wants to run a task whose pool is full. */
export function poolRefusal(task: string, full: FullPool): TorchError {
  return new TorchError('refused', `${task} is not started: ${fullPoolText(full)}`, {
    hint: 'wait until one of them ends, or add --force',
  })
}

/** Whether two tasks have a pool in common. */
export function sharesPool(a: Task | undefined, b: Task | undefined): boolean {
  return a?.pools.some(({ name }) => isIn(b, name)) === true
}

/** Remembers which pools were searched for runs that have ended: once in a turn of the event loop is enough. */
export interface PoolSearches {
  /** Whether nobody has searched this pool in this turn. Now somebody does. */
  isFirst(pool: string): boolean
}

export function newPoolSearches(clock: Clock): PoolSearches {
  const searched = new Set<string>()
  return {
    isFirst(pool) {
      if (searched.has(pool)) return false
      // The files of a burst of refusals would all be read again for each one.
      if (searched.size === 0) void clock.turn().then(() => searched.clear())
      searched.add(pool)
      return true
    },
  }
}

/** A start whose script is being fetched has its place already. One that waits for its place in the fleet has none. */
function placesTaken({ tasks, runs, queue }: PoolParts, pool: string): number {
  let taken = runs.inPool(pool).size
  for (const { task, claim } of queue.held)
    if ((claim === undefined || claim.holding !== undefined) && isIn(tasks.all.get(task), pool))
      taken += 1
  return taken
}

function isIn(task: Task | undefined, pool: string): boolean {
  return task?.pools.some(({ name }) => name === pool) === true
}
