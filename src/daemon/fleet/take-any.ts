import type { HeldHere } from '../../fleet/holdings.ts'
import { takePlace, type TakeResult } from '../../fleet/take-place.ts'
import { pause } from '../../host/clock.ts'
import type { Start } from '../../plan/admit.ts'
import type { HeldPlace, PlaceKey } from '../../plan/fleet/records.ts'
import { holdBackMs } from '../../plan/fleet/ranks.ts'
import { holdForMs, type Sighting } from '../../plan/fleet/takeover.ts'
import { newRunId } from '../../run/directory.ts'
import type { FleetTask } from '../../tasks/task.ts'
import type { SharedParts } from './agreement.ts'
import type { Fleet } from './fleet.ts'

/** Without a fence a run is not ended; its machine counts as gone after this long. */
const defaultFenceMs = 30_000

/** So much longer starts leave the place of a lost run to whoever starts that run again. */
const rerunMs = 15_000

/** A start that wants a place. */
export interface PlaceWish {
  readonly task: FleetTask
  readonly start: Start
  /** When to give up, by the monotonic clock. */
  readonly endMs: number
}

/** A place that another run has. */
export interface Holder {
  readonly key: PlaceKey
  readonly by: HeldPlace
  readonly sequence: number
}

/** All places are taken. */
export interface FullPlaces {
  readonly kind: 'full'
  readonly holders: readonly Holder[]
  /** When the first place is free whose machine is gone; Infinity: none is. */
  readonly againMs: number
  /** Some have no holder, but an earlier run may still be in them: the stream of places is new. */
  readonly isNew?: boolean
}

/** What became of a wish. */
export type Taken =
  | { readonly kind: 'held'; readonly id: string }
  | FullPlaces
  | Exclude<TakeResult, { kind: 'held' | 'taken' | 'new' }>

/**
 * A holder that seems to be gone may be back in a moment, and give the place back: after an outage of the engine the
 * machines find it again one by one.
 */
const backMs = 10_000
const lookForBackMs = 1_000

/**
 * Takes the first of these places that is free, and keeps it. While the machine of one is gone, it waits until the
 * promise of that machine ends, as far as the start may wait.
 */
export async function takeAny(
  parts: SharedParts,
  wish: PlaceWish,
  places: readonly PlaceKey['index'][],
): Promise<Taken> {
  const { clock } = parts.runContext.host
  const isPatient = wish.start.trigger !== 'manual'
  const backEndMs = isPatient ? clock.monotonic() + backMs : -Infinity
  for (;;) {
    const tried = await tryEach(parts, wish, places)
    if (tried.kind !== 'full' || tried.againMs === Infinity) return tried
    const mayBeBack = clock.monotonic() < backEndMs
    const waitMs = mayBeBack ? Math.min(tried.againMs, lookForBackMs) : tried.againMs
    if (clock.monotonic() + waitMs >= wish.endMs) return tried
    await pause(clock, waitMs)
  }
}

/** The numbers of all places of a task. */
export function placesOf({ max }: FleetTask): number[] {
  return Array.from({ length: max }, (_, index) => index)
}

/** The same once, without waiting. */
export async function tryEach(
  { fleet, runContext }: SharedParts,
  { task, start, endMs }: PlaceWish,
  places: readonly PlaceKey['index'][],
): Promise<Taken> {
  const { clock } = runContext.host
  const holders: Holder[] = []
  let againMs = Infinity
  let isNew = false
  for (const index of places) {
    const key: PlaceKey = { task: task.name, index }
    const known = `${task.name}/${index}`
    const result = await takePlace(fleet.placeParts, {
      ...{ key, place: placeOf(fleet, task, start, clock.now()), endMs },
      sighting: fleet.sightings.get(known),
      isGivenBack: fleet.holdings.isGivingBack,
      graceMs: task.fleet.onLost === 'rerun' && index !== 'q' ? rerunMs : 0,
    })
    if (result.kind === 'held') {
      fleet.sightings.delete(known)
      // Nothing runs in a place in which a start waits.
      const fenceMs = index === 'q' ? undefined : task.fleet.fenceMs
      const held = keepTaken(fleet, task, result, fenceMs)
      if (index !== 'q') keepForStart(fleet, held)
      return { kind: 'held', id: held.id }
    }
    if (result.kind === 'new') {
      isNew = true
      againMs = Math.min(againMs, result.againMs)
      continue
    }
    if (result.kind !== 'taken') return result
    const { by, sighting } = result
    fleet.sightings.set(known, sighting)
    holders.push({ key, by, sequence: sighting.sequence })
    if (isGone(fleet, known, result)) againMs = Math.min(againMs, result.againMs)
  }
  return { kind: 'full', holders, againMs, isNew }
}

/** Keeps a place. What another machine runs in it without a fence ends only when that machine hears of it. */
export function keepTaken(
  { holdings, tookFrom }: Fleet,
  task: FleetTask,
  { holding, from }: Extract<TakeResult, { kind: 'held' }>,
  fenceMs = task.fleet.fenceMs,
): HeldHere {
  if (from !== undefined) tookFrom(from.host, holding.key)
  const mayOverlap = from !== undefined && task.fleet.fenceMs === undefined
  return holdings.add(holding, { fenceMs, mayOverlap })
}

/** A start takes longer only if something is wrong. */
const startMs = 30_000

/** Nobody gives the place back before its start has begun. */
export function keepForStart({ placeParts }: Fleet, held: HeldHere): void {
  held.awaitedUntilMs = placeParts.uptimeMs() + startMs
}

/** A start has the place, or nobody wants it. */
export function startHas({ holdings }: Fleet, id: string | undefined): void {
  const held = id === undefined ? undefined : holdings.byId(id)
  if (held !== undefined) held.awaitedUntilMs = -Infinity
}

/** Waits for the machines that come first for a place, in which no slot starts. `moreMs`: longer than its rank says. */
export async function waitForRank(
  { fleet, runContext }: SharedParts,
  task: FleetTask,
  index: number,
  moreMs = 0,
): Promise<void> {
  const rank = { task: task.name, slot: index, host: fleet.host, aheadMs: 0 }
  const candidates = fleet.membership.candidates({ hosts: task.hosts, ...task.fleet })
  await pause(runContext.host.clock, holdBackMs(rank, candidates) + moreMs)
}

/**
 * Whether the holder of a place, which is named `task/index`, is not heard or no longer says that it has the place. It
 * may be this machine, which knows best.
 */
export function isGone(
  { host, holdings, membership, placeParts }: Fleet,
  place: string,
  { by, sighting }: { readonly by: HeldPlace; readonly sighting: Sighting },
): boolean {
  if (by.host === host) return holdings.byId(by.run) === undefined
  return membership.hasLeft(by.host, place, placeParts.uptimeMs() - sighting.sinceMs)
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
