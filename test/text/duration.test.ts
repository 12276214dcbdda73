import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatDuration, parseDuration } from '../../src/text/duration.ts'

const expected = 'expected a duration with a unit, such as 30s, 5m or 1h30m; got'

describe('parseDuration', () => {
  test.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
    ['1w1d1h1m1s1ms', 694_861_001],
    ['90m', 5_400_000],
    ['0s', 0],
    ['36500d', 3_153_600_000_000],
  ])('parseDuration reads %s as %d ms', (text, ms) => {
    expect(parseDuration(text)).toEqual({ ok: true, ms })
  })

  test.each([
    ['30', `${expected} "30"`],
    ['0', `${expected} "0"`],
    ['', `${expected} ""`],
    ['s', `${expected} "s"`],
    ['-5s', `${expected} "-5s"`],
    ['1.5h', `${expected} "1.5h"`],
    ['5 m', `${expected} "5 m"`],
    ['30m1h', `${expected} "30m1h"`],
    ['1h1h', `${expected} "1h1h"`],
    ['5min', `${expected} "5min"`],
    ['5M', `${expected} "5M"`],
    ['1h30', `${expected} "1h30"`],
    ['36501d', '"36501d" is too long; the longest duration is 36500d'],
    [`${'9'.repeat(400)}s`, `"${'9'.repeat(400)}s" is too long; the longest duration is 36500d`],
  ])('parseDuration refuses %.20j', (text, message) => {
    expect(parseDuration(text)).toEqual({ ok: false, message })
  })
})

describe('formatDuration', () => {
  test.each([
    [0, '0s'],
    [250, '250ms'],
    [10_000, '10s'],
    [90_000, '1m30s'],
    [5_400_000, '1h30m'],
    [3_600_000, '1h'],
    [86_400_000, '1d'],
    [864_000_000, '10d'],
    [1001, '1s1ms'],
    [1000.4, '1s'],
    [-5, '0s'],
  ])('formatDuration writes %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })

  test('parseDuration reads what formatDuration writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 36_500 * 86_400_000 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toEqual({ ok: true, ms })
      }),
    )
  })
})
