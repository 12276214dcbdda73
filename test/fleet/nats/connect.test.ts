import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadClient } from '../../../src/fleet/nats/client.ts'
import { connectFleet, type FleetConnection, type Link } from '../../../src/fleet/nats/connect.ts'
import { dial } from '../../../src/fleet/nats/dial.ts'
import { setUpStreams } from '../../../src/fleet/nats/setup.ts'
import { fleetNames } from '../../../src/fleet/nats/subjects.ts'
import type { FleetSettings } from '../../../src/fleet/settings.ts'
import { thisMachine } from '../../../src/host/host.ts'
import type { Claim } from '../../../src/plan/fleet/records.ts'
import { describeNats, natsServer } from '../../support/fleet/nats-server.ts'
import { freePort } from '../../support/free-port.ts'
import { until } from '../../support/until.ts'

const host = thisMachine()
let folder = ''
let closings: (() => unknown)[] = []

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.homedir(), '.torch-connect-'))
})
afterEach(async () => {
  for (const close of closings.toReversed()) await close()
  closings = []
  fs.rmSync(folder, { recursive: true })
})

function settingsFor(server: string, more: Partial<FleetSettings> = {}): FleetSettings {
  return {
    ...{ name: 'prod', servers: [server], login: { kind: 'none' }, tls: undefined, host: 'web1' },
    ...{ accept: [], share: 'problems', monitor: undefined, ...more },
  }
}

/** Connects, and returns what the link was at each change. */
function connected(settings: FleetSettings): { fleet: FleetConnection; links: Link[] } {
  const links: Link[] = []
  // Without jitter, because nothing is measured.
  const onLink = (link: Link): unknown => links.push(link)
  const fleet = connectFleet({ host, settings, onLink, random: () => 0 })
  closings.push(() => fleet.close())
  return { fleet, links }
}

const claim = (attempt: string): Claim => ({
  ...{ v: 1, attempt, host: 'web1', session: 's', slot: 60, definition: 'd1:0', revision: null },
})
const key = { task: 'dump', slot: 60, tryNumber: 1 }

function secret(name: string, text: string): string {
  const file = path.join(folder, name)
  fs.writeFileSync(file, text, { mode: 0o600 })
  return file
}

/** A server that says whatever it likes. */
async function stranger(onConnect: (socket: net.Socket) => void): Promise<string> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onConnect(socket)
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  closings.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `nats://127.0.0.1:${port}`
}

const info = (version: string): string =>
  `INFO ${JSON.stringify({ server_id: 'x', version, proto: 1, headers: true, max_payload: 1000 })}\r\n`

