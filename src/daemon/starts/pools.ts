import type { LiveRun } from '../../run/live-run.ts'
import type { Task } from '../../tasks/task.ts'
import type { StartParts } from './start-parts.ts'

type PoolParts = Pick<StartParts, 'tasks' | 'runs' | 'queue'>

/** The first pool of the task that has no room for another run on this machine; undefined if all have room. */
export function fullPool(parts: PoolParts, { pools }: Task): string | undefined {
  return pools.find(({ name, size }) => placesTaken(parts, name) >= size)?.name
}

/** The same question for many tasks in a row: each pool is counted once, until something has started. */
export function newPoolLook(parts: PoolParts): {
  isFull(task: Task): boolean
  /** Something has started or ended. */
  forget(): void
} {
  const known = new Map<string, boolean>()
  return {
    isFull: ({ pools }) =>
      pools.some(({ name, size }) => {
        const isFull = known.get(name) ?? placesTaken(parts, name) >= size
        known.set(name, isFull)
        return isFull
      }),
    forget: () => known.clear(),
  }
}

/**
 * The runs in progress of all tasks that the file has in a pool, in the order in which they began. Runs that an
 * earlier daemon started count, and runs that a person started.
 */
export function runsInPool({ tasks, runs }: PoolParts, pool: string): LiveRun[] {
  const names = runs.tasks().filter((name) => isIn(tasks.all.get(name), pool))
  return names
    .flatMap((name) => runs.of(name))
    .toSorted((a, b) => (a.description.run < b.description.run ? -1 : 1))
}

/** Whether two tasks have a pool in common, or are the same one. */
export function sharesPool(a: Task | undefined, b: Task | undefined): boolean {
  return a?.pools.some(({ name }) => isIn(b, name)) === true
}

/** A start whose script is being fetched has its place already. One that waits for its place in the fleet has none. */
function placesTaken(parts: PoolParts, pool: string): number {
  const { tasks, queue } = parts
  const held = [...queue.held].filter(
    ({ task, claim }) =>
      (claim === undefined || claim.holding !== undefined) && isIn(tasks.all.get(task), pool),
  )
  return runsInPool(parts, pool).length + held.length
}

function isIn(task: Task | undefined, pool: string): boolean {
  return task?.pools.some(({ name }) => name === pool) === true
}
