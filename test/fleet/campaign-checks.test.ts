import { describe, expect, test } from 'vitest'
import { checkFleet, readLines, type Row } from '../../bench/fleet-campaign/check.js'

/*
 * The checker of the fleet campaign, with logs that are made by hand: each rule is broken once. Slots are
 * written as seconds after noon, and a line is `task slot try run host pid uptime word`.
 */

const noon = Date.parse('2026-03-10T12:00:00Z') / 1000
const slotOf = (seconds: number) => new Date((noon + seconds) * 1000).toISOString()
const tasks = [
  { name: 'often', kind: 'slots', every: 10 },
  { name: 'single', kind: 'slots', every: 10, max: 1 },
  { name: 'keep', kind: 'daemon', max: 1, holdFor: 21 },
  { name: 'plain', kind: 'host', every: 10 },
  { name: 'lost', kind: 'slots', every: 10, max: 3, tries: 3, holdFor: 21 },
  { name: 'timely', kind: 'slots', every: 10, within: 60 },
] as const

/** Slots 0, 10 and 20 of all tasks begin, and `keep` runs all the time. */
const good = [
  'often 0 1 a1 web1 11 100.0 begin',
  'often 0 1 a1 web1 11 100.1 end',
  'often 10 1 a2 web2 12 110.0 begin',
  'often 20 1 a3 web1 13 120.0 begin',
  'single 0 1 b1 web1 21 100.0 begin',
  'single 0 1 b1 web1 21 105.0 end',
  'single 10 1 b2 web2 22 110.0 begin',
  'single 10 1 b2 web2 22 115.0 beat',
  'single 20 1 b3 web2 23 120.0 begin',
  'keep - 1 k1 web3 31 100.0 begin',
  'keep - 1 k1 web3 31 125.0 beat',
  ...[0, 10, 20].map((at) => `lost ${at} 1 l${at} web${at / 10 + 1} 5${at} ${100 + at}.5 begin`),
  'lost 0 1 l0 web1 50 112.0 beat',
  'lost 0 1 l0 web1 50 112.5 end',
  ...[0, 10, 20].map((at) => `timely ${at} 1 t${at} web1 6${at} ${104 + at}.0 begin`),
  ...['web1', 'web2'].map((host) => `plain 0 1 p-${host} ${host} 41 100.0 begin`),
]

interface Change {
  readonly without?: string
  readonly with?: readonly string[]
  readonly rows?: readonly Row[]
  readonly lived?: { readonly from: number; readonly to: number }
  readonly away?: readonly { readonly from: number; readonly to: number }[]
  readonly disturbed?: NonNullable<Parameters<typeof checkFleet>[0]['disturbed']>
}

function check({ without, with: added = [], rows = [], lived, ...change }: Change) {
  const all = [
    ...good.filter((line) => without === undefined || !line.startsWith(without)),
    ...added,
  ]
  const text = all.map((line) => {
    const [task, slot = '-', ...rest] = line.split(' ')
    return `${[task, slot === '-' ? slot : slotOf(Number(slot)), ...rest].join(' ')}\n`
  })
  return checkFleet({
    ...{ lines: readLines(text.join('')), rows, tasks, bootedAt: noon - 100, ...change },
    ...{ from: noon, to: noon + 20, lived: lived ?? { from: 100, to: 125 } },
  })
}

function row(task: string, slot: number, outcome: string, lastSlot?: number): Row {
  const last = lastSlot === undefined ? null : slotOf(lastSlot)
  return { task, slot: slotOf(slot), lastSlot: last, outcome }
}

const longLife = { from: 100, to: 160 }
const crash = { host: 'web2', from: 111, to: 161, isCrash: true }
const clockSet = (host: string) => ({ host, from: 101, to: 125, isClock: true })
/** The whole life of `keep`, and nothing of what web2 ran after its crash. */
const crashed = { lived: longLife, with: ['keep - 1 k1 web3 31 160.0 beat'], disturbed: [crash] }

