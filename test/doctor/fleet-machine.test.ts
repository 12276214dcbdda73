import { afterEach, expect, test } from 'vitest'
import { type FleetFacts, judgeFleet, probeFleet } from '../../src/doctor/fleet-machine.ts'
import { TorchError } from '../../src/errors.ts'
import type { FleetSettings } from '../../src/fleet/settings.ts'
import { thisMachine } from '../../src/host/host.ts'
import { closeMachines, machineWith } from './machine.ts'
import { fine, said, type Said, tasksOf } from './support.ts'

afterEach(closeMachines)

type Good = Extract<FleetFacts, { kind: 'good' }>
type Machine = Good['machine']
const answers = [
  { host: 'web1', session: 'own', tz: '2025b' },
  { host: 'db1', session: 'b', tz: '2025b' },
]
const machine: Machine = {
  ...{ host: 'web1', daemon: { kind: 'member', session: 'own' }, tz: '2025b', answers },
  isEngineUp: true,
  ...{ whyNoGuard: undefined, fenced: ['consumer'], server: undefined },
}
const engine: Good['engine'] = {
  ...{ name: 'prod', login: 'password', look: { servers: [], engine: undefined, sync: undefined } },
}
const judged = (of: string, changes: Partial<Machine>): Said =>
  said(judgeFleet({ kind: 'good', engine, machine: { ...machine, ...changes } }), of)

test('without the engine nobody knows whether another daemon has the name', () => {
  const facts: FleetFacts = { kind: 'good', engine, machine: { ...machine, isEngineUp: false } }
  expect(judgeFleet(facts).map(({ name }) => name)).not.toContain('fleet-name')
})

test('without a section there are no rows, and a bad section keeps the daemon from starting', async () => {
  const probe = { socket: '/none', here: undefined }
  const none = await probeFleet(thisMachine(), { ...probe, settings: () => undefined })
  expect(judgeFleet(none)).toEqual([])
  const settings = (): FleetSettings => {
    throw new TorchError('bad-config', 'x.yaml: fleet: no', { hint: 'set it' })
  }
  const bad = await probeFleet(thisMachine(), { ...probe, settings })
  expect(said(judgeFleet(bad), 'fleet')).toEqual(['problem', 'x.yaml: fleet: no', null, 'set it'])
})

const stranger = { host: 'web1', session: 'x', tz: '2025b' }
const twice: Said = [
  'warning',
  'another daemon says that it is web1',
  'while two daemons have one name, neither starts anything of the fleet',
  'give each machine its own host in the section fleet',
]
const alone = fine('web1: no other daemon has this name')
const later: Said = [
  'warning',
  'web1: the daemon was started before the section fleet was written',
  null,
  'torch stop --leave, then torch start: its runs continue',
]
test.each<[what: string, changes: Partial<Machine>, Said]>([
  ['its own daemon', {}, alone],
  ['another daemon', { answers: [...answers, stranger] }, twice],
  ['another daemon, and none here', { daemon: { kind: 'none' }, answers: [stranger] }, twice],
  ['no daemon at all', { daemon: { kind: 'none' }, answers: [] }, alone],
  [
    'one daemon, and nobody knows whose',
    { daemon: { kind: 'unknown' }, answers: [stranger] },
    alone,
  ],
  ['a daemon without the section', { daemon: { kind: 'no fleet' }, answers: [] }, later],
])('fleet-name with %s', (_, changes, expected) => {
  expect(judged('fleet-name', changes)).toEqual(expected)
})

test('fleet-tzdata compares the zone data of all machines', () => {
  expect(judged('fleet-tzdata', {})).toEqual(fine('2025b on all machines'))
  expect(judged('fleet-tzdata', { answers: [] })).toEqual(fine('2025b; no other machine answers'))
  const odd = ['db1', 'db2', 'db3'].map((host) => ({ host, session: host, tz: '2025a' }))
  const other = { host: 'db4', session: 'x', tz: '2024b' }
  expect(judged('fleet-tzdata', { answers: [...odd, other] })).toEqual([
    'warning',
    '2025b here, 2025a on db1, db2, db3, 2024b on db4: a schedule may have other slots there',
    null,
    'use the same version of Node on all machines: it has the time zone data',
  ])
})

test('a guard that cannot run matters to tasks with a fence', () => {
  const needs = 'it needs /bin/sh, sleep, date, rm and /proc'
  expect(judged('fleet-guard', {})).toEqual(
    fine('it can end runs in time, also without the daemon'),
  )
  expect(judged('fleet-guard', { whyNoGuard: 'sleep is missing' })).toEqual([
    'warning',
    'the guard cannot run: sleep is missing (consumer)',
    'only the daemon ends runs that have lost their place',
    needs,
  ])
  const [status] = judged('fleet-guard', { whyNoGuard: 'sleep is missing', fenced: [] })
  expect(status).toBe('note')
})

const yaml = `tasks:
  nats: { type: daemon, command: [nats-server, -c, nats.conf] }
  own: { type: daemon, command: "exec nats-server -c x", env: { PATH: /opt/bin } }
  whole: { type: daemon, command: /srv/nats-server }
  other: { schedule: "@daily", command: "echo nats-server" }
  always: { type: daemon, scope: fleet, command: sleep 600, timezone: UTC }
`
const nowhere = { name: 'prod', servers: ['nats://127.0.0.1:1'], login: { kind: 'none' } } as const
const settings: FleetSettings = {
  ...{ ...nowhere, tls: undefined, host: 'web1', accept: [], share: 'none', monitor: undefined },
}

test('doctor finds nats-server where the tasks look for it, and the fenced tasks', async () => {
  const probe = async (files: readonly string[]) => {
    const host = machineWith(Object.fromEntries(files.map((file) => [file, ''])))
    const probed = { socket: `${host.root}/none`, here: tasksOf(yaml), settings: () => settings }
    return probeFleet(host, probed)
  }
  const none = await probe([])
  if (none.kind !== 'good') throw new Error(none.kind)
  expect(none.machine.server).toEqual({
    tasks: ['nats', 'own', 'whole'],
    missing: ['nats', 'own', 'whole'],
  })
  expect(none.machine).toMatchObject({ fenced: ['always'], daemon: { kind: 'none' }, answers: [] })
  // This machine has no /bin/sh either.
  expect(none.machine.whyNoGuard).toBe('/bin/sh failed')
  const found = said(judgeFleet(none), 'nats-server')
  expect(found.slice(0, 2)).toEqual([
    'warning',
    'nats, own, whole cannot start: nats-server was not found',
  ])
  const [status, words] = said(judgeFleet(none), 'fleet')
  expect([status, words]).toEqual([
    'warning',
    expect.stringContaining('cannot be reached: 127.0.0.1:1: it refuses the connection'),
  ])
  const all = await probe(['/usr/sbin/nats-server', '/opt/bin/nats-server', '/srv/nats-server'])
  expect(said(judgeFleet(all), 'nats-server')).toEqual(fine('nats, own, whole can start it'))
})

test('the guard can run on this machine', async () => {
  const probe = { socket: '/none', here: [], settings: () => settings }
  const facts = await probeFleet(thisMachine(), probe)
  expect(said(judgeFleet(facts), 'fleet-guard')[0]).toBe('ok')
})
