import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { dueSeconds, isDue, nextDue, nextOf } from '../../src/schedule/due.ts'
import type { Schedule } from '../../src/schedule/schedule.ts'
import { at, dueTimes, read } from '../support/schedules.ts'
import { anySchedule } from '../support/schedule-texts.ts'

const anyZone = fc.constantFrom(...Intl.supportedValuesOf('timeZone'))
const anyTime = fc.integer({ min: at('1900-01-01T00:00:00Z'), max: at('2200-01-01T00:00:00Z') })

test('for any schedule, zone and time, the next due second is later, is due, and nothing before it is', () => {
  fc.assert(
    fc.property(anySchedule(), anyZone, anyTime, fc.nat(), (text, zone, after, pick) => {
      const schedule = read(text, zone)
      const next = nextDue(schedule, after)
      if (next === undefined) return
      expect(next).toBeGreaterThan(after)
      expect(isDue(schedule, next)).toBe(true)
      const between = after + (pick % (next - after))
      expect(nextDue(schedule, between)).toBe(next)
      expect(between > after && isDue(schedule, between)).toBe(false)
    }),
    { numRuns: 1500 },
  )
})

test('ten thousand calls of nextDue only move forward', () => {
  for (const [text, zone] of [
    ['*/17 * * * * *', 'America/Havana'],
    ['*/10 1-3 * * *', 'Australia/Lord_Howe'],
    ['30 2 * * *', 'America/New_York'],
    ['0 */5 1,L * 1', 'Africa/Casablanca'],
  ] as const) {
    const schedule = read(text, zone)
    let second = at('2026-01-01T00:00:00Z')
    for (let step = 0; step < 10_000; step++) {
      const next = nextDue(schedule, second) ?? expect.fail(`${text} ended at ${second}`)
      expect(next > second).toBe(true)
      second = next
    }
  }
})

test.each<[string, string, string, string[]]>([
  [
    'UTC',
    '0 0 29 2 *',
    '2026-01-01T00:00:00Z',
    ['2028-02-29T00:00:00+00:00', '2032-02-29T00:00:00+00:00'],
  ],
  ['UTC', '0 0 29 2 *', '2096-03-01T00:00:00Z', ['2104-02-29T00:00:00+00:00']],
  ['Asia/Tokyo', '0 0 29 2 */7', '2032-03-01T00:00:00Z', ['2060-02-29T00:00:00+09:00']],
  [
    'Europe/Berlin',
    '* * 29 2 *',
    '2028-02-29T22:58:00Z',
    ['2028-02-29T23:59:00+01:00', '2032-02-29T00:00:00+01:00'],
  ],
  ['Australia/Lord_Howe', '0 0 29 2 1', '2026-02-23T12:00:00Z', ['2027-02-01T00:00:00+11:00']],
  ['UTC', '0 0 1 1 *', '1969-06-01T00:00:00Z', ['1970-01-01T00:00:00+00:00']],
  ['UTC', '59 59 23 31 12 *', '9999-01-01T00:00:00Z', ['9999-12-31T23:59:59+00:00']],
])('in %s, the schedule %s after %s is due at %j', (zone, text, from, due) => {
  expect(dueTimes(zone, text, from, due.length)).toEqual(due)
})

test('nothing is due after the year 9999', () => {
  const last = at('9999-12-31T23:59:59Z')
  for (const text of ['* * * * * *', '@every 1s', '0 0 29 2 *']) {
    expect(nextDue(read(text), last)).toBeUndefined()
    expect(nextDue(read(text), Number.POSITIVE_INFINITY)).toBeUndefined()
  }
  expect(nextDue(read('* * * * * *'), Number.NEGATIVE_INFINITY)).toBe(at('0001-01-01T00:00:01Z'))
})

const atNoon = read('0 12 * * *')
const atSix = read('0 6 * * *')
const midnight = at('2026-01-01T00:00:00Z')

test('nextOf is the earliest of several schedules', () => {
  expect(nextOf([atNoon, atSix], midnight)).toBe(midnight + 6 * 3600)
  expect(nextOf([atNoon, atSix], midnight + 6 * 3600)).toBe(midnight + 12 * 3600)
})

test('nextOf ignores schedules that are never due', () => {
  expect(nextOf([read('@reboot'), read('0 0 30 2 *'), atNoon], midnight)).toBe(midnight + 12 * 3600)
  expect(nextOf([read('@reboot')], midnight)).toBeUndefined()
  expect(nextOf([], midnight)).toBeUndefined()
})

/** The due seconds in (after, until], found one by one as the daemon does. */
function walked(schedule: Schedule, after: number, until: number): number[] {
  const found: number[] = []
  for (let due = nextDue(schedule, after); due !== undefined && due <= until;) {
    found.push(due)
    due = nextDue(schedule, due)
  }
  return found
}

const zones = [
  'America/New_York',
  'Australia/Lord_Howe',
  'America/Havana',
  'Antarctica/Troll',
  'Europe/Berlin',
  'UTC',
]

const zone = fc.constantFrom(...zones)

test('dueSeconds finds what repeated nextDue finds, on any day', () => {
  const after = fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-01-01T00:00:00Z') })
  const length = fc.integer({ min: 0, max: 3 * 86_400 })
  fc.assert(
    fc.property(anySchedule({ seconds: '0,7' }), zone, after, length, (text, name, from, more) => {
      const schedule = read(text, name)
      expect([...dueSeconds(schedule, from, from + more)]).toEqual(
        walked(schedule, from, from + more),
      )
    }),
    { numRuns: 150 },
  )
})

test.each([
  '@every 90s',
  '@every 1d',
  '@reboot',
  '@hourly',
  'H H * * *',
  '0 0 30 2 *',
  '59 59 23 31 12 *',
])('dueSeconds of %s finds what repeated nextDue finds', (text) => {
  const schedule = read(text, 'America/New_York')
  for (const from of ['1969-12-30T23:59:59Z', '2026-03-07T12:34:56Z']) {
    const [after, until] = [at(from), at(from) + 3 * 86_400]
    expect([...dueSeconds(schedule, after, until)]).toEqual(walked(schedule, after, until))
  }
})

test('dueSeconds includes the end of its window, but not the start', () => {
  const noon = at('2026-01-01T12:00:00Z')
  expect([...dueSeconds(read('0 12 * * *'), noon, noon + 86_400)]).toEqual([noon + 86_400])
  expect([...dueSeconds(read('* * * * * *'), noon, noon)]).toEqual([])
  expect([...dueSeconds(read('* * * * * *'), noon, noon - 5)]).toEqual([])
  expect([...dueSeconds(read('@secondly'), noon + 0.9, noon + 2.9)]).toEqual([noon + 1, noon + 2])
})

test('dueSeconds finds nothing before year 1 or after year 9999', () => {
  for (const text of ['@secondly', '@every 1s', '* 3 * * * *']) {
    const schedule = read(text, 'Asia/Tokyo')
    for (const edge of [at('0001-01-01T00:00:00Z'), at('9999-12-31T23:59:59Z')])
      expect([...dueSeconds(schedule, edge - 5, edge + 5)]).toEqual(
        walked(schedule, edge - 5, edge + 5),
      )
  }
})

test('dueSeconds lists every second of 23 hours', () => {
  const schedule = read('* * 0-22 * * *')
  const from = at('2026-06-01T00:00:00Z')
  expect(dueSeconds(schedule, from - 1, from + 86_399)).toHaveLength(23 * 3600)
})
