import type { Authenticator, ConnectionOptions } from '@nats-io/transport-node'
import { messageOf } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { openToOthers } from '../../host/open-to-others.ts'
import { readSecretFile, readSecretLine } from '../../host/secret-file.ts'
import type { FleetLogin, FleetSettings, FleetTls } from '../settings.ts'
import type { NatsClient } from './client.ts'

type Reader = Pick<Host, 'files' | 'processes'>

/** A bundle of certificates of a whole system has about 200 kB. */
const maxPemBytes = 2_000_000

/**
 * Reads the files with secrets and certificates: before each connection, because they may change while the
 * daemon runs. Throws with words that show no secret.
 */
export function readLogin(
  host: Reader,
  client: NatsClient,
  { login, tls, servers }: Pick<FleetSettings, 'login' | 'tls' | 'servers'>,
): (server: string) => ConnectionOptions {
  // The scheme tls alone does not make the client insist on TLS. One server without it is one too many.
  const needsTls = tls !== undefined || servers.some((url) => url.startsWith('tls:'))
  const own = loginOptions(host, client, login)
  const files = needsTls ? tlsOptions(host, tls) : undefined
  return (server) => ({
    ...own,
    // For a server given by its address, the client alone would expect a certificate for localhost.
    ...(files && { tls: { ...files, ...{ host: hostOf(server) } } }),
  })
}

function hostOf(server: string): string {
  return new URL(server.replace(/^\w+:/, 'http:')).hostname.replace(/^\[|\]$/g, '')
}

function loginOptions(host: Reader, client: NatsClient, login: FleetLogin): ConnectionOptions {
  if (login.kind === 'none') return {}
  refuseIfOpen(host, login.file)
  switch (login.kind) {
    case 'password':
      return { user: login.user, pass: readSecretLine(host, login.file) }
    case 'token':
      return { token: readSecretLine(host, login.file) }
    case 'creds': {
      const bytes = new TextEncoder().encode(readSecretFile(host, login.file))
      const authenticator = client.credsAuthenticator(bytes)
      return { authenticator: tried(authenticator, login.file, 'a credentials file of NATS') }
    }
    case 'nkey': {
      const seed = new TextEncoder().encode(readSecretLine(host, login.file))
      const authenticator = client.nkeyAuthenticator(seed)
      return { authenticator: tried(authenticator, login.file, 'the seed of an nkey') }
    }
  }
}

/** The client closes its connection without a word if this throws later. */
function tried(authenticator: Authenticator, file: string, what: string): Authenticator {
  try {
    authenticator('test')
  } catch {
    throw new Error(`${file} is not ${what}`)
  }
  return authenticator
}

function tlsOptions(
  host: Reader,
  tls: FleetTls | undefined,
): NonNullable<ConnectionOptions['tls']> {
  return {
    ...(tls?.ca !== undefined && { ca: readPem(host, tls.ca) }),
    ...(tls?.cert !== undefined && { cert: readPem(host, tls.cert) }),
    ...(tls?.key !== undefined && { key: readSecretFile(host, tls.key) }),
  }
}

function readPem(host: Reader, file: string): string {
  refuseIfOpen(host, file)
  let text: string | undefined
  try {
    text = host.files.readFile(file, maxPemBytes)?.toString()
  } catch (error) {
    throw new Error(`${file}: ${messageOf(error)}`, { cause: error })
  }
  if (text === undefined) throw new Error(`${file} does not exist`)
  return text
}

/** Whoever can change these files decides with whom a daemon of root speaks. */
function refuseIfOpen(host: Reader, file: string): void {
  if (host.processes.uid !== 0) return
  let open: ReturnType<typeof openToOthers>
  try {
    open = openToOthers(host, file)
  } catch (error) {
    throw new Error(`${file}: ${messageOf(error)}`, { cause: error })
  }
  if (open !== undefined)
    throw new Error(
      `other users can change ${file}: give ${open.path} to root, and remove that permission with chmod go-w ${open.path}`,
    )
}
