import type { AgeAnswer, GetAnswer, PutAnswer, SinceAnswer } from '../plan/fleet/answers.ts'
import type { Hint } from '../plan/fleet/hints.ts'
import type { Question, Reply } from '../plan/fleet/questions.ts'
import type { Claim, ClaimKey, Place, PlaceKey } from '../plan/fleet/records.ts'

/** How a message is stored. */
export interface PutOptions {
  /** The sequence of the last message of the subject, as this machine knows it; 0: there is none. */
  readonly expected: number
  /** The same for each copy of one message. */
  readonly id: string
}

/**
 * What the machines of a fleet share. No function throws or rejects: what went wrong is an answer. Each
 * answer comes within a few seconds.
 */
export interface Engine {
  /** Stores a claim, if there is none for its key. */
  putClaim(key: ClaimKey, claim: Claim): Promise<PutAnswer>
  /** Asks the leader of the stream. */
  getClaim(key: ClaimKey): Promise<GetAnswer<Claim>>
  /** Since when the engine remembers claims, by its own clock: nobody knows what was started before. */
  claimsSince(): Promise<SinceAnswer>
  /** For how long the engine remembers places: nobody knows who had one before. */
  placesAge(): Promise<AgeAnswer>
  putPlace(key: PlaceKey, place: Place, options: PutOptions): Promise<PutAnswer>
  getPlace(key: PlaceKey): Promise<GetAnswer<Place>>
  /** Asks one machine. */
  ask(host: string, question: Question): Promise<Reply>
  /** Answers what other machines ask this one; undefined: it does not know the question. */
  answer(listener: (question: Question) => unknown): void
  /** Tells all machines of the fleet, this one included. */
  tell(hint: Hint): void
  /** Calls back for each hint that is told from now on. */
  hear(listener: (hint: Hint) => void): void
}