describeNats('%s', (program) => {
  test('a daemon connects when the server comes, and again after each crash of it', async () => {
    const server = await natsServer(program)
    closings.push(() => server.close())
    await server.crash()
    const { fleet, links } = connected(settingsFor(server.url))
    await until(() => links.length > 0, 'the first failure')
    const refused = `${server.url.slice(7)}: it refuses the connection: is nats-server running? (ECONNREFUSED)`
    expect(fleet.link()).toEqual({ state: 'connecting', lastError: refused })
    expect(await fleet.engine.putClaim(key, claim('early'))).toEqual({
      ...{ kind: 'silent', words: `not connected: ${refused}` },
    })
    const heard: unknown[] = []
    fleet.engine.hear((hint) => heard.push(hint))

    await server.start()
    await until(() => fleet.link().state === 'up', 'the connection')
    expect(fleet.link()).toMatchObject({
      ...{ state: 'up', server: server.url.slice(7), lastError: null },
      version: expect.stringMatching(/^2\.\d+\.\d+/),
    })
    const { manager, connection } = await dial(host, await loadClient(), settingsFor(server.url))
    const wanted = { replicas: 1, keepMs: undefined }
    const made = await setUpStreams(manager, fleetNames('prod'), wanted, false)
    expect(made.map(({ did, state }) => [did, state])).toEqual([
      ['made', 'ok'],
      ['made', 'ok'],
      ['made', 'ok'],
    ])
    await connection.close()
    // What was asked before the connection was there is not sent afterwards.
    expect(await fleet.engine.getClaim(key)).toEqual({ kind: 'none' })
    expect(await fleet.engine.putClaim(key, claim('one'))).toMatchObject({ kind: 'stored' })

    await server.crash()
    await until(() => fleet.link().state === 'down', 'the loss')
    expect(await fleet.engine.getClaim(key)).toMatchObject({ kind: 'silent' })
    fleet.engine.tell({ kind: 'free', task: 'lost' })
    await server.start()
    await until(() => fleet.link().state === 'up', 'the next connection')
    expect(await fleet.engine.getClaim(key)).toMatchObject({ kind: 'found', value: claim('one') })
    fleet.engine.tell({ kind: 'free', task: 'web' })
    await until(() => heard.length > 0, 'the hint')
    expect(heard).toEqual([{ kind: 'free', task: 'web' }])
  })

  test('a wrong password is said, without it, and the right one is taken as soon as it is there', async () => {
    const server = await natsServer(
      program,
      'authorization { user: web1, password: "right one" }\n',
    )
    closings.push(() => server.close())
    const file = secret('password', 'wr0ng-password\n')
    const login = { kind: 'password', user: 'web1', file } as const
    const { fleet, links } = connected(settingsFor(server.url, { login }))
    await until(() => links.length > 1, 'two refusals')
    const words = `${server.url.slice(7)}: it refuses the user web1: check user, and the password in ${file}`
    expect(fleet.link()).toEqual({ state: 'connecting', lastError: words })
    expect(JSON.stringify(links)).not.toContain('wr0ng')
    fs.writeFileSync(file, 'right one\n')
    await until(() => fleet.link().state === 'up', 'the connection')
    await fleet.close()

    const none = connected(settingsFor(server.url))
    await until(() => none.links.length > 0, 'a refusal')
    expect(none.fleet.link()).toMatchObject({ lastError: expect.stringContaining('wants a login') })
  })

  test('a right that is missing is on the link, and in the answer', async () => {
    const rights = '{ publish: ["torch.prod.hb.>"], subscribe: ["torch.prod.re.web1.>"] }'
    const server = await natsServer(
      program,
      `authorization {\n users: [\n { user: web1\n password: pw\n permissions: ${rights}\n } ]\n }\n`,
    )
    closings.push(() => server.close())
    const login = { kind: 'password', user: 'web1', file: secret('password', 'pw') } as const
    const { fleet } = connected(settingsFor(server.url, { login }))
    await until(() => fleet.link().state === 'up', 'the connection')
    expect(await fleet.engine.putClaim(key, claim('one'))).toMatchObject({
      ...{ kind: 'refused', words: expect.stringContaining('torch.prod.claim.dump.60') },
    })
    expect(fleet.link()).toMatchObject({
      ...{ state: 'up', lastError: expect.stringMatching(/Permissions Violation.*claim/) },
    })
    expect(await fleet.engine.getClaim(key)).toMatchObject({ kind: 'silent' })
  })

  test('a server whose certificate is not known is not trusted, and the daemon lives', async () => {
    const made = openssl(folder)
    const server = await natsServer(
      program,
      `tls { cert_file: "${made.cert}", key_file: "${made.key}" }\n`,
    )
    closings.push(() => server.close())
    const tls = { ca: undefined, cert: undefined, key: undefined }
    const { fleet, links } = connected(settingsFor(server.url, { tls }))
    await until(() => links.length > 0, 'a refusal')
    expect(fleet.link()).toMatchObject({
      lastError: expect.stringContaining('its certificate is not valid'),
    })
    await fleet.close()
    const trusting = connected(settingsFor(server.url, { tls: { ...tls, ca: made.cert } }))
    await until(() => trusting.fleet.link().state === 'up', 'the connection')
  })
})

function openssl(into: string): { cert: string; key: string } {
  const [cert, pem] = [path.join(into, 'cert.pem'), path.join(into, 'key.pem')]
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=x']
  const name = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', pem, '-out', cert]
  execFileSync('openssl', [...request, ...name], { stdio: 'ignore' })
  fs.chmodSync(pem, 0o600)
  return { cert, key: pem }
}

