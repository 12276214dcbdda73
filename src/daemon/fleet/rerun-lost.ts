import { randomUUID } from 'node:crypto'
import { takePlace } from '../../fleet/take-place.ts'
import { isLive, type Member } from '../../plan/fleet/members.ts'
import { type HeldPlace, maxTries, placeNamed } from '../../plan/fleet/records.ts'
import { type FleetTask, isFleetTask } from '../../tasks/task.ts'
import { requestStart } from '../starts/request-start.ts'
import type { SharedParts } from './agreement.ts'
import { hasRoom } from './place-for.ts'
import { keepForStart, keepTaken, placeOf, startHas, waitForRank } from './take-any.ts'

const answerMs = 5_000
/** The places of one task that are looked at when a machine falls silent, beside those that it named. */
const maxLooked = 100

/** A place that a machine may have which is not heard. */
interface LostPlace {
  readonly task: FleetTask
  readonly index: number
  readonly host: string
  /** When it is looked at again, by the monotonic clock. */
  nextMs: number
  /** The slot of the run that was seen in it. */
  slot: number | undefined
}

/**
 * Starts lost runs again, for tasks with `on_lost: rerun`: whoever takes the place of a machine that is gone claims
 * the next try of its slot. Returns a function to call each second.
 */
export function newRerun(parts: SharedParts): () => void {
  const { fleet, faults, runContext, phase } = parts
  const { clock } = runContext.host
  /** What is left to look at of each machine that is not heard, until it is heard again. */
  const silent = new Map<string, Set<LostPlace>>()

  async function look(places: Set<LostPlace>, lost: LostPlace): Promise<void> {
    lost.nextMs = Infinity
    let againMs: number | undefined
    await faults.attemptAsync('start lost runs again', async () => {
      againMs = await takeOver(parts, lost)
    })
    if (againMs === undefined) places.delete(lost)
    else lost.nextMs = clock.monotonic() + againMs
  }

  return () => {
    const now = clock.monotonic()
    for (const member of fleet.membership.members()) {
      const { host } = member.beat
      if (isLive(member, now)) silent.delete(host)
      else if (phase.now === 'running') {
        const places = silent.get(host) ?? new Set(placesOf(parts, member))
        silent.set(host, places)
        for (const lost of places) if (lost.nextMs <= now) void look(places, lost)
      }
    }
  }
}

/**
 * The places that a machine may have, of tasks whose lost runs start again. It may have taken one after its last word,
 * so it is not enough to look at those that it named.
 */
function placesOf({ tasks }: SharedParts, { beat: { host, places } }: Member): LostPlace[] {
  return [...tasks.here.values()].flatMap((task) => {
    if (task.type !== 'common' || !isFleetTask(task) || task.fleet.onLost !== 'rerun') return []
    const named = places.flatMap((place) => {
      const key = placeNamed(place)
      return key?.task === task.name ? [key.index] : []
    })
    const first = Array.from({ length: Math.min(task.max, maxLooked) }, (_, index) => index)
    return [...new Set([...named, ...first])].map((index): LostPlace => {
      return { task, index, host, nextMs: 0, slot: undefined }
    })
  })
}

/** Returns after how long to look again, in milliseconds; undefined: nothing is left to do. */
async function takeOver(parts: SharedParts, lost: LostPlace): Promise<number | undefined> {
  const { fleet, runContext, tasks } = parts
  const { clock } = runContext.host
  const { index, host } = lost
  const task = tasks.here.get(lost.task.name)
  if (task === undefined || !isFleetTask(task)) return undefined
  const found = await fleet.engine.getPlace({ task: task.name, index })
  if (found.kind === 'silent') return answerMs
  // It is free, or another machine was quicker.
  if (found.kind === 'none' || found.value.state !== 'held' || found.value.host !== host)
    return undefined
  lost.slot = found.value.slot ?? lost.slot
  if (fleet.whyNot(task.name) !== undefined || !hasRoom(parts, task)) return answerMs
  const known = `${task.name}/${index}`
  await waitForRank(parts, task, index)
  const result = await takePlace(fleet.placeParts, {
    key: { task: task.name, index },
    place: placeOf(fleet, task, lost, clock.now()),
    sighting: fleet.sightings.get(known),
    endMs: clock.monotonic() + answerMs,
  })
  switch (result.kind) {
    case 'taken':
      fleet.sightings.set(known, result.sighting)
      // Another machine was quicker.
      return result.by.host === host ? result.againMs : undefined
    // The stream was made again, and forgot the lost run.
    case 'new':
      return undefined
    case 'held': {
      fleet.sightings.delete(known)
      const held = keepTaken(fleet, task, result)
      keepForStart(fleet, held)
      const { id } = held
      if (result.from !== undefined) await startAgain(parts, task, { from: result.from, id })
      // Else its run had ended.
      else void fleet.holdings.free(id)
      return undefined
    }
    case 'unreachable':
    case 'refused':
      return answerMs
  }
}

/** The claim of the next try decides, as that of a slot does. */
async function startAgain(
  parts: SharedParts,
  task: FleetTask,
  { from, id }: { readonly from: HeldPlace; readonly id: string },
): Promise<void> {
  const { fleet, runContext } = parts
  const { slot } = from
  const tryNumber = slot === null ? undefined : await nextTry(parts, task, slot)
  if (slot === null || tryNumber === undefined) {
    void fleet.holdings.free(id)
    return
  }
  const claim = { attempt: randomUUID(), tryNumber, holding: id }
  const dueMs = runContext.host.clock.now()
  const base = { task: task.name, slot, dueMs, attempt: tryNumber, claim }
  requestStart(parts, { ...base, trigger: 'retry' })
  startHas(fleet, id)
}

/** The first try that nobody has claimed; undefined: it was started often enough, or nobody answers. */
async function nextTry(
  { fleet }: SharedParts,
  { name }: FleetTask,
  slot: number,
): Promise<number | undefined> {
  for (let tryNumber = 2; tryNumber <= maxTries; tryNumber += 1) {
    const found = await fleet.engine.getClaim({ task: name, slot, tryNumber })
    if (found.kind === 'none') return tryNumber
    if (found.kind === 'silent') return undefined
  }
  return undefined
}
