import { randomUUID } from 'node:crypto'
import { takePlace } from '../../fleet/take-place.ts'
import { isLive, type Member } from '../../plan/fleet/members.ts'
import { type HeldPlace, maxTries } from '../../plan/fleet/records.ts'
import { type FleetTask, isFleetTask } from '../../tasks/task.ts'
import { requestStart } from '../starts/request-start.ts'
import type { SharedParts } from './agreement.ts'
import { hasRoom } from './place-for.ts'
import { keepTaken, placeOf, waitForRank } from './take-any.ts'

const answerMs = 5_000

/** A place of a machine that is not heard. */
interface LostPlace {
  readonly task: FleetTask
  readonly index: number
  readonly host: string
  /** The slot of the run that was seen in it. */
  readonly slot: number | undefined
}

/**
 * Starts lost runs again, for tasks with `on_lost: rerun`: whoever takes the place of a machine that is gone claims
 * the next try of its slot. Returns a function to call each second.
 */
export function newRerun(parts: SharedParts): () => void {
  const { fleet, faults, runContext } = parts
  const { clock } = runContext.host
  /** When each place is looked at again; Infinity: nothing is left to do until its machine is heard again. */
  const nextMs = new Map<string, number>()
  const slots = new Map<string, number>()

  async function look(name: string, lost: Omit<LostPlace, 'slot'>): Promise<void> {
    nextMs.set(name, Infinity)
    await faults.attemptAsync('start lost runs again', async () => {
      const noteSlot = (slot: number): void => void slots.set(name, slot)
      const againMs = await takeOver(parts, { ...lost, slot: slots.get(name) }, noteSlot)
      if (againMs !== undefined) nextMs.set(name, clock.monotonic() + againMs)
    })
  }

  return () => {
    const now = clock.monotonic()
    for (const member of fleet.membership.members())
      for (const [name, lost] of placesOf(parts, member)) {
        if (isLive(member, now)) {
          nextMs.delete(name)
          slots.delete(name)
        } else if ((nextMs.get(name) ?? 0) <= now) void look(name, lost)
      }
  }
}

/** The places that the machine had when it was heard last, of tasks whose lost runs start again. */
function placesOf(
  { tasks, phase, fleet }: SharedParts,
  { beat }: Member,
): [string, Omit<LostPlace, 'slot'>][] {
  if (phase.now !== 'running' || beat.host === fleet.host) return []
  return beat.places.flatMap((place): [string, Omit<LostPlace, 'slot'>][] => {
    const [, name = '', index = ''] = /^(.+)\/(\d+)$/.exec(place) ?? []
    const task = tasks.here.get(name)
    if (task?.type !== 'common' || !isFleetTask(task) || task.fleet.onLost !== 'rerun') return []
    const lost = { task, index: Number(index), host: beat.host }
    return [[`${beat.host} ${place}`, lost]]
  })
}

/** Returns after how long to look again, in milliseconds; undefined: nothing is left to do. */
async function takeOver(
  parts: SharedParts,
  { task, index, host, slot }: LostPlace,
  noteSlot: (slot: number) => void,
): Promise<number | undefined> {
  const { fleet, runContext } = parts
  const { clock } = runContext.host
  if (fleet.whyNot(task.name) !== undefined || !hasRoom(parts, task)) return answerMs
  const known = `${task.name}/${index}`
  await waitForRank(parts, task, index)
  const result = await takePlace(fleet.placeParts, {
    key: { task: task.name, index },
    place: placeOf(fleet, task, { slot }, clock.now()),
    sighting: fleet.sightings.get(known),
    endMs: clock.monotonic() + answerMs,
  })
  switch (result.kind) {
    case 'taken':
      fleet.sightings.set(known, result.sighting)
      if (result.by.slot !== null) noteSlot(result.by.slot)
      // Another machine was quicker.
      return result.by.host === host ? result.againMs : undefined
    case 'held': {
      fleet.sightings.delete(known)
      const { id } = keepTaken(fleet, task, result)
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