describe('strange servers', () => {
  test.each([
    [
      'garbage',
      (socket: net.Socket) => void socket.end('GET / HTTP/1.1\r\n\r\n'),
      /unexpected response/,
    ],
    ['nothing, and ends', (socket: net.Socket) => void socket.end(), /: it ended the connection$/],
    [
      'that it is too old',
      (socket: net.Socket) => {
        socket.write(info('2.8.4'))
        socket.on('data', (chunk) => chunk.includes('PING') && socket.write('PONG\r\n'))
      },
      /it is nats-server 2\.8\.4; torch needs 2\.9\.0 or newer/,
    ],
    [
      'INFO that is not JSON',
      (socket: net.Socket) => void socket.end('INFO {"version":\r\n'),
      /JSON/,
    ],
  ])('a server that says %s does no harm', async (_what, onConnect, words) => {
    const { fleet, links } = connected(settingsFor(await stranger(onConnect)))
    await until(() => links.length > 1, 'two failures')
    expect(fleet.link()).toEqual({
      ...{ state: 'connecting', lastError: expect.stringMatching(words) as string },
    })
  })

  test('TLS is asked for, and a server without it gets no password', async () => {
    let heard = ''
    const url = await stranger((socket) => {
      socket.write(info('2.10.27'))
      socket.on('data', (chunk) => (heard += chunk.toString()))
    })
    const login = { kind: 'token', file: secret('token', 'a-t0ken') } as const
    const { fleet, links } = connected(settingsFor(url.replace('nats:', 'tls:'), { login }))
    await until(() => links.length > 0, 'a failure')
    expect(fleet.link()).toMatchObject({
      lastError: expect.stringContaining(`does not support 'tls'`),
    })
    expect(heard).toBe('')
  })

  test('a server that does not answer any more is noticed within some seconds', async () => {
    const sockets: net.Socket[] = []
    const url = await stranger((socket) => {
      sockets.push(socket)
      socket.write(info('2.10.27'))
      socket.once('data', () => socket.write('PONG\r\n'))
    })
    const { fleet } = connected(settingsFor(url))
    await until(() => fleet.link().state === 'up', 'the connection')
    await until(() => fleet.link().state === 'down', 'the loss')
    expect(fleet.link()).toMatchObject({ lastError: expect.stringMatching(/is lost/) })
  })
})

describe('what is missing on this machine', () => {
  test('the packages of the client: the link says what to install', async () => {
    const settings = settingsFor('nats://127.0.0.1:1')
    const missing = Object.assign(new Error('x'), { code: 'ERR_MODULE_NOT_FOUND' })
    const load = (): never => {
      throw missing
    }
    const fleet = connectFleet({ host, settings, load })
    closings.push(() => fleet.close())
    await until(() => fleet.link().state === 'connecting' && linkWords(fleet) !== null, 'the error')
    expect(await fleet.engine.getClaim(key)).toMatchObject({ kind: 'silent' })
  })

  test.each([
    ['password', 'none', undefined, /none does not exist/],
    ['creds', 'creds', 'no credentials', /is not a credentials file of NATS/],
    ['nkey', 'nkey', 'SUAAAA', /is not the seed of an nkey/],
    ['token', 'token', '\n', /token is empty/],
  ] as const)('a bad file for %s: the link says so', async (kind, name, text, words) => {
    const file = text === undefined ? path.join(folder, name) : secret(name, text)
    const login = kind === 'password' ? { kind, user: 'web1', file } : { kind, file }
    const { fleet, links } = connected(settingsFor('nats://127.0.0.1:1', { login }))
    await until(() => links.length > 0, 'the error')
    expect(linkWords(fleet)).toMatch(words)
  })

  test.skipIf(process.getuid?.() !== 0)(
    'root takes no file that others can read or change',
    async () => {
      const file = secret('token', 'a-t0ken')
      const login = { kind: 'token', file } as const
      const { fleet, links } = connected(settingsFor('nats://127.0.0.1:1', { login }))
      await until(() => links.length > 0, 'no server')
      fs.chmodSync(file, 0o644)
      await until(() => /can be read by others/.test(linkWords(fleet) ?? ''), 'the refusal')
      fs.chmodSync(file, 0o600)
      fs.chmodSync(folder, 0o777)
      await until(() => /other users can change/.test(linkWords(fleet) ?? ''), 'the other refusal')
    },
  )
})

function linkWords(fleet: FleetConnection): string | null {
  return fleet.link().lastError
}
