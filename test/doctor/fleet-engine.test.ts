import { expect, test } from 'vitest'
import { type FleetEngineFacts, judgeFleetEngine } from '../../src/doctor/fleet-engine.ts'
import type { EngineLook, FleetLook, ServerLook } from '../../src/fleet/nats/look-at-engine.ts'
import type { SyncLook } from '../../src/fleet/nats/monitor.ts'
import type { StreamReport } from '../../src/fleet/nats/setup.ts'
import { said, type Said } from './support.ts'

const server = (
  name: string,
  more: Partial<Extract<ServerLook, { kind: 'up' }>> = {},
): ServerLook => ({
  ...{ kind: 'up', server: `${name}:4222`, version: '2.10.27', warning: null, roundTripMs: 2.4 },
  ...more,
})
const stream = (name: string, more: Partial<StreamReport> = {}): StreamReport => ({
  ...{ name: `TORCH_prod_${name}`, state: 'ok', copies: 3, complete: 3, leader: 'db2' },
  ...{ messages: 7, differences: [], words: null, ...more },
})
const streams = [stream('CLAIMS'), stream('PLACES'), stream('ROWS', { leader: 'db1' })]
const stored = { kind: 'stored', tookMs: 3, offsetMs: -2 } as const
const engine: EngineLook = {
  ...{ streams, claim: stored, place: { ...stored, tookMs: 4 }, mayCommand: false, answers: [] },
}
const sync: Extract<SyncLook, { kind: 'read' }> = {
  ...{ kind: 'read', server: 'db1', version: '2.10.27', isEngine: true, isAlways: true },
}
const servers = [server('db1'), server('db2', { roundTripMs: 0.3 })]
const good: FleetEngineFacts = { name: 'prod', login: 'password', look: { servers, engine, sync } }

const nothingStarts = 'no task with scope: fleet starts here; all other tasks do'
const rights = 'each machine needs the rights of its own user: torch fleet init --users writes them'
const users = 'torch fleet init --users makes a user for each machine, and one for operators'
const setClock = 'timedatectl set-ntp true, on this machine and on the servers'
const words = (of: string, look: Partial<FleetLook> | Partial<EngineLook>): Said => {
  const isOfLook = 'servers' in look || 'sync' in look || 'engine' in look
  const changed = isOfLook
    ? { ...good.look, ...look }
    : { ...good.look, engine: { ...engine, ...look } }
  return said(judgeFleetEngine({ ...good, look: changed }), of)
}

test('a fleet with all that it needs is fine in each row', () => {
  expect(
    judgeFleetEngine(good).map(({ name, status, found }) => `${name} ${status}: ${found}`),
  ).toEqual([
    'fleet ok: prod: db1:4222 (nats-server 2.10.27) answers in 2ms, db2:4222 (nats-server 2.10.27) answers in less than 1ms',
    'fleet-streams ok: all are as torch needs them, with 3 copies, led by db1, db2',
    'fleet-claims ok: a claim and a place were stored and read back within 4ms',
    'fleet-login ok: this machine may not tell others what to run',
    'fleet-clock ok: this clock is within 2ms of that of the engine',
    'fleet-fsync ok: db1 writes each message to its disk before it answers',
  ])
})

