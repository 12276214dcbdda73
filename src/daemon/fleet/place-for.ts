import type { HeldHere } from '../../fleet/holdings.ts'
import type { Start } from '../../plan/admit.ts'
import type { FleetTask } from '../../tasks/task.ts'
import type { Agreement, SharedParts } from './agreement.ts'
import { type FullPlaces, type PlaceWish, placesOf, takeAny, type Taken } from './take-any.ts'
import { waitInLine } from './wait-in-line.ts'

/**
 * Finds a place for a start that this machine has the right to. If all are taken, the task's `overlap` says what
 * happens: the start is skipped, waits, or asks the oldest run to end.
 */
export async function placeFor(parts: SharedParts, wish: PlaceWish): Promise<Agreement> {
  const { queue, fleet } = parts
  const { start } = wish
  const { tried, isLate, by } = await queue.holdDuring(start, () => find(parts, wish))
  if (tried.kind === 'left') return { kind: 'dropped' }
  const isWanted = queue.release(start)
  if (tried.kind === 'held' && (!isWanted || isLate)) void fleet.holdings.free(tried.id)
  if (!isWanted) return { kind: 'dropped' }
  switch (tried.kind) {
    case 'held':
      // The machine may have been frozen meanwhile.
      if (isLate) return { kind: 'unreachable', start }
      return { kind: 'start', start: withPlace(start, fleet.holdings.byId(tried.id)) }
    case 'full': {
      if (tried.isNew === true) return { kind: 'skip', start, reason: `fleet: ${newWords}` }
      return { kind: 'skip', start, reason: fullReason(by) }
    }
    case 'unreachable':
      return { kind: 'unreachable', start }
    case 'refused':
      return { kind: 'skip', start, reason: `fleet: ${tried.words}` }
  }
}

/** The reason on record of a start that has no room on any machine. */
export function fullReason(hosts: readonly string[]): string {
  return `max: runs on ${[...new Set(hosts)].toSorted().join(', ')}`
}

/** As many places are looked at for a reason. */
const maxLookedAt = 20

/** The machines that have places of a task. Without room on this machine, the places were not looked at yet. */
async function hostsOf(
  { fleet }: SharedParts,
  task: FleetTask,
  { holders }: FullPlaces,
): Promise<string[]> {
  if (holders.length > 0) return holders.map(({ by }) => by.host)
  const places = placesOf(task).slice(0, maxLookedAt)
  const found = await Promise.all(
    places.map((index) => fleet.engine.getPlace({ task: task.name, index })),
  )
  const others = found.flatMap((each) =>
    each.kind === 'found' && each.value.state === 'held' ? [each.value.host] : [],
  )
  return [fleet.host, ...others]
}

const newWords = 'the stream of places is so new that an earlier run may still have a place'

/** What was found for a start. */
interface Found {
  readonly tried: Taken | { readonly kind: 'left' }
  /** The place came too late, and not to a start that waited in line. */
  readonly isLate: boolean
  /** The machines that have the places, if there is none for this start. */
  readonly by: readonly string[]
}

async function find(parts: SharedParts, wish: PlaceWish): Promise<Found> {
  const { task, start, endMs } = wish
  const { clock } = parts.runContext.host
  const first = hasRoom(parts, task)
    ? await takeAny(parts, wish, placesOf(task))
    : ({ kind: 'full', holders: [], againMs: Infinity } as const)
  const mayWait = task.overlap !== 'skip' && start.trigger !== 'manual'
  if (first.kind === 'full' && mayWait) {
    const tried = await waitInLine(parts, wish, first)
    const by = tried.kind === 'full' ? await hostsOf(parts, task, tried) : []
    return { tried, isLate: false, by }
  }
  const by = first.kind === 'full' ? await hostsOf(parts, task, first) : []
  return { tried: first, isLate: clock.monotonic() >= endMs, by }
}

/** Whether another run of the task may be on this machine. */
export function hasRoom({ runs }: Pick<SharedParts, 'runs'>, { name, fleet }: FleetTask): boolean {
  return runs.of(name).length < fleet.maxPerHost
}

function withPlace(start: Start, held: HeldHere | undefined): Start {
  const { attempt = '', ...claim } = start.claim ?? {}
  if (held === undefined) return start
  const mayOverlap = held.mayOverlap && { mayOverlap: true as const }
  return { ...start, claim: { ...claim, attempt, holding: held.id, ...mayOverlap } }
}
