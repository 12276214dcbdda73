/*
 * What the engine answers, and what an answer means. The one rule: an error is never an answer. A message
 * whose acknowledgement was lost may be stored, and a server that was cut off answers "none" for what exists.
 * Only what is stored counts.
 */

/** The answer to "store this, if the last message of the subject has that sequence". */
export type PutAnswer =
  | { readonly kind: 'stored'; readonly sequence: number }
  /** Something else is there, or is on its way; it may be an earlier copy of this very message. */
  | { readonly kind: 'taken' }
  /** Nobody answered in time. It may be stored, now or later. */
  | { readonly kind: 'silent'; readonly words: string }
  /** The engine does not take it: no rights, full, or not set up. */
  | { readonly kind: 'refused'; readonly words: string; readonly mayPass: boolean }

/** No answer, or none that says something. */
export interface SilentAnswer {
  readonly kind: 'silent'
  readonly words: string
  /** The engine is there, and has no such stream. That may pass: its servers may have just started. */
  readonly isRefused?: boolean
}

/** The answer of the stream's leader to "what is the last message of this subject?" */
export type GetAnswer<T> =
  | {
      readonly kind: 'found'
      readonly value: T
      readonly sequence: number
      /** When the engine stored it, by the clock of the engine; milliseconds since the epoch. */
      readonly storedMs: number
    }
  /** Proves nothing: a message may be in flight, and a server may not know that it no longer leads. */
  | { readonly kind: 'none' }
  | SilentAnswer

/** The answer to "since when is there this stream?", in milliseconds since the epoch. */
export type SinceAnswer = { readonly kind: 'since'; readonly ms: number } | SilentAnswer

/** The answer to "how old is this stream?", in milliseconds by the clock of the engine; it may be older. */
export type AgeAnswer = { readonly kind: 'age'; readonly ms: number } | SilentAnswer

/** What a reading says about somebody who wants to own the record. */
export type Ownership = 'mine' | 'others' | 'unknown'

/** Whose a record is. */
export function ownershipOf<T>(answer: GetAnswer<T>, isMine: (value: T) => boolean): Ownership {
  if (answer.kind !== 'found') return 'unknown'
  return isMine(answer.value) ? 'mine' : 'others'
}
