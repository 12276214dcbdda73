import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import type { GetAnswer, PutAnswer } from '../../plan/fleet/answers.ts'
import { hintOf } from '../../plan/fleet/hints.ts'
import type { Question } from '../../plan/fleet/questions.ts'
import { isClaim, isPlace, type Place, type PlaceKey } from '../../plan/fleet/records.ts'
import type { Engine, PutOptions } from '../engine.ts'
import { quietly } from '../../host/system-error.ts'
import { getError, putError } from './answers.ts'
import {
  askSubject,
  claimSubject,
  type FleetNames,
  hintSubject,
  hintSubjects,
  isInbox,
  placeSubject,
} from './subjects.ts'

/** How long one question may take. */
const timeoutMs = 1_000
/** How long another machine may take to answer. */
const askMs = 2_000

/** What the adapter uses of the client. Its manager has `checkAPI: false`: a host has no right to ask for it. */
export interface NatsParts {
  readonly connection: NatsConnection
  readonly js: JetStreamClient
  readonly manager: JetStreamManager
  readonly names: FleetNames
  /** The name of this machine in the fleet. */
  readonly host: string
  /**
   * For servers that compare sequences too early: waits until everything is stored that was on its way. undefined: the
   * server stores one message only.
   */
  readonly settle?: (() => Promise<void>) | undefined
}

/** The engine on NATS JetStream. */
export function natsEngine(parts: NatsParts): Engine {
  const { connection, js, manager, names, host, settle } = parts

  async function putOnce(
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
  async function get<T>(
    stream: string,
    subject: string,
    isRight: (value: unknown) => value is T,
  ): Promise<GetAnswer<T>> {
    try {
      const message = await manager.streams.getMessage(stream, { last_by_subj: subject })
      if (message === null) return { kind: 'none' }
      const value = message.json<unknown>()
      if (!isRight(value))
        return { kind: 'silent', words: `what is stored cannot be read: ${subject}` }
      return { kind: 'found', value, sequence: message.seq, storedMs: message.time.getTime() }
    } catch (error) {
      return getError(error)
    }
  }

  /**
   * A cluster of 2.9 compares a sequence other than 0 before the servers agree, and not again after that. So of several
   * that come at once, each one may be acknowledged (5 of 5 were seen). The last one has replaced the others.
   */
  async function replace(
    key: PlaceKey,
    place: Place,
    options: PutOptions,
    wait: () => Promise<void>,
  ): Promise<PutAnswer> {
    const subject = placeSubject(names, key)
    const put = await putOnce(subject, place, options)
    if (put.kind !== 'stored' || options.expected === 0) return put
    await wait()
    const found = await get(names.places, subject, isPlace)
    if (found.kind === 'silent') return found
    return found.kind === 'found' && found.sequence === put.sequence ? put : { kind: 'taken' }
  }

  /** A server before 2.10 does not say what time it is: a message says when it was stored. */
  async function storedNow(): Promise<Date | string> {
    const subject = placeSubject(names, { task: `torch/age/${host}`, index: 0 })
    const { seq } = await js.publish(subject, JSON.stringify({ v: 1, state: 'free' }), {
      timeout: timeoutMs,
    })
    const message = await manager.streams.getMessage(names.places, { seq })
    if (message === null) throw new Error('the engine does not say what time it is')
    return message.time
  }

  return {
    putClaim: (key, claim) =>
      putOnce(claimSubject(names, key), claim, { expected: 0, id: claim.attempt }),
    getClaim: (key) => get(names.claims, claimSubject(names, key), isClaim),
    async claimsSince() {
      try {
        const { created } = await manager.streams.info(names.claims)
        return { kind: 'since', ms: new Date(created).getTime() }
      } catch (error) {
        return getError(error)
      }
    },
    async placesAge() {
      try {
        const info = await manager.streams.info(names.places)
        const nowMs = new Date(info.ts ?? (await storedNow())).getTime()
        return { kind: 'age', ms: nowMs - new Date(info.created).getTime() }
      } catch (error) {
        return getError(error)
      }
    },
    putPlace: (key, place, options) =>
      settle === undefined
        ? putOnce(placeSubject(names, key), place, options)
        : replace(key, place, options, settle),
    getPlace: (key) => get(names.places, placeSubject(names, key), isPlace),
    async ask(other, question) {
      try {
        const reply = await connection.request(askSubject(names, other), JSON.stringify(question), {
          timeout: askMs,
        })
        return { kind: 'answer', value: reply.json<unknown>() }
      } catch (error) {
        return getError(error)
      }
    },
    answer(listener) {
      connection.subscribe(askSubject(names, host), {
        callback(error, message) {
          if (error !== null || !isInbox(names, message.reply)) return
          quietly(() => {
            const value = listener(message.json<Question>())
            if (value !== undefined) message.respond(JSON.stringify(value))
          })
        },
      })
    },
    tell(hint) {
      // A connection that is closed throws; whoever does not hear a hint looks by himself later.
      quietly(() => connection.publish(hintSubject(names, hint), JSON.stringify(hint)))
    },
    hear(listener) {
      for (const subject of hintSubjects(names))
        connection.subscribe(subject, {
          callback: (error, message) => {
            const hint = error === null ? quietly(() => hintOf(message.json<unknown>())) : undefined
            // The subject says who may tell it; what is in the message does not.
            if (hint !== undefined && message.subject === hintSubject(names, hint))
              quietly(() => listener(hint))
          },
        })
    },
  }
}