describe('the checker of the fleet campaign', () => {
  test('finds nothing where nothing is wrong, and counts what it saw', () => {
    const { breaches, figures } = check({})
    expect(breaches).toEqual([])
    expect(figures).toMatchObject({ due: 12, started: 12, 'not started': 0, doubled: 0 })
  })

  test.each<[string, Change, string]>([
    [
      'a slot that began on two machines',
      { with: ['often 10 1 a9 web3 19 112.0 begin'] },
      'doubled: often',
    ],
    [
      'a run that began twice',
      { with: ['often 0 1 a1 web1 11 101.0 begin'] },
      'doubled: run a1 of often began 2 times',
    ],
    [
      'a run that has two processes',
      { with: ['keep - 1 k1 web3 99 110.0 beat'] },
      'doubled: run k1 of keep has the pids 31 99',
    ],
    [
      'a plain task that began twice on one machine',
      { with: ['plain 0 1 p9 web1 49 101.0 begin'] },
      'doubled: plain',
    ],
    [
      'a plain task that began twice where the clock was not set',
      { with: ['plain 0 1 p9 web1 49 103.0 begin'], disturbed: [clockSet('web2')] },
      'doubled: plain',
    ],
    [
      'a slot that began twice, whatever the clock',
      { with: ['often 10 1 a9 web2 19 112.0 begin'], disturbed: [clockSet('web2')] },
      'doubled: often',
    ],
    [
      'a run that begins before the last sign of the one before',
      { with: ['single 10 1 b2 web2 22 120.5 beat'] },
      'overlap: single began on web2 at 120 (b3) beside b2 on web2, until 120.5',
    ],
    [
      'a second run of a task that always runs',
      { with: ['keep - 1 k2 web4 32 112.0 begin', 'keep - 1 k2 web4 32 113.0 end'] },
      'overlap: keep began on web4',
    ],
    [
      'a slot that nobody knows of',
      { without: 'often 10' },
      'unexplained: often at 2026-03-10T12:00:10.000Z',
    ],
    [
      'a slot whose run is on record as good but never began',
      { without: 'often 10', rows: [row('often', 10, 'ok')] },
      'unexplained: often',
    ],
    [
      'a slot outside of the missed ones on record',
      { without: 'often 10', rows: [row('often', 20, 'missed', 30)] },
      'unexplained: often',
    ],
    [
      'a task that did not run for longer than the promise',
      { lived: longLife },
      'gap: keep did not run from 125 to 160: 35.0 s with an engine, not 29',
    ],
    [
      'a task that never ran',
      { lived: longLife, without: 'keep' },
      'gap: keep did not run from 100 to 160',
    ],
    [
      'a start before its slot',
      { with: ['timely 20 2 t9 web2 69 113.5 begin'] },
      'untimely: timely',
    ],
    ['a start long after its slot', { with: ['timely 0 2 t9 web2 69 175.5 begin'] }, 'untimely'],
    [
      'another try without a reason',
      { with: ['lost 0 2 l9 web2 59 120.0 begin'] },
      'tries: try 2 of lost',
    ],
    [
      'another try before the one before is over',
      {
        with: ['lost 0 2 l9 web2 59 111.0 begin'],
        disturbed: [{ host: 'web1', from: 105, to: 110 }],
      },
      'tries: try 2 of lost at 2026-03-10T12:00:00.000Z began on web2 at 111, before try 1 was over',
    ],
    [
      'a fourth try',
      { with: ['lost 10 4 l9 web2 59 120.0 begin'], disturbed: [{ ...crash, isCrash: false }] },
      'tries: lost at 2026-03-10T12:00:10.000Z has a try 4',
    ],
    ['a lost run that does not start again', crashed, 'not again: lost at 2026-03-10T12:00:10'],
    [
      'a lost run that starts again too late',
      { ...crashed, with: [...crashed.with, 'lost 10 2 l9 web1 59 156.0 begin'] },
      'not again: lost',
    ],
    ['a line that is not whole', { with: ['often 10 1 a2'] }, 'torn line: often'],
  ])('finds %s', (_, change, words) => {
    expect(check(change).breaches).toEqual([expect.stringContaining(words)])
  })

  test.each<[string, Change]>([
    ['another try of the same slot', { with: ['often 10 2 a9 web2 19 112.0 begin'] }],
    ['a slot that is skipped', { without: 'often 10', rows: [row('often', 10, 'skipped')] }],
    ['a slot among missed ones', { without: 'often 10', rows: [row('often', 0, 'missed', 20)] }],
    ['a gap without an engine', { lived: longLife, away: [{ from: 130, to: 140 }] }],
    ['a lost run', { ...crashed, with: [...crashed.with, 'lost 10 2 l9 web1 59 154.0 begin'] }],
    [
      'a second that comes again because the clock was set back',
      { with: ['plain 0 1 p9 web1 49 103.0 begin'], disturbed: [clockSet('web1')] },
    ],
    ['a plain task on each machine', { with: ['plain 0 1 p3 web3 43 100.0 begin'] }],
  ])('accepts %s', (_, change) => {
    expect(check(change).breaches).toEqual([])
  })

  test('finds a start on a machine that was barred from it', () => {
    const text = `often ${slotOf(10)} 1 a2 web2 12 110.0 begin\n`
    const { breaches } = checkFleet({
      ...{ lines: readLines(text), rows: [], tasks: [], from: noon, to: noon },
      lived: { from: 100, to: 125 },
      barred: [{ task: 'often', host: 'web2', from: 105, to: 120 }],
    })
    expect(breaches).toEqual([
      'barred: often began on web2 at 110, which was not allowed to start it',
    ])
  })
})
