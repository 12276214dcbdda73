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
  | { readonly kind: 'unknown' }

/**
 * Decides about a place that was read just now. The holder promised to end its run within `holdForMs` after its
 * last renewal. It renewed before this machine saw the sequence; so once this machine has seen the same sequence
 * for that long by its own clock, the run has ended. No two clocks are compared. `graceMs` is how much longer this
 * machine leaves the place to others.
 */
export function choiceOf(
  answer: GetAnswer<Place>,
  sighting: Sighting | undefined,
  { nowMs, graceMs = 0 }: { readonly nowMs: number; readonly graceMs?: number | undefined },
): PlaceChoice {
  if (answer.kind === 'silent') return { kind: 'unknown' }
  // "none" proves nothing, but a message that expects none is stored only if there is none.
  if (answer.kind === 'none') return { kind: 'take', expected: 0, from: undefined }
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
