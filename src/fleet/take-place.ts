import { type Clock, pause } from '../host/clock.ts'
import { choiceOf, type PlaceChoice, type Sighting } from '../plan/fleet/takeover.ts'
import type { GetAnswer } from '../plan/fleet/answers.ts'
import type { HeldPlace, Place, PlaceKey } from '../plan/fleet/records.ts'
import type { Engine } from './engine.ts'

export interface PlaceParts {
  readonly engine: Pick<Engine, 'putPlace' | 'getPlace' | 'placesAge'>
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
  /** Whether this machine gives that place back, by its `run`: what ran in it has ended, and the engine does not know. */
  readonly isGivenBack?: (run: string) => boolean
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
  /** Nothing is stored, and the stream is so new that an earlier run may still have it. Look again after that time. */
  | { readonly kind: 'new'; readonly againMs: number }
  | { readonly kind: 'unreachable'; readonly words: string }
  | { readonly kind: 'refused'; readonly words: string }

const againMs = 100

/** A message that may be stored. */
interface Sent {
  readonly atMs: number
  /** Whose place it takes. */
  readonly from: HeldPlace | undefined
  /** Nothing was stored before it. */
  readonly isFirst: boolean
}

/** Takes a place that is free, or whose holder broke its promise. Whatever is answered, only what is read counts. */
export async function takePlace(parts: PlaceParts, request: PlaceRequest): Promise<TakeResult> {
  const { engine, clock, uptimeMs, random, newId } = parts
  const { key, endMs, graceMs, sighting, isGivenBack = () => false } = request
  const sent = new Map<string, Sent>()
  // Nothing runs in the place of a start that waits.
  const ownHoldForMs = key.index === 'q' ? 0 : request.place.holdForMs
  let words = 'no answer'
  let isRefused = false
  const note = <T extends object>(answer: T): T => {
    if ('words' in answer && typeof answer.words === 'string') ({ words } = answer)
    isRefused = 'isRefused' in answer && answer.isRefused === true
    return answer
  }

  /** undefined: the engine does not say how old its stream is. */
  async function ageNow(): Promise<number | undefined> {
    const age = note(await engine.placesAge())
    return age.kind === 'age' ? age.ms : undefined
  }

  /** undefined: ask again. A first message may have been on its way while the stream was made again. */
  async function held(place: HeldPlace, sequence: number, own: Sent): Promise<Found> {
    const ageMs = own.isFirst ? await ageNow() : Infinity
    if (ageMs === undefined) return undefined
    // This machine stood still meanwhile: another one may have the place by now.
    if (uptimeMs() - own.atMs >= request.place.holdForMs) return undefined
    if (ageMs < ownHoldForMs) return { kind: 'new', againMs: ownHoldForMs }
    return { kind: 'held', holding: { key, place, sequence, sentMs: own.atMs }, from: own.from }
  }

  async function take({ expected, from }: Extract<PlaceChoice, { kind: 'take' }>): Promise<Found> {
    const place = { ...request.place, message: newId() }
    const message = { atMs: uptimeMs(), from, isFirst: expected === 0 }
    sent.set(place.message, message)
    const put = note(await engine.putPlace(key, place, { expected, id: place.message }))
    if (put.kind === 'stored') return held(place, put.sequence, message)
    return put.kind === 'refused' && !put.mayPass
      ? { kind: 'refused', words: put.words }
      : undefined
  }

  async function decide(found: GetAnswer<Place>): Promise<Found> {
    const mine = found.kind === 'found' ? ownOf(found.value, sent) : undefined
    if (mine !== undefined && found.kind === 'found') return held(mine.place, found.sequence, mine)
    if (found.kind === 'found' && found.value.state === 'held' && isGivenBack(found.value.run))
      return take({ kind: 'take', expected: found.sequence, from: undefined })
    const ageMs = found.kind === 'none' ? await ageNow() : undefined
    const choice = choiceOf(found, sighting, { nowMs: uptimeMs(), graceMs, ownHoldForMs, ageMs })
    switch (choice.kind) {
      case 'take':
        return take(choice)
      case 'watch':
        return { ...choice, kind: 'taken' }
      case 'new':
        return choice
      case 'unknown':
        return undefined
    }
  }

  while (clock.monotonic() < endMs) {
    const result = await decide(note(await engine.getPlace(key)))
    if (result !== undefined) return result
    await pause(clock, againMs * (0.5 + random()))
  }
  return { kind: isRefused ? 'refused' : 'unreachable', words }
}

/** undefined: not known yet. */
type Found = TakeResult | undefined

function ownOf(
  place: Place,
  sent: ReadonlyMap<string, Sent>,
): (Sent & { readonly place: HeldPlace }) | undefined {
  if (place.state === 'free') return undefined
  const message = sent.get(place.message)
  return message && { ...message, place }
}
