import type { GetAnswer } from './answers.ts'
import type { HeldPlace, Place } from './records.ts'

/** What a machine saw of a place that another one holds. */
export interface Sighting {
  readonly sequence: number
  /** When it saw this sequence for the first time, by its own clock, in milliseconds. */
  readonly sinceMs: number
}

/** What a machine may do about a place, as it was read. */
export type PlaceChoice =
  /** Put its own record after that sequence. */
  | { readonly kind: 'take'; readonly expected: number; readonly from: HeldPlace | undefined }
  | {
      readonly kind: 'watch'
      readonly by: HeldPlace
      readonly sighting: Sighting
      readonly againMs: number
    }
  /** Nothing is stored, and the stream is so new that whoever had the place in an earlier one may still run. */
  | { readonly kind: 'new'; readonly againMs: number }
  | { readonly kind: 'unknown' }

/** What a machine knows when it has read a place. */
export interface ChoiceFacts {
  /** By its own clock, as in `Sighting`. */
  readonly nowMs: number
  /** How much longer than its promise a place is left to its holder. */
  readonly graceMs?: number | undefined
  /** The promise that this machine gives when it takes the place. */
  readonly ownHoldForMs: number
  /** How old the stream of places is, by the clock of the engine; undefined: nobody said so. */
  readonly ageMs: number | undefined
}

/**
 * Decides about a place that was read just now. The holder promised to end its run within `holdForMs` after its
 * last renewal. It renewed before this machine saw the sequence; so once this machine has seen the same sequence
 * for that long by its own clock, the run has ended. No two clocks are compared.
 *
 * Where nothing is stored, the stream of places may have been deleted and made again. Whoever had the place before could
 * not renew it since then. Nobody knows that promise: it counts as long as the one that this machine gives.
 */
export function choiceOf(
  answer: GetAnswer<Place>,
  sighting: Sighting | undefined,
  { nowMs, graceMs = 0, ownHoldForMs, ageMs }: ChoiceFacts,
): PlaceChoice {
  if (answer.kind === 'silent') return { kind: 'unknown' }
  if (answer.kind === 'none') {
    if (ageMs === undefined) return { kind: 'unknown' }
    if (ageMs < ownHoldForMs) return { kind: 'new', againMs: ownHoldForMs - ageMs }
    // "none" proves nothing, but a message that expects none is stored only if there is none.
    return { kind: 'take', expected: 0, from: undefined }
  }
  const { value: place, sequence } = answer
  if (place.state === 'free') return { kind: 'take', expected: sequence, from: undefined }
  const seen = sighting?.sequence === sequence ? sighting : { sequence, sinceMs: nowMs }
  const leftMs = seen.sinceMs + place.holdForMs + graceMs - nowMs
  if (leftMs <= 0) return { kind: 'take', expected: sequence, from: place }
  return { kind: 'watch', by: place, sighting: seen, againMs: leftMs }
}

/** The guard looks once a second, and what it does takes a moment. */
const guardMs = 5_000

/** The promise of a holder: within this time after its last renewal its run has ended. */
export function holdForMs(fenceMs: number, killAfterMs: number): number {
  return fenceMs + killAfterMs + guardMs
}