test.each<[of: string, look: Partial<FleetLook> | Partial<EngineLook>, Said]>([
  [
    'fleet',
    {
      engine: undefined,
      servers: [
        { kind: 'down', words: 'db1:4222: no' },
        { kind: 'down', words: 'db2:4222: no' },
      ],
    },
    [
      'warning',
      'the fleet prod cannot be reached: db1:4222: no; db2:4222: no',
      nothingStarts,
      'check servers and the login in the section fleet of the config file',
    ],
  ],
  [
    'fleet',
    { servers: [server('db1'), { kind: 'down', words: 'db2:4222: it refuses the connection' }] },
    [
      'warning',
      'prod: db1:4222 (nats-server 2.10.27) answers in 2ms; db2:4222: it refuses the connection',
      'torch uses the servers that answer',
      'when more than half of the servers are down, nothing of the fleet starts',
    ],
  ],
  [
    'fleet',
    { servers: [server('db1', { warning: 'nats-server 2.9.10 may lose' })] },
    [
      'warning',
      'db1:4222: nats-server 2.9.10 may lose',
      null,
      'install a newer nats-server, one machine after the other',
    ],
  ],
  [
    'fleet-streams',
    { streams: [stream('CLAIMS', { state: 'missing', copies: null })] },
    [
      'warning',
      'the stream TORCH_prod_CLAIMS is missing',
      nothingStarts,
      'torch fleet init, once, makes what is missing',
    ],
  ],
  [
    'fleet-streams',
    { streams: [stream('CLAIMS', { state: 'unknown', words: 'this user has no right to it' })] },
    [
      'warning',
      'TORCH_prod_CLAIMS: this user has no right to it',
      null,
      'torch fleet check shows all of it',
    ],
  ],
  [
    'fleet-streams',
    {
      streams: [
        stream('CLAIMS', {
          state: 'differs',
          differences: [{ key: 'max_age', found: '1h', expected: '2d', why: 'too soon' }],
        }),
      ],
    },
    [
      'warning',
      'TORCH_prod_CLAIMS has max_age 1h instead of 2d: too soon',
      null,
      'torch fleet check shows all of it; torch fleet init --force changes the settings',
    ],
  ],
  [
    'fleet-streams',
    { streams: [stream('PLACES', { complete: 2 })] },
    [
      'warning',
      'TORCH_prod_PLACES is complete on 2 of 3 servers: one is down, or still catches up',
      null,
      'torch fleet check shows all of it',
    ],
  ],
  [
    'fleet-streams',
    { streams: [stream('CLAIMS', { copies: 1, complete: 1, leader: null })] },
    [
      'note',
      'TORCH_prod_CLAIMS is on one server: while it is down, nothing of the fleet starts',
      null,
      'three servers, and torch fleet init --replicas 3 --force',
    ],
  ],
  [
    'fleet-streams',
    { streams: [stream('CLAIMS', { leader: null })] },
    [
      'warning',
      'no server leads the streams: claims wait until one is chosen',
      nothingStarts,
      'more than half of the servers must be up; try again in some seconds',
    ],
  ],
  [
    'fleet-claims',
    {
      streams: [stream('CLAIMS', { state: 'missing', copies: null })],
      claim: { kind: 'not stored', words: 'the engine has no leader at the moment' },
    },
    [
      'note',
      'claims and places were not tried: they need the streams',
      null,
      'torch fleet init, once, makes what is missing',
    ],
  ],
  [
    'fleet-claims',
    { claim: { kind: 'not stored', words: 'Permissions Violation' } },
    ['warning', 'the engine takes no claim: Permissions Violation', nothingStarts, rights],
  ],
  [
    'fleet-claims',
    { place: { kind: 'not stored', words: 'full' } },
    [
      'warning',
      'the engine takes no place: full',
      'no task with scope: fleet and a max starts here',
      rights,
    ],
  ],
  [
    'fleet-login',
    { mayCommand: true },
    [
      'note',
      'this login may also run and kill on all other machines, and so may who has it',
      null,
      users,
    ],
  ],
  [
    'fleet-clock',
    { claim: { kind: 'stored', tookMs: 3, offsetMs: 1_500 } },
    [
      'warning',
      'this clock is 1s500ms ahead of that of the engine: tasks of the fleet start late here, or are left to others',
      null,
      setClock,
    ],
  ],
  [
    'fleet-clock',
    {
      claim: { kind: 'stored', tookMs: 900, offsetMs: 100 },
      place: { kind: 'stored', tookMs: 3, offsetMs: -6_000 },
    },
    ['warning', 'this clock is 6s behind that of the engine', nothingStarts, setClock],
  ],
  [
    'fleet-fsync',
    { sync: { kind: 'failed', words: 'http://db1:8222/varz: connect ECONNREFUSED' } },
    [
      'warning',
      'monitor cannot be read: http://db1:8222/varz: connect ECONNREFUSED',
      null,
      'http: 8222 in nats.conf opens that port; or leave out monitor in the section fleet',
    ],
  ],
  [
    'fleet-fsync',
    { sync: { ...sync, isAlways: false } },
    [
      'warning',
      'db1 (nats-server 2.10.27) does not write each message to its disk at once',
      'if all servers lose power together, a slot of the last minutes may start twice',
      'sync_interval: always in the section jetstream of nats.conf, from nats-server 2.10.23 on',
    ],
  ],
  [
    'fleet-fsync',
    { sync: { ...sync, isEngine: false } },
    ['note', 'db1 has no JetStream', null, 'monitor names another server'],
  ],
])('%s judges %j', (of, look, expected) => {
  expect(words(of, look)).toEqual(expected)
})

test('without a login everybody may do everything, and what is not known is not said', () => {
  const login = said(judgeFleetEngine({ ...good, login: 'none' }), 'fleet-login')
  const open = 'the servers ask for no login: whoever reaches them may do everything'
  expect(login).toEqual(['warning', open, null, users])
  const unknown = { ...engine, mayCommand: null, claim: { ...stored, offsetMs: null } }
  const place = { kind: 'not stored', words: 'full' } as const
  const rows = judgeFleetEngine({
    ...good,
    look: { servers, engine: { ...unknown, place }, sync: undefined },
  })
  expect(rows.map(({ name }) => name)).toEqual(['fleet', 'fleet-streams', 'fleet-claims'])
})
