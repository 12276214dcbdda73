import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isDue, nextDue, nextOf } from '../../src/schedule/due.ts'
import type { Schedule } from '../../src/schedule/schedule.ts'
import { offsetAt } from '../../src/schedule/timezone.ts'
import { at, dueTimes, read } from './read.ts'
import { referenceDue, wallClock } from './reference.ts'
import { anySchedule } from './texts.ts'

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

/** The seconds at which the offset changes, found by looking at each quarter of an hour. */
function changesOf(zone: string, from: number, to: number): number[] {
  const changes: number[] = []
  for (let second = from; second < to; second += 900) {
    if (offsetAt(zone, second - 900) !== offsetAt(zone, second)) changes.push(second)
  }
  return changes
}

/** Every due second of (after, until], as the engine walks them. */
function chain(schedule: Schedule, after: number, until: number): number[] {
  const due: number[] = []
  for (let second = nextDue(schedule, after); second !== undefined && second <= until;) {
    if (second <= (due.at(-1) ?? after)) expect.fail(`${schedule.text} goes back at ${second}`)
    due.push(second)
    second = nextDue(schedule, second)
  }
  return due
}

describe('around every change of offset of 2026 and 2027, against the slow reference', () => {
  const texts = fc.sample(anySchedule({ seconds: '0' }), { numRuns: 18, seed: 20_260_308 })
  test.each(zones)('%s, minute by minute', (zone) => {
    const changes = changesOf(zone, at('2026-01-01T00:00:00Z'), at('2028-01-01T00:00:00Z'))
    expect(changes.length).toBeGreaterThanOrEqual(4)
    for (const change of changes) {
      const [from, to] = [change - 1.5 * day, change + 1.5 * day]
      const walls = wallClock(zone, from, to, 60)
      for (const text of texts) {
        expect([text, chain(read(text, zone), from, to)]).toEqual([
          text,
          referenceDue(text, walls, from, 60),
        ])
      }
    }
  })

  test.each(zones.slice(0, 6))('%s, second by second', (zone) => {
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
  })
})

describe('for any schedule, zone and time', () => {
  const anyZone = fc.constantFrom(...Intl.supportedValuesOf('timeZone'))
  const anyTime = fc.integer({ min: at('1900-01-01T00:00:00Z'), max: at('2200-01-01T00:00:00Z') })

  test('the next time is later, is due, and nothing between is', () => {
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

  test('far from changes the reference finds the same', () => {
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
})

test('ten thousand steps go forward only', () => {
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

test('a daily task runs once on each day of each zone, but for days that do not exist', () => {
  const from = at('2026-01-01T12:00:00Z')
  for (const zone of Intl.supportedValuesOf('timeZone')) {
    const midnights = chain(read('30 2 * * *', zone), from, from + 365 * day)
    const days = new Set(
      midnights.map((second) => Math.floor((second + offsetAt(zone, second)) / day)),
    )
    expect([zone, midnights.length, days.size]).toEqual([zone, 365, 365])
  }
})

describe('far away', () => {
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
  ])('%s %s after %s', (zone, text, from, due) => {
    expect(dueTimes(zone, text, from, due.length)).toEqual(due)
  })

  test('the year 9999 is the last', () => {
    const last = at('9999-12-31T23:59:59Z')
    for (const text of ['* * * * * *', '@every 1s', '0 0 29 2 *']) {
      expect(nextDue(read(text), last)).toBeUndefined()
      expect(nextDue(read(text), Number.POSITIVE_INFINITY)).toBeUndefined()
    }
    expect(nextDue(read('* * * * * *'), Number.NEGATIVE_INFINITY)).toBe(at('0001-01-01T00:00:01Z'))
  })
})

describe('nextOf', () => {
  const noon = read('0 12 * * *')
  const six = read('0 6 * * *')
  const midnight = at('2026-01-01T00:00:00Z')

  test('is the earliest of several', () => {
    expect(nextOf([noon, six], midnight)).toBe(midnight + 6 * 3600)
    expect(nextOf([noon, six], midnight + 6 * 3600)).toBe(midnight + 12 * 3600)
  })

  test('leaves out those that are never due', () => {
    expect(nextOf([read('@reboot'), read('0 0 30 2 *'), noon], midnight)).toBe(midnight + 12 * 3600)
    expect(nextOf([read('@reboot')], midnight)).toBeUndefined()
    expect(nextOf([], midnight)).toBeUndefined()
  })
})
