import { describe, expect, test } from 'vitest'
import { type ClockAnswers, type TimeFacts, timeFindings } from '../../src/doctor/judge-time.ts'
import { fine, said, type Said } from './support.ts'

const facts: TimeFacts = {
  clock: { timedatectl: 'NTPSynchronized=yes\n' },
  inContainer: false,
  zone: {
    zone: 'Europe/Berlin',
    variable: undefined,
    localtime: '/usr/share/zoneinfo/Europe/Berlin',
  },
  data: { own: '2025b', system: '2025b', without: [] },
}
const chronyd = '8394D3E1,time.example,2,1764000000.1,0.0,0.0,0.0,-3.2,0.0,0.1,0.02,0.001,64.2'

describe('the clock', () => {
  const wrong = (program: string): Said => [
    'warning',
    `not synchronised (${program}): tasks are due by a clock that may be wrong`,
    null,
    'timedatectl set-ntp true, or start chronyd or ntpd',
  ]
  const unknown: Said = [
    'note',
    'whether it is synchronised is not known',
    null,
    'timedatectl, chronyc or ntpq would say it',
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
  ])('%j', (clock, expected) => {
    expect(said(timeFindings({ ...facts, clock }), 'clock')).toEqual(expected)
  })

  test('of a container is that of its machine', () => {
    expect(said(timeFindings({ ...facts, clock: {}, inContainer: true }), 'clock')).toEqual([
      'note',
      'whether it is synchronised is not known',
      null,
      'see on the machine that the container is on',
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
    { zone: 'UTC', variable: 'CET-1CEST' },
    [
      'warning',
      'TZ=CET-1CEST is no zone that Node knows',
      'UTC is taken',
      'an IANA name, as Europe/Berlin; or say timezone in the tasks file',
    ],
  ],
  [
    { zone: 'UTC', localtime: undefined },
    [
      'note',
      'UTC, as there is no /etc/localtime',
      null,
      'say timezone in the tasks file, and the machine does not matter',
    ],
  ],
])('the zone: %j', (zone, expected) => {
  expect(said(timeFindings({ ...facts, zone: { ...facts.zone, ...zone } }), 'zone')).toEqual(
    expected,
  )
})

const ownRules = "schedules go by Node's, the programs in runs by the system's"
test.each<[Partial<TimeFacts['data']>, Said]>([
  [{}, fine('2025b')],
  [{ system: undefined }, fine('2025b')],
  [
    { system: '2024a' },
    ['note', '2025b in Node, 2024a in the system', ownRules, 'upgrade the package tzdata'],
  ],
  [
    { system: '2026a' },
    ['note', '2025b in Node, 2026a in the system', ownRules, 'a newer Node has newer ones'],
  ],
  [
    { system: undefined, without: ['dump', 'rotate'] },
    [
      'warning',
      'the system does not know the zone of dump, rotate',
      'they start in time, but programs in them, such as date, show UTC',
      'install tzdata',
    ],
  ],
  [
    { own: undefined },
    [
      'warning',
      'this Node was built without zone data',
      'UTC is all that it knows',
      'install a Node with full ICU, as nodejs.org has it',
    ],
  ],
])('zone data: %j', (data, expected) => {
  expect(said(timeFindings({ ...facts, data: { ...facts.data, ...data } }), 'tzdata')).toEqual(
    expected,
  )
})
