import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { measureOffset } from '../../../src/fleet/measure-offset.ts'
import { natsEngine } from '../../../src/fleet/nats/engine.ts'
import {
  passwordsConf,
  serverConf,
  type ServerPlan,
  usersConf,
} from '../../../src/fleet/nats/server-files.ts'
import { setUpStreams } from '../../../src/fleet/nats/setup.ts'
import { wallClock } from '../../../src/host/clock.ts'
import { fleetNames, inboxPrefix } from '../../../src/fleet/nats/subjects.ts'
import { describeNats, natsServer, type NatsServer } from '../../support/fleet/nats-server.ts'

const names = fleetNames('prod')
const hosts = ['db1', 'web-1.example.com']
const plan: ServerPlan = { fleet: 'prod', servers: [], users: hosts, hasSync: true }

describeNats('%s', (program) => {
  let folder = ''
  let server: NatsServer
  const clients = new Map<string, NatsConnection>()
  const refused: string[] = []

  async function as(user: string): Promise<NatsConnection> {
    const known = clients.get(user)
    if (known !== undefined) return known
    const inbox = inboxPrefix({ name: 'prod', host: user })
    const client = await connect({
      ...{ servers: server.url, user, pass: `pw-of-${user}`, inboxPrefix: inbox },
    })
    clients.set(user, client)
    void (async () => {
      for await (const status of client.status())
        if (status.type === 'error') refused.push(`${user}: ${status.error.message}`)
    })()
    return client
  }

  /** The refusal comes before the answer, and the client passes it on after that. */
  async function answered(client: NatsConnection): Promise<void> {
    await client.flush()
    await new Promise((resolve) => setImmediate(resolve))
  }

  /** Whether a message of `user` on this subject is taken by the server. */
  async function mayPublish(user: string, subject: string): Promise<boolean> {
    const client = await as(user)
    const before = refused.length
    client.publish(subject, '{}')
    await answered(client)
    return refused.length === before
  }

  async function maySubscribe(user: string, subject: string): Promise<boolean> {
    const client = await as(user)
    const before = refused.length
    const subscription = client.subscribe(subject, { callback: () => {} })
    await answered(client)
    subscription.unsubscribe()
    return refused.length === before
  }

  beforeAll(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-rights-'))
    fs.writeFileSync(path.join(folder, 'nats-users.conf'), usersConf(plan))
    const order = [...hosts, 'operator', 'viewer', 'setup']
    let at = 0
    const passwords = passwordsConf(plan, undefined, () => `pw-of-${order[at++]}`)
    fs.writeFileSync(path.join(folder, 'nats-passwords.conf'), passwords)
    server = await natsServer(program, 'include nats-users.conf\n', folder)
    const manager = await jetstreamManager(await as('setup'), { checkAPI: false })
    const wanted = { replicas: 1, keepMs: undefined }
    const made = await setUpStreams(manager, names, wanted, false)
    expect(made.map(({ did }) => did)).toEqual(['made', 'made', 'made'])
  })
  afterAll(async () => {
    for (const client of clients.values()) await client.close()
    await server.close()
    fs.rmSync(folder, { recursive: true })
  })

  test.each([
    ['db1', 'hb.db1', true],
    ['db1', 'hb.web-1/example/com', false],
    ['web-1.example.com', 'hb.web-1/example/com', true],
    ['db1', 'won.dump', true],
    ['db1', 'free.dump', true],
    ['db1', 'ask.all', true],
    ['db1', 'ask.web-1/example/com', true],
    ['db1', 're.web-1/example/com.abc.1', true],
    ['db1', 're.viewer.abc.1', true],
    ['db1', 'log.1', true],
    ['db1', 'ev.db1', true],
    ['db1', 'ev.web-1/example/com', false],
    ['db1', 'row.db1.dump', true],
    ['db1', 'row.web-1/example/com.dump', false],
    ['db1', 'do.web-1/example/com', false],
    ['db1', 'do.db1', false],
    ['operator', 'ask.all', true],
    ['operator', 'do.db1', true],
    ['operator', 'log.1', true],
    ['operator', 'claim.dump.1', false],
    ['operator', 'place.dump.0', false],
    ['operator', 'row.db1.dump', false],
    ['operator', 'hb.db1', false],
    ['operator', 're.db1.abc.1', false],
    ['viewer', 'ask.all', true],
    ['viewer', 'do.db1', false],
    ['viewer', 'log.1', false],
    ['viewer', 'claim.dump.1', false],
    ['viewer', 'won.dump', false],
    ['setup', 'claim.dump.1', false],
    ['setup', 'do.db1', false],
  ])('%s publishes to %s: %s', async (user, subject, may) => {
    expect(await mayPublish(user, `torch.prod.${subject}`)).toBe(may)
  })

  test.each([
    [
      'db1',
      ['hb.*', 'won.>', 'free.>', 'won.*', 'ask.all', 'ask.db1', 'do.db1', 'log.>', 'ev.*'],
      true,
    ],
    ['db1', ['re.db1.>'], true],
    ['db1', ['re.>'], false],
    ['db1', ['re.viewer.>'], false],
    ['db1', ['do.web-1/example/com'], false],
    ['db1', ['ask.web-1/example/com'], false],
    ['db1', ['claim.>'], false],
    ['operator', ['re.operator.>', 'log.>', 'ev.*', 'hb.*'], true],
    ['operator', ['do.db1'], false],
    ['operator', ['re.db1.>'], false],
    ['viewer', ['re.viewer.>', 'ev.*', 'hb.*'], true],
    ['viewer', ['log.>'], false],
    ['viewer', ['row.>'], false],
  ])('%s hears %j: %s', async (user, subjects, may) => {
    for (const subject of subjects)
      expect(await maySubscribe(user, `torch.prod.${subject}`), subject).toBe(may)
  })

  test('a host claims, keeps a place and looks at the streams with its rights alone', async () => {
    const connection = await as('web-1.example.com')
    const manager = await jetstreamManager(connection, { checkAPI: false })
    const host = 'web-1.example.com'
    const js = jetstream(connection)
    const engine = natsEngine({ connection, js, manager, names, host })
    engine.answer(() => 'here')
    expect(await engine.ask(host, { kind: 'defs' })).toEqual({ kind: 'answer', value: 'here' })
    const parts = { engine, clock: wallClock, host, newId: () => 'clock' }
    expect(Math.abs((await measureOffset(parts)) ?? NaN)).toBeLessThan(1_000)
    const key = { task: 'db.dump', slot: 60, tryNumber: 1 }
    const claim = {
      v: 1,
      attempt: 'one',
      host: 'web-1.example.com',
      session: 's',
      slot: 60,
    } as const
    const whole = { ...claim, definition: 'd1:0', revision: null }
    expect(await engine.putClaim(key, whole)).toMatchObject({ kind: 'stored' })
    expect(await engine.getClaim(key)).toMatchObject({ kind: 'found', value: whole })
    const at = { task: 'web', index: 0 }
    const put = { expected: 0, id: 'm1' }
    expect(await engine.putPlace(at, { v: 1, state: 'free' }, put)).toMatchObject({
      kind: 'stored',
    })
    expect(await engine.getPlace(at)).toMatchObject({ kind: 'found' })
    for (const name of [names.claims, names.places, names.rows])
      expect((await manager.streams.info(name)).config.name).toBe(name)
    const row = await jetstream(connection).publish(`torch.prod.row.web-1/example/com.dump`, '{}')
    expect(row).toMatchObject({ stream: names.rows })
  })

  test.each(['db1', 'operator', 'viewer'])(
    '%s cannot change, empty or remove a stream',
    async (user) => {
      const subjects = [
        ...[`STREAM.CREATE.X`, `STREAM.DELETE.${names.claims}`, `STREAM.PURGE.${names.places}`],
        ...[`STREAM.UPDATE.${names.claims}`, `STREAM.MSG.DELETE.${names.rows}`],
        // The server would deliver to any subject for it.
        ...[`CONSUMER.CREATE.${names.rows}`, `CONSUMER.CREATE.${names.rows}.x`],
        ...[`CONSUMER.DURABLE.CREATE.${names.rows}.x`, `DIRECT.GET.${names.claims}`],
      ]
      for (const subject of subjects)
        expect(await mayPublish(user, `$JS.API.${subject}`), subject).toBe(false)
    },
  )

  test('the server takes the configuration of a cluster with users', () => {
    const version = execFileSync(program, ['--version']).toString()
    const hasSync = !version.includes('v2.9.')
    const cluster = { ...plan, servers: ['db1', 'db2.example.com', '10.0.0.3', 'fd00::4'], hasSync }
    const files = path.join(folder, 'cluster')
    fs.mkdirSync(files)
    const write = (name: string, text: string) => fs.writeFileSync(path.join(files, name), text)
    write('nats.conf', serverConf(cluster))
    write('nats-users.conf', usersConf(cluster))
    write(
      'nats-passwords.conf',
      passwordsConf(cluster, undefined, () => '0123456789e1'),
    )
    const env = { TORCH_HOST: 'db1', TORCH_HOME: '/var/lib/torch' }
    const said = spawnSync(program, ['-t', '-c', path.join(files, 'nats.conf')], { env })
    expect(said.stderr.toString()).toContain('is valid')
    expect(said.status).toBe(0)
  })

  test('a program that speaks the protocol by itself gets nothing without a password', async () => {
    const said = execFileSync('python3', ['-c', strangerPy, server.url.split(':').at(-1) ?? ''])
    expect(said.toString()).toContain("-ERR 'Authorization Violation'")
  })
})

const strangerPy = `
import socket, sys
s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5)
s.recv(65536)
s.sendall(b'CONNECT {"verbose":false,"pedantic":false,"user":"db1","pass":"guess"}\\r\\nPUB torch.prod.claim.dump.60 2\\r\\n{}\\r\\nPING\\r\\n')
got = b''
while True:
    part = s.recv(65536)
    if not part: break
    got += part
print(got.decode())
`
