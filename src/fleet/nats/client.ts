import { createRequire } from 'node:module'
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

/**
 * Loads the client, which only a machine of a fleet needs. Throws with words for a person. Both packages are
 * CommonJS. With `import` the daemon gets them without their exports where node_modules has symbolic links.
 */
export async function loadClient(): Promise<NatsClient> {
  try {
    const require = createRequire(import.meta.url)
    const client = require('@nats-io/transport-node') as typeof transport
    const streams = require('@nats-io/jetstream') as typeof jetstream
    return { ...client, ...streams }
  } catch (error) {
    const words = hasCode(error, 'ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND')
      ? 'the packages for NATS are missing: npm install @nats-io/transport-node@3.3.1 @nats-io/jetstream@3.3.1, where torch is installed'
      : `the packages for NATS cannot be loaded: ${messageOf(error)}`
    throw new Error(words, { cause: error })
  }
}
