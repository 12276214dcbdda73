import type { Start } from '../../plan/admit.ts'
import type { PlaceKey } from '../../plan/fleet/records.ts'
import type { RunDescription } from '../../run/directory.ts'
import type { Task } from '../../tasks/task.ts'
import type { StartParts } from '../starts/start-parts.ts'

/**
 * A task that the fleet shares has one instance here for each place that this machine has. What runs in a place
 * whose fence is over is ended by that, and nothing starts in it.
 */
export function maxHere({ fleet }: StartParts, task: Task, instances: number): number {
  if (task.fleet === undefined) return task.max
  const held = fleet?.holdings.of(task.name).filter(({ key }) => isPlace(task, key)) ?? []
  const good = held.filter(({ id }) => fleet?.has(id)).length
  return Math.max(good, Math.min(instances, held.length))
}

/** Failed starts in a row after which a machine leaves a place to others, and tries last. */
export const maxFailedStarts = 3

/**
 * The runs of a task of the fleet do not live on this machine: another one may do better. `isGivenUp`: nothing starts
 * in it here, so it is left even if no other machine is there.
 */
export function leavePlace(
  { fleet }: StartParts,
  { name, hosts, fleet: shared }: Task,
  { claim }: RunDescription,
  isGivenUp = false,
): void {
  const place = claim?.holding
  if (fleet === undefined || shared === undefined || place === undefined) return
  const others = fleet.membership.candidates({ hosts, ...shared })
  if (!isGivenUp && !others.some(({ host }) => host !== fleet.host)) return
  fleet.tryLast(name)
  void fleet.holdings.free(place)
}

/**
 * In how many of its places here nothing starts again. What this machine gave up of a task of the fleet it leaves to
 * others: it holds fewer places, and until they are free nothing starts in them.
 */
export function closedHere({ closed, fleet }: StartParts, task: Task): number {
  const [ended, givenUp] = [closed.count(task, 'ended'), closed.count(task, 'limit')]
  if (task.fleet === undefined) return ended + givenUp
  const held = fleet?.holdings
    .of(task.name)
    .filter(({ id, key }) => isPlace(task, key) && fleet.has(id))
  return ended + Math.max((held?.length ?? 0) + givenUp - task.fleet.maxPerHost, 0)
}

/** Whether the task still has this place: its max may have been lowered. */
function isPlace({ max }: Task, { index }: PlaceKey): boolean {
  return index !== 'q' && index < max
}

/** A place of a shared task in which nothing runs. */
export function claimOfPlace(
  { fleet, runs, queue }: StartParts,
  task: Task | undefined,
): Pick<Start, 'claim'> {
  if (task?.fleet === undefined) return {}
  const used = new Set([
    ...runs.of(task.name).map(({ description }) => description.claim?.holding),
    ...queue.heldOf(task.name).map(({ claim }) => claim?.holding),
  ])
  const free = fleet?.holdings
    .of(task.name)
    .find(({ id, key }) => !used.has(id) && fleet.has(id) && isPlace(task, key))
  if (free === undefined) return {}
  const mayOverlap = free.mayOverlap && { mayOverlap: true as const }
  // Only the first run in it can meet another one.
  free.mayOverlap = false
  return { claim: { attempt: free.id, holding: free.id, ...mayOverlap } }
}
