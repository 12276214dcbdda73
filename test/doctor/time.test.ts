import { afterEach, describe, expect, test } from 'vitest'
import { type ClockAnswers, judgeTime, probeTime, type TimeFacts } from '../../src/doctor/time.ts'
import { closeMachines, machineWith } from './machine.ts'
import { fine, said, type Said, tasksOf } from './support.ts'

afterEach(closeMachines)

const facts: TimeFacts = {
  clock: { timedatectl: 'NTPSynchronized=yes\n' },
  inContainer: false,
  zone: {
    zone: 'Europe/Berlin',
    variable: undefined,
    isIgnored: false,
    localtime: '/usr/share/zoneinfo/Europe/Berlin',
  },
  data: { own: '2025b', system: '2025b', without: [] },
}
const chronyd = '8394D3E1,time.example,2,1764000000.1,0.0,0.0,0.0,-3.2,0.0,0.1,0.02,0.001,64.2'

describe('the clock', () => {
  const wrong = (program: string): Said => [
    'warning',
    `not synchronised (${program}): tasks may start at the wrong time`,
    null,
    'timedatectl set-ntp true, or start chronyd or ntpd',
  ]
  const unknown: Said = [
    'note',
    'torch cannot find out whether the clock is synchronised',
    null,
    'install timedatectl, chronyc or ntpq',
  ]
  test.each<[ClockAnswers, Said]>([
    [{ timedatectl: 'NTPSynchronized=yes\n' }, fine('synchronised (timedatectl)')],
    [{ timedatectl: 'NTPSynchronized=no\n' }, wrong('timedatectl')],
    [{ timesyncd: 'synchronized' }, fine('synchronised (timesyncd)')],
    [{ chronyc: `${chronyd},Normal\n` }, fine('synchronised (chronyc)')],
    [{ chronyc: `${chronyd},Insert second\n` }, fine('synchronised (chronyc)')],
    [{ chronyc: `${chronyd},Not synchronised\n` }, wrong('chronyc')],
    [{ ntpq: 'associd=0 status=0615 leap_none, sync_ntp, 1 event,' }, fine('synchronised (ntpq)')],
    [{ ntpq: 'associd=0 status=c016 leap_alarm, sync_unspec, 1 event,' }, wrong('ntpq')],
    [{ timedatectl: 'NTPSynchronized=no', ntpq: 'sync_ntp' }, wrong('timedatectl')],
    [{ timedatectl: 'what?', ntpq: 'leap_none, sync_ntp' }, fine('synchronised (ntpq)')],
    [{ timedatectl: 'what?', ntpq: '' }, unknown],
    [{}, unknown],
  ])('the finding about a clock with %j is right', (clock, expected) => {
    expect(said(judgeTime({ ...facts, clock }), 'clock')).toEqual(expected)
  })

  test('the clock of a container must be checked on its machine', () => {
    expect(said(judgeTime({ ...facts, clock: {}, inContainer: true }), 'clock')).toEqual([
      'note',
      'torch cannot find out whether the clock is synchronised',
      null,
      'check the machine that runs this container',
    ])
  })
})

test.each<[Partial<TimeFacts['zone']>, Said]>([
  [{}, fine('Europe/Berlin')],
  [{ variable: 'Europe/Berlin' }, fine('Europe/Berlin (TZ=Europe/Berlin)')],
  [
    { variable: ':/usr/share/zoneinfo/Europe/Berlin' },
    fine('Europe/Berlin (TZ=:/usr/share/zoneinfo/Europe/Berlin)'),
  ],
  [{ zone: 'America/New_York', variable: 'EST5EDT' }, fine('America/New_York (TZ=EST5EDT)')],
  [{ zone: 'UTC', variable: 'utc' }, fine('UTC (TZ=utc)')],
  [{ zone: 'UTC', variable: '' }, fine('UTC')],
  [
    { zone: 'UTC', variable: 'CET-1CEST', isIgnored: true },
    [
      'warning',
      'TZ=CET-1CEST is not a time zone',
      'torch uses UTC',
      'set timezone in the tasks file, or another TZ: did you mean "Europe/Berlin"?',
    ],
  ],
  [
    { zone: 'UTC', localtime: undefined },
    [
      'note',
      'UTC, because /etc/localtime is missing',
      null,
      'set timezone in the tasks file to be independent of the machine',
    ],
  ],
])('the finding about a zone with %j is right', (zone, expected) => {
  expect(said(judgeTime({ ...facts, zone: { ...facts.zone, ...zone } }), 'zone')).toEqual(expected)
})

const ownRules = "schedules use Node's data, programs in runs use the system's"
test.each<[Partial<TimeFacts['data']>, Said]>([
  [{}, fine('2025b')],
  [{ system: undefined }, fine('2025b')],
  [
    { system: '2024a' },
    ['note', '2025b in Node, 2024a in the system', ownRules, 'upgrade the package tzdata'],
  ],
  [
    { system: '2026a' },
    ['note', '2025b in Node, 2026a in the system', ownRules, 'install a newer Node'],
  ],
  [
    { system: undefined, without: ['dump', 'rotate'] },
    [
      'warning',
      'the system does not know the zone of dump, rotate',
      'torch starts them on time, but programs in them, such as date, show UTC',
      'install tzdata',
    ],
  ],
  [
    { own: undefined },
    [
      'warning',
      'this Node was built without zone data',
      'it knows only UTC',
      'install a Node with full ICU, such as the one from nodejs.org',
    ],
  ],
])('the finding about zone data with %j is right', (data, expected) => {
  expect(said(judgeTime({ ...facts, data: { ...facts.data, ...data } }), 'tzdata')).toEqual(
    expected,
  )
})

describe('the probe of time', () => {
  const tasks = tasksOf(`
tasks:
  a: { schedule: "@daily", command: "true", timezone: Europe/Berlin }
  b: { schedule: "@daily", command: "true", timezone: Asia/Tokyo }
  c: { schedule: "@daily", command: "true" }
`)

  test('the probe asks every program that knows the clock', async () => {
    const host = machineWith(
      { '/run/systemd/timesync/synchronized': '' },
      {
        'timedatectl show -p NTPSynchronized': 'NTPSynchronized=yes\n',
        'chronyc -c tracking': 'x,Normal\n',
        'ntpq -c rv': 'sync_ntp',
      },
    )
    expect((await probeTime(host, undefined, true)).clock).toEqual({
      timedatectl: 'NTPSynchronized=yes\n',
      timesyncd: 'synchronized',
      chronyc: 'x,Normal\n',
      ntpq: 'sync_ntp',
    })
  })

  test.each([
    [{ '/usr/share/zoneinfo/tzdata.zi': '# version 2025b\n# more\n' }, '2025b'],
    [{ '/usr/share/zoneinfo/+VERSION': '2024a\n' }, '2024a'],
    [{ '/usr/share/zoneinfo/tzdata.zi': '# redo: vanguard\n' }, undefined],
  ])('the version of the zone data in %j is %s', async (texts, system) => {
    expect((await probeTime(machineWith(texts), undefined, false)).data.system).toBe(system)
  })

  test('the probe finds the tasks whose zone the system does not know', async () => {
    const host = machineWith({ '/usr/share/zoneinfo/Europe/Berlin': 'TZif' })
    expect((await probeTime(host, tasks, false)).data.without).toEqual(['b'])
  })
})
