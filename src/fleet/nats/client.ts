import type * as jetstream from '@nats-io/jetstream'
import type * as transport from '@nats-io/transport-node'
import { messageOf } from '../../errors.ts'
import { hasCode } from '../../host/system-error.ts'

/** What torch uses of the two packages of the client. */
export type NatsClient = Pick<
  typeof transport,
  'connect' | 'credsAuthenticator' | 'nkeyAuthenticator'
> &
  Pick<typeof jetstream, 'jetstream' | 'jetstreamManager'>

/** Loads the client, which only a machine of a fleet needs. Throws with words for a person. */
export async function loadClient(): Promise<NatsClient> {
  try {
    const [client, streams] = await Promise.all([
      import('@nats-io/transport-node'),
      import('@nats-io/jetstream'),
    ])
    return { ...client, ...streams }
  } catch (error) {
    const words = hasCode(error, 'ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND')
      ? 'the packages for NATS are missing: npm install @nats-io/transport-node@3.3.1 @nats-io/jetstream@3.3.1, where torch is installed'
      : `the packages for NATS cannot be loaded: ${messageOf(error)}`
    throw new Error(words, { cause: error })
  }
}
