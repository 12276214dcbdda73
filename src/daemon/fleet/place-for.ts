import { takePlace, type TakeResult } from '../../fleet/take-place.ts'
import { pause } from '../../host/clock.ts'
import type { Start } from '../../plan/admit.ts'
import type { HeldPlace, PlaceKey } from '../../plan/fleet/records.ts'
import { holdForMs } from '../../plan/fleet/takeover.ts'
import { newRunId } from '../../run/directory.ts'
import type { FleetTask } from '../../tasks/task.ts'
import type { Agreement, SharedParts } from './agreement.ts'
import type { Fleet } from './fleet.ts'

/** Without a fence a run is not ended; its machine counts as gone after this long. */
const defaultFenceMs = 30_000

/**
 * Finds a place for a start that this machine has the right to. If all are taken, the task's `overlap` says what
 * happens: the start is skipped, waits, or asks the oldest run to end.
 */
export async function placeFor(
  parts: SharedParts,
  task: FleetTask,
  start: Start,
  endMs: number,
): Promise<Agreement> {
  const { queue, fleet, runContext } = parts
  queue.hold(start)
  queue.saveNow()
  const tried = await takeAny(parts, task, start, endMs)
  // The machine may have been frozen meanwhile.
  const isLate = runContext.host.clock.monotonic() >= endMs
  const isWanted = queue.release(start)
  if (tried.kind === 'held' && (isLate || !isWanted)) void fleet.holdings.free(tried.id)
  if (!isWanted) return { kind: 'dropped' }
  if (tried.kind === 'held' && isLate) return { kind: 'unreachable', start }
  switch (tried.kind) {
    case 'held':
      return { kind: 'start', start: withPlace(start, tried.id) }
    case 'full':
      return { kind: 'skip', start, reason: `max: runs on ${tried.hosts.join(', ')}` }
    case 'unreachable':
      return { kind: 'unreachable', start }
    case 'refused':
      return { kind: 'skip', start, reason: `fleet: ${tried.words}` }
  }
}

function withPlace(start: Start, holding: string): Start {
  const { attempt = '', ...claim } = start.claim ?? {}
  return { ...start, claim: { ...claim, attempt, holding } }
}

type Taken =
  | { readonly kind: 'held'; readonly id: string }
  /** `againMs`: when the first place is free whose machine is gone; Infinity: none is. */
  | { readonly kind: 'full'; readonly hosts: readonly string[]; readonly againMs: number }
  | Exclude<TakeResult, { kind: 'held' | 'taken' }>

/**
 * Takes the first place that is free, and keeps it. While the machine of one is gone, it waits until the promise
 * of that machine ends, as far as the start may wait.
 */
async function takeAny(
  parts: SharedParts,
  task: FleetTask,
  start: Start,
  endMs: number,
): Promise<Taken> {
  const { clock } = parts.runContext.host
  for (;;) {
    const tried = await tryAll(parts, task, start, endMs)
    if (tried.kind !== 'full' || clock.monotonic() + tried.againMs >= endMs) return tried
    await pause(clock, tried.againMs)
  }
}

async function tryAll(
  { fleet, runContext }: SharedParts,
  task: FleetTask,
  start: Start,
  endMs: number,
): Promise<Taken> {
  const { clock } = runContext.host
  const hosts = new Set<string>()
  let againMs = Infinity
  for (let index = 0; index < task.max; index += 1) {
    const key: PlaceKey = { task: task.name, index }
    const known = `${task.name}/${index}`
    const result = await takePlace(fleet.placeParts, {
      ...{ key, place: placeOf(fleet, task, start, clock.now()), endMs },
      sighting: fleet.sightings.get(known),
      signal: new AbortController().signal,
    })
    if (result.kind === 'held') {
      fleet.sightings.delete(known)
      const { id } = fleet.holdings.add(result.holding, { fenceMs: task.fleet.fenceMs })
      return { kind: 'held', id }
    }
    if (result.kind !== 'taken') return result
    fleet.sightings.set(known, result.sighting)
    hosts.add(result.by.host)
    if (isGone(fleet, result.by)) againMs = Math.min(againMs, result.againMs)
  }
  return { kind: 'full', hosts: [...hosts], againMs }
}

/** Whether the holder of a place is not heard, or is this machine, which knows nothing of it. */
function isGone({ host, holdings, membership }: Fleet, by: HeldPlace): boolean {
  return by.host === host ? holdings.byId(by.run) === undefined : !membership.isLive(by.host)
}

/** The record of a place for a run of this machine. */
export function placeOf(
  { host, session }: Pick<Fleet, 'host' | 'session'>,
  task: FleetTask,
  { slot }: Pick<Start, 'slot'>,
  nowMs: number,
): Omit<HeldPlace, 'message'> {
  const { fenceMs = defaultFenceMs } = task.fleet
  return {
    ...{ v: 1, state: 'held', host, session, run: newRunId(nowMs), slot: slot ?? null },
    ...{ holdForMs: holdForMs(fenceMs, task.killAfterMs), sinceMs: nowMs },
  }
}
