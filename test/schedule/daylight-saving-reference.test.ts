import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { dueSeconds, nextDue } from '../../src/schedule/due.ts'
import type { Schedule } from '../../src/schedule/schedule.ts'
import { localText, offsetAt } from '../../src/schedule/timezone.ts'
import { at, read } from '../support/schedules.ts'
import { referenceDue, wallClock } from '../support/schedule-reference.ts'
import { anySchedule } from '../support/schedule-texts.ts'

const day = 86_400
const zones = [
  'America/New_York',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'America/Havana',
  'Antarctica/Troll',
  'America/St_Johns',
  'Africa/Casablanca',
  'Asia/Beirut',
  'America/Santiago',
  'Pacific/Chatham',
  'Africa/Cairo',
  'America/Scoresbysund',
]

/** The seconds at which the offset changes. Changes are assumed to be on a quarter of an hour. */
function changesOf(zone: string, from: number, to: number): number[] {
  const changes: number[] = []
  for (let second = from; second < to; second += 900) {
    if (offsetAt(zone, second - 900) !== offsetAt(zone, second)) changes.push(second)
  }
  return changes
}

/** The due seconds in (after, until], found one by one as the daemon does. */
function chain(schedule: Schedule, after: number, until: number): number[] {
  const due: number[] = []
  for (let second = nextDue(schedule, after); second !== undefined && second <= until;) {
    if (second <= (due.at(-1) ?? after)) expect.fail(`${schedule.text} goes back at ${second}`)
    due.push(second)
    second = nextDue(schedule, second)
  }
  return due
}

const texts = fc.sample(anySchedule({ seconds: '0' }), { numRuns: 18, seed: 20_260_308 })
test.each(zones)(
  'around every clock change of 2026 and 2027 in %s, a schedule is due in the minutes that the slow reference finds',
  (zone) => {
    const changes = changesOf(zone, at('2026-01-01T00:00:00Z'), at('2028-01-01T00:00:00Z'))
    expect(changes.length).toBeGreaterThanOrEqual(4)
    for (const change of changes) {
      const [from, to] = [change - day, change + day]
      const walls = wallClock(zone, from, to, 60)
      for (const text of texts) {
        expect([text, chain(read(text, zone), from, to)]).toEqual([
          text,
          referenceDue(text, walls, from, 60),
        ])
      }
    }
  },
)

test.each(zones.slice(0, 6))(
  'around every clock change of 2026 in %s, a schedule is due in the seconds that the slow reference finds',
  (zone) => {
    const seconds = fc.sample(anySchedule({ seconds: '*/7' }), { numRuns: 6, seed: 7 })
    for (const change of changesOf(zone, at('2026-01-01T00:00:00Z'), at('2027-01-01T00:00:00Z'))) {
      const [from, to] = [change - 9000, change + 9000]
      const walls = wallClock(zone, from, to, 1)
      for (const text of [...seconds, '5,59 */9 * * * *', '*/13 * 0-3,23 * * *']) {
        expect([text, chain(read(text, zone), from, to)]).toEqual([
          text,
          referenceDue(text, walls, from, 1),
        ])
      }
    }
  },
)

const anyTime = fc.integer({ min: at('1900-01-01T00:00:00Z'), max: at('2200-01-01T00:00:00Z') })

test('without clock changes, a schedule is due in the minutes that the slow reference finds', () => {
  fc.assert(
    fc.property(anySchedule({ seconds: '30' }), anyTime, (text, time) => {
      const from = time - (time % day) + 30
      const walls = wallClock('UTC', from, from + 2 * day, 60)
      const due = referenceDue(text, walls, from, 60)
      expect(chain(read(text), from, from + 2 * day)).toEqual(due)
    }),
    { numRuns: 40 },
  )
})

test('a daily task runs once on each day in every zone, except on days that do not exist', () => {
  const from = at('2026-01-01T12:00:00Z')
  for (const zone of Intl.supportedValuesOf('timeZone')) {
    const midnights = chain(read('30 2 * * *', zone), from, from + 365 * day)
    const days = new Set(
      midnights.map((second) => Math.floor((second + offsetAt(zone, second)) / day)),
    )
    expect([zone, midnights.length, days.size]).toEqual([zone, 365, 365])
  }
})

const windowZones = [
  'America/New_York',
  'Australia/Lord_Howe',
  'America/Havana',
  'Antarctica/Troll',
  'Europe/Berlin',
  'UTC',
]

test.each([
  '2026-03-08',
  '2026-04-05',
  '2026-03-29',
  '2026-10-04',
  '2026-10-25',
  '2026-11-01',
  '1867-10-18',
])('around the clock changes of %s, dueSeconds finds what repeated nextDue finds', (date) => {
  const offset = fc.integer({ min: -50_000, max: 130_000 })
  const anyZone = fc.constantFrom(...windowZones, ...windowZones, 'America/Juneau')
  fc.assert(
    fc.property(anySchedule({ seconds: '0' }), anyZone, offset, offset, (text, name, a, b) => {
      const schedule = read(text, name)
      const from = at(`${date}T00:00:00Z`) + Math.min(a, b)
      const to = at(`${date}T00:00:00Z`) + Math.max(a, b)
      expect([text, name, from, to, ...dueSeconds(schedule, from, to)]).toEqual([
        text,
        name,
        from,
        to,
        ...chain(schedule, from, to),
      ])
    }),
    { numRuns: 100 },
  )
})

test.each([
  ['30 2 * * *', 'America/New_York', '2026-03-08', ['2026-03-08T03:00:00-04:00']],
  ['30 1 * * *', 'America/New_York', '2026-11-01', ['2026-11-01T01:30:00-04:00']],
  // The skipped times and the first one after them are one.
  [
    '0,15 2,3 * * *',
    'Europe/Berlin',
    '2026-03-29',
    ['2026-03-29T03:00:00+02:00', '2026-03-29T03:15:00+02:00'],
  ],
  ['15 0 * * *', 'America/Havana', '2026-03-08', ['2026-03-08T01:00:00-04:00']],
])('dueSeconds of %s in %s on %s are %j', (text, zone, date, times) => {
  const from = at(`${date}T00:00:00Z`)
  const due = [...dueSeconds(read(text, zone), from, from + 60_000)]
  expect(due.map((second) => localText(zone, second))).toEqual(times)
})
