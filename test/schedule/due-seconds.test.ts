import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dueSeconds, nextDue } from '../../src/schedule/due.ts'
import type { Schedule } from '../../src/schedule/schedule.ts'
import { localText } from '../../src/schedule/timezone.ts'
import { at, read } from './read.ts'
import { anySchedule } from './texts.ts'

/** One second after the other, as the daemon goes. */
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

describe('the due seconds of a window are those that walking finds', () => {
  const zone = fc.constantFrom(...zones)

  test('on any day', () => {
    const after = fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-01-01T00:00:00Z') })
    const length = fc.integer({ min: 0, max: 3 * 86_400 })
    fc.assert(
      fc.property(
        anySchedule({ seconds: '0,7' }),
        zone,
        after,
        length,
        (text, name, from, more) => {
          const schedule = read(text, name)
          expect([...dueSeconds(schedule, from, from + more)]).toEqual(
            walked(schedule, from, from + more),
          )
        },
      ),
      { numRuns: 150 },
    )
  })

  test.each([
    '2026-03-08',
    '2026-04-05',
    '2026-03-29',
    '2026-10-04',
    '2026-10-25',
    '2026-11-01',
    '1867-10-18',
  ])('where clocks are changed: %s', (date) => {
    const offset = fc.integer({ min: -50_000, max: 130_000 })
    const anyZone = fc.oneof(zone, fc.constant('America/Juneau'))
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
          ...walked(schedule, from, to),
        ])
      }),
      { numRuns: 100 },
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
  ])('%s', (text) => {
    const schedule = read(text, 'America/New_York')
    for (const from of ['1969-12-30T23:59:59Z', '2026-03-07T12:34:56Z']) {
      const [after, until] = [at(from), at(from) + 3 * 86_400]
      expect([...dueSeconds(schedule, after, until)]).toEqual(walked(schedule, after, until))
    }
  })
})

test('the end is part of the window, the start is not', () => {
  const noon = at('2026-01-01T12:00:00Z')
  expect([...dueSeconds(read('0 12 * * *'), noon, noon + 86_400)]).toEqual([noon + 86_400])
  expect([...dueSeconds(read('* * * * * *'), noon, noon)]).toEqual([])
  expect([...dueSeconds(read('* * * * * *'), noon, noon - 5)]).toEqual([])
  expect([...dueSeconds(read('@secondly'), noon + 0.9, noon + 2.9)]).toEqual([noon + 1, noon + 2])
})

test('nothing is due before year 1 or after 9999, as for nextDue', () => {
  for (const text of ['@secondly', '@every 1s', '* 3 * * * *']) {
    const schedule = read(text, 'Asia/Tokyo')
    for (const edge of [at('0001-01-01T00:00:00Z'), at('9999-12-31T23:59:59Z')])
      expect([...dueSeconds(schedule, edge - 5, edge + 5)]).toEqual(
        walked(schedule, edge - 5, edge + 5),
      )
  }
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
])('%s in %s on %s', (text, zone, date, times) => {
  const from = at(`${date}T00:00:00Z`)
  const due = [...dueSeconds(read(text, zone), from, from + 60_000)]
  expect(due.map((second) => localText(zone, second))).toEqual(times)
})

test('every second but those of one hour', () => {
  const schedule = read('* * 0-22 * * *')
  const from = at('2026-06-01T00:00:00Z')
  expect(dueSeconds(schedule, from - 1, from + 86_399)).toHaveLength(23 * 3600)
})
