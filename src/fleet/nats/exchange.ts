import { randomBytes } from 'node:crypto'
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node'
import { messageOf } from '../../errors.ts'
import { quietly } from '../../host/system-error.ts'
import type { Exchange, HeardMessage } from '../exchange.ts'
import { type FleetNames, inboxPrefix, isInbox } from './subjects.ts'

/** An exchange over connections that come and go. */
export interface NatsExchange extends Exchange {
  /** Uses that connection from now on; undefined: there is none. */
  use(connection: NatsConnection | undefined): void
}

interface Listening {
  readonly subject: string
  readonly listener: (message: HeardMessage) => void
  subscription?: Subscription | undefined
}

/** `who` is the name of this machine, or of the user that is none. */
export function natsExchange(names: FleetNames, fleet: string, who: string): NatsExchange {
  const { prefix } = names
  const all = new Set<Listening>()
  const inbox = inboxPrefix({ name: fleet, host: who }).slice(prefix.length + 1)
  let open: NatsConnection | undefined

  const inside = (subject: string): string => subject.slice(prefix.length + 1)
  /** Answers go only into inboxes: nobody makes this machine say something in its own name elsewhere. */
  const inboxOf = (reply: string | undefined): string | undefined =>
    isInbox(names, reply) ? inside(reply) : undefined

  function subscribe(each: Listening): void {
    each.subscription = quietly(() =>
      open?.subscribe(`${prefix}.${each.subject}`, {
        callback(error: Error | null, message: Msg) {
          if (error !== null) return
          const { subject, data, reply } = message
          each.listener({ subject: inside(subject), data, reply: inboxOf(reply) })
        },
      }),
    )
  }

  return {
    use(connection) {
      open = connection
      for (const each of all) subscribe(each)
    },
    listen(subject, listener) {
      const each: Listening = { subject, listener }
      all.add(each)
      subscribe(each)
      return () => {
        all.delete(each)
        quietly(() => each.subscription?.unsubscribe())
      }
    },
    publish(subject, data, reply) {
      const options = reply === undefined ? {} : { reply: `${prefix}.${reply}` }
      // A connection that is closed throws; whoever waits for an answer hears none.
      quietly(() => open?.publish(`${prefix}.${subject}`, data, options))
    },
    async request(subject, data, ms) {
      if (open === undefined) return { kind: 'silent', words: 'not connected' }
      try {
        const answer = await open.request(`${prefix}.${subject}`, data, { timeout: ms })
        return { kind: 'answer', data: answer.data }
      } catch (error) {
        return failed(error)
      }
    },
    newInbox: () => `${inbox}.${randomBytes(12).toString('hex')}`,
  }
}

function failed(
  error: unknown,
): { kind: 'nobody' } | { kind: 'silent' | 'forbidden'; words: string } {
  const causes = [error, error instanceof Error ? error.cause : undefined]
  const names = causes.map((each) => (each instanceof Error ? each.name : ''))
  if (names.includes('NoResponders')) return { kind: 'nobody' }
  if (names.includes('PermissionViolationError'))
    return { kind: 'forbidden', words: messageOf(error) }
  if (names.includes('TimeoutError')) return { kind: 'silent', words: 'no answer in time' }
  return { kind: 'silent', words: messageOf(error) }
}
