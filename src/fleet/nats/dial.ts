import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { messageOf } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import type { FleetLogin, FleetSettings } from '../settings.ts'
import type { NatsClient } from './client.ts'
import { readLogin } from './login.ts'
import { people } from './rights.ts'
import { inboxPrefix } from './subjects.ts'

/** A connection that is open. */
export interface OpenConnection {
  readonly connection: NatsConnection
  readonly js: JetStreamClient
  readonly manager: JetStreamManager
  /** As the settings have it. */
  readonly server: string
  readonly version: string
  /** Of several messages that expect the same sequence, it stores one. */
  readonly isExact: boolean
  /** What is not good about this version of the server; null: nothing. */
  readonly warning: string | null
}

/** What the answer of a server or of the network may take. */
const dialMs = 5_000
const answerMs = 2_000

/**
 * Tries each server once, in random order, until one takes the login. Throws with words about each server that
 * did not. The connection does not come back by itself when it is lost: the client would send later what was
 * asked meanwhile.
 */
export async function dial(
  host: Pick<Host, 'files' | 'processes'>,
  client: NatsClient,
  settings: FleetSettings,
  random: () => number = Math.random,
): Promise<OpenConnection> {
  const login = readLogin(host, client, settings)
  const failures = new Map<string, string[]>()
  for (const server of shuffled(settings.servers, random)) {
    try {
      const connection = await client.connect({
        ...{ ...login(server), servers: server, reconnect: false, ignoreClusterUpdates: true },
        ...{
          name: `torch ${settings.host}`,
          inboxPrefix: inboxPrefix({ name: settings.name, host: inboxOwner(settings) }),
          timeout: dialMs,
        },
        // A peer that vanished is noticed after ten seconds.
        ...{ pingInterval: 5_000, maxPingOut: 2, noAsyncTraces: true },
      })
      return await checked(client, connection, server)
    } catch (error) {
      const words = failureWords(error, settings.login)
      failures.set(words, [...(failures.get(words) ?? []), addressOf(server)])
    }
  }
  const all = [...failures].map(([words, servers]) => `${servers.join(', ')}: ${words}`)
  throw new Error(all.join('; '))
}

/** Whose inbox gets the answers: a machine has its own one, and so has each user that is not a machine. */
export function inboxOwner({ host, login }: Pick<FleetSettings, 'host' | 'login'>): string {
  const user = login.kind === 'password' ? login.user : ''
  return people.some((each) => each === user) ? user : host
}

function shuffled(servers: readonly string[], random: () => number): string[] {
  const drawn = servers.map((server) => ({ server, at: random() }))
  return drawn.toSorted((a, b) => a.at - b.at).map(({ server }) => server)
}

async function checked(
  client: NatsClient,
  connection: NatsConnection,
  server: string,
): Promise<OpenConnection> {
  const version = connection.info?.version ?? ''
  if (isOlder(version, leastVersion)) {
    await connection.close()
    throw new Error(`it is nats-server ${version}; torch needs ${leastVersion} or newer`)
  }
  const isExact = !isOlder(version, goodVersion)
  const warning = !isExact
    ? `nats-server ${version} may lose what it acknowledged when a machine loses power: ${goodVersion} or newer can write everything to disk first`
    : null
  const options = { checkAPI: false, timeout: answerMs }
  return {
    ...{ connection, server, version, warning, isExact },
    js: client.jetstream(connection, options),
    manager: await client.jetstreamManager(connection, options),
  }
}

const leastVersion = '2.9.0'
/** sync_interval came with 2.10; 2.10.20 was seen to lose streams in a crash. */
const goodVersion = '2.10.23'

function isOlder(version: string, least: string): boolean {
  const [own, other] = [numbersOf(version), numbersOf(least)]
  const at = other.findIndex((each, index) => each !== (own[index] ?? 0))
  return at !== -1 && (own[at] ?? 0) < (other[at] ?? 0)
}

function numbersOf(version: string): number[] {
  return /^\d+(?:\.\d+){0,2}/.exec(version)?.[0].split('.').map(Number) ?? []
}

/** The host and port of a server. */
export function addressOf(server: string): string {
  return server.replace(/^\w+:\/\//, '')
}

/** Why a server was not reached, for a person. The text of the client never has a secret. */
function failureWords(error: unknown, login: FleetLogin): string {
  const { name, code } = factsOf(error)
  if (name === 'AuthorizationError' || name === 'UserAuthenticationExpiredError')
    return refusedLogin(login)
  if (name === 'TimeoutError') return `no answer within ${dialMs / 1000} s`
  const known = networkWords[code]
  if (known !== undefined) return `${known} (${code})`
  if (/CERT|UNABLE_TO|SELF_SIGNED|HOSTNAME/.test(code))
    return `its certificate is not valid: ${messageOf(error)} (${code})`
  const words = messageOf(error)
  if (words === '' || words.includes('an undefined error')) return 'it ended the connection'
  return words
}

const networkWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'it refuses the connection: is nats-server running?',
  ENOTFOUND: 'its name was not found: check the name, and the DNS',
  EAI_AGAIN: 'the DNS does not answer',
  ECONNRESET: 'it ended the connection',
  ENETUNREACH: 'it cannot be reached',
  EHOSTUNREACH: 'it cannot be reached',
  ETIMEDOUT: 'it cannot be reached',
}

function refusedLogin(login: FleetLogin): string {
  switch (login.kind) {
    case 'none':
      return 'it wants a login: set user and password_file, or another login, in the section fleet'
    case 'password':
      return `it refuses the user ${login.user}: check user, and the password in ${login.file}`
    case 'token':
    case 'creds':
    case 'nkey':
      return `it refuses the login: check ${login.file}`
  }
}

function factsOf(error: unknown): { name: string; code: string } {
  if (!(error instanceof Error)) return { name: '', code: '' }
  const own = 'code' in error && typeof error.code === 'string' ? error.code : ''
  // The client wraps the error of the network.
  return { name: error.name, code: own === '' ? factsOf(error.cause).code : own }
}
