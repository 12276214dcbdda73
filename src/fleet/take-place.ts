import { type Clock, pause } from '../host/clock.ts'
import { choiceOf, type Sighting } from '../plan/fleet/takeover.ts'
import type { HeldPlace, Place, PlaceKey } from '../plan/fleet/records.ts'
import type { Engine } from './engine.ts'

export interface PlaceParts {
  readonly engine: Pick<Engine, 'putPlace' | 'getPlace'>
  readonly clock: Clock
  /** Milliseconds since the machine started, with the time that it was suspended. */
  readonly uptimeMs: () => number
  /** A number from 0 to below 1. */
  readonly random: () => number
  /** A text that nobody else makes, in no life of a daemon. */
  readonly newId: () => string
}

/** What a holder must know to keep its place. */
export interface Holding {
  readonly key: PlaceKey
  readonly place: HeldPlace
  readonly sequence: number
  /** When the message that is stored was sent, by `uptimeMs`. The promise counts from here. */
  readonly sentMs: number
}

export interface PlaceRequest {
  readonly key: PlaceKey
  /** With its `run`, by which the holder recognises its own record. */
  readonly place: Omit<HeldPlace, 'message'>
  /** What this machine saw of the place before. */
  readonly sighting: Sighting | undefined
  /** How much longer than its promise a place is left to its holder, in milliseconds. */
  readonly graceMs?: number | undefined
  /** When to give up, by the monotonic clock. */
  readonly endMs: number
}

export type TakeResult =
  /** Only now may the run start. */
  | { readonly kind: 'held'; readonly holding: Holding; readonly from: HeldPlace | undefined }
  /** Another machine holds it. Look again after that many milliseconds. */
  | {
      readonly kind: 'taken'
      readonly by: HeldPlace
      readonly sighting: Sighting
      readonly againMs: number
    }
  | { readonly kind: 'unreachable'; readonly words: string }
  | { readonly kind: 'refused'; readonly words: string }

const againMs = 100

/** A message that may be stored. */
interface Sent {
  readonly atMs: number
  /** Whose place it takes. */
  readonly from: HeldPlace | undefined
}

/** Takes a place that is free, or whose holder broke its promise. Whatever is answered, only what is read counts. */
export async function takePlace(parts: PlaceParts, request: PlaceRequest): Promise<TakeResult> {
  const { engine, clock, uptimeMs, random, newId } = parts
  const { key, endMs, graceMs } = request
  const sent = new Map<string, Sent>()
  const held = (place: HeldPlace, sequence: number, { atMs, from }: Sent): TakeResult => {
    return { kind: 'held', holding: { key, place, sequence, sentMs: atMs }, from }
  }
  let { sighting } = request
  let words = 'no answer'
  while (clock.monotonic() < endMs) {
    const found = await engine.getPlace(key)
    if (found.kind === 'silent') ({ words } = found)
    const mine = found.kind === 'found' ? ownOf(found.value, sent) : undefined
    if (mine !== undefined && found.kind === 'found') return held(mine.place, found.sequence, mine)
    const choice = choiceOf(found, sighting, { nowMs: uptimeMs(), graceMs })
    if (choice.kind === 'watch') return { ...choice, kind: 'taken' }
    if (choice.kind === 'take') {
      const place = { ...request.place, message: newId() }
      const message = { atMs: uptimeMs(), from: choice.from }
      sent.set(place.message, message)
      const { expected } = choice
      const put = await engine.putPlace(key, place, { expected, id: place.message })
      if (put.kind === 'stored') return held(place, put.sequence, message)
      if (put.kind === 'refused' && !put.mayPass) return { kind: 'refused', words: put.words }
      if (put.kind !== 'taken') ({ words } = put)
    }
    // What comes next may be the same message: its time runs since this moment.
    if (found.kind === 'found' && sighting?.sequence !== found.sequence)
      sighting = { sequence: found.sequence, sinceMs: uptimeMs() }
    await pause(clock, againMs * (0.5 + random()))
  }
  return { kind: 'unreachable', words }
}

function ownOf(
  place: Place,
  sent: ReadonlyMap<string, Sent>,
): (Sent & { readonly place: HeldPlace }) | undefined {
  if (place.state === 'free') return undefined
  const message = sent.get(place.message)
  return message && { ...message, place }
}
