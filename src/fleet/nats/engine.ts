import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream'
import type { GetAnswer, PutAnswer } from '../../plan/fleet/answers.ts'
import type { Claim, Place } from '../../plan/fleet/records.ts'
import type { Engine, PutOptions } from '../engine.ts'
import { getError, putError } from './answers.ts'
import { claimSubject, type FleetNames, placeSubject } from './subjects.ts'

/** How long one question may take. */
const timeoutMs = 1_000

/** What the adapter uses of the client. Its manager has `checkAPI: false`: a host has no right to ask for it. */
export interface NatsParts {
  readonly js: JetStreamClient
  readonly manager: JetStreamManager
  readonly names: FleetNames
}

/** The engine on NATS JetStream. */
export function natsEngine({ js, manager, names }: NatsParts): Engine {
  async function put(
    subject: string,
    value: unknown,
    { expected, id }: PutOptions,
  ): Promise<PutAnswer> {
    try {
      const ack = await js.publish(subject, JSON.stringify(value), {
        msgID: id,
        expect: { lastSubjectSequence: expected },
        timeout: timeoutMs,
      })
      // An earlier copy was stored, or something that had its id: only reading says what is there now.
      return ack.duplicate ? { kind: 'taken' } : { kind: 'stored', sequence: ack.seq }
    } catch (error) {
      return putError(error)
    }
  }

  /** Not a direct get: those may come from a server that has not heard of the last message yet. */
  async function get<T>(stream: string, subject: string): Promise<GetAnswer<T>> {
    try {
      const message = await manager.streams.getMessage(stream, { last_by_subj: subject })
      if (message === null) return { kind: 'none' }
      const value = message.json<T>()
      return { kind: 'found', value, sequence: message.seq, storedMs: message.time.getTime() }
    } catch (error) {
      return getError(error)
    }
  }

  return {
    putClaim: (key, claim) =>
      put(claimSubject(names, key), claim, { expected: 0, id: claim.attempt }),
    getClaim: (key) => get<Claim>(names.claims, claimSubject(names, key)),
    putPlace: (key, place, options) => put(placeSubject(names, key), place, options),
    getPlace: (key) => get<Place>(names.places, placeSubject(names, key)),
  }
}
