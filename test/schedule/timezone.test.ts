import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { localText, offsetAt, spanAt } from '../../src/schedule/timezone.ts'
import { at } from '../support/schedules.ts'
import { wallClock } from '../support/schedule-reference.ts'

const all = Intl.supportedValuesOf('timeZone')

describe('offsetAt', () => {
  test.each<[string, string, number]>([
    ['UTC', '2026-06-01T00:00:00Z', 0],
    ['America/New_York', '2026-03-08T06:59:59Z', -5 * 3600],
    ['America/New_York', '2026-03-08T07:00:00Z', -4 * 3600],
    ['America/New_York', '1880-01-01T00:00:00Z', -(4 * 3600 + 56 * 60 + 2)],
    ['Australia/Lord_Howe', '2026-10-03T15:30:00Z', 11 * 3600],
    ['Asia/Kathmandu', '1985-12-31T18:29:59Z', 5.5 * 3600],
    ['Asia/Kathmandu', '1985-12-31T18:30:00Z', 5.75 * 3600],
    ['Pacific/Apia', '2011-12-30T09:59:59Z', -10 * 3600],
    ['Pacific/Apia', '2011-12-30T10:00:00Z', 14 * 3600],
    ['Africa/Monrovia', '1970-01-01T00:00:00Z', -(44 * 60 + 30)],
  ])('the offset of %s at %s is %d', (zone, time, offset) => {
    expect(offsetAt(zone, at(time))).toBe(offset)
  })

  test('offsetAt agrees with the wall clock, in any zone at any time', () => {
    const time = fc.integer({ min: at('1850-01-01T00:00:00Z'), max: at('2100-01-01T00:00:00Z') })
    fc.assert(
      fc.property(fc.constantFrom(...all), time, (zone, second) => {
        const [wall] = wallClock(zone, second, second, 1)
        expect(second + offsetAt(zone, second)).toBe(wall)
      }),
      { numRuns: 1500 },
    )
  })

  test('offsetAt throws a RangeError for a name that is not a zone', () => {
    expect(() => offsetAt('Mars/Olympus', 0)).toThrow(RangeError)
  })

  test('offsetAt gives the same offsets after older zones and years have left its cache', () => {
    const seconds = Array.from({ length: 1300 }, (_, index) => index * 32 * 86_400 - 600_000_000)
    const offsets = () => seconds.map((second) => offsetAt('Europe/Paris', second))
    const before = offsets()
    for (const zone of all.slice(0, 150)) offsetAt(zone, 0)
    expect(offsets()).toEqual(before)
  })
})

test('the spans of a zone follow each other without a gap', () => {
  let second = at('2020-01-01T00:00:00Z')
  const end = at('2030-01-01T00:00:00Z')
  while (second < end) {
    const span = spanAt('Africa/Casablanca', second)
    expect(span.from).toBe(spanAt('Africa/Casablanca', span.to - 1).from)
    expect(spanAt('Africa/Casablanca', span.to).from).toBe(span.to)
    expect(span.to).toBeGreaterThan(second)
    second = span.to
  }
})

test('each span ends at the exact second of the change, also for changes from local mean time', () => {
  let changes = 0
  for (const zone of all.filter((_, index) => index % 8 === 0)) {
    let span = spanAt(zone, at('1880-01-01T00:00:00Z'))
    while (span.to < at('1925-01-01T00:00:00Z')) {
      const next = spanAt(zone, span.to)
      if (next.offset !== span.offset) {
        const [before, after] = wallClock(zone, span.to - 1, span.to, 1)
        expect([zone, before, after]).toEqual([
          zone,
          span.to - 1 + span.offset,
          span.to + next.offset,
        ])
        changes++
      }
      span = next
    }
  }
  expect(changes).toBeGreaterThan(50)
})

describe('localText', () => {
  test.each<[string, string, string]>([
    ['America/New_York', '2026-03-08T07:00:00Z', '2026-03-08T03:00:00-04:00'],
    ['America/New_York', '2026-11-01T06:30:00Z', '2026-11-01T01:30:00-05:00'],
    ['UTC', '2026-03-08T07:00:00Z', '2026-03-08T07:00:00+00:00'],
    ['Asia/Kathmandu', '2026-12-31T18:15:00Z', '2027-01-01T00:00:00+05:45'],
    ['America/St_Johns', '2026-01-01T00:00:00Z', '2025-12-31T20:30:00-03:30'],
    ['America/New_York', '1880-01-01T00:00:00Z', '1879-12-31T19:03:58-04:56:02'],
    ['UTC', '0001-01-01T00:00:00Z', '0001-01-01T00:00:00+00:00'],
  ])('localText in %s at %s is %s', (zone, time, text) => {
    expect(localText(zone, at(time))).toBe(text)
  })

  test('localText can be read back as the same instant', () => {
    const time = fc.integer({ min: at('1975-01-01T00:00:00Z'), max: at('2100-01-01T00:00:00Z') })
    fc.assert(
      fc.property(fc.constantFrom(...all), time, (zone, second) => {
        expect(at(localText(zone, second))).toBe(second)
      }),
    )
  })
})
