import { describe, expect, test } from 'vitest'
import {
  axis,
  cellsWithin,
  profile,
  timeline,
} from '../../../../src/cli/commands/plan/plan-block.ts'

test.each([
  [7, 0],
  [8, 8],
  [23, 16],
  [24, 24],
  [40, 40],
  [47, 40],
  [48, 48],
  [95, 80],
  [96, 96],
  [150, 144],
  [5000, 1440],
])('a timeline in %d columns has %d cells', (width, cells) => {
  expect(cellsWithin(width)).toBe(cells)
})

test('a cell of a timeline is a dot, a digit, or + above nine', () => {
  expect(timeline([0, 1, 9, 10, 86_400])).toBe('.19++')
  expect(timeline([])).toBe('')
})

test.each([
  [[0, 1, 2, 3, 4, 5, 6, 7, 8], '.▁▂▃▄▅▆▇█', '.23456789'],
  [[1, 1000], '▁█', '19'],
  [[5, 5], '██', '99'],
  [[0, 0], '..', '..'],
])('the profile of the counts %j shows each relative to the greatest', (counts, bars, digits) => {
  expect(profile(counts, true)).toBe(bars)
  expect(profile(counts, false)).toBe(digits)
})

describe('The hours above a timeline', () => {
  const from = Date.parse('2026-06-01T10:17:30Z') / 1000

  test.each([
    [48, 'UTC', '   12  14  16  18  20  22  00  02  04  06  08'],
    [48, 'Asia/Kathmandu', '   18  20  22  00  02  04  06  08  10  12  14'],
    [24, 'UTC', ' 12 15 18 21 00 03 06 09'],
    [8, 'UTC', '12  00'],
    [
      72,
      'Australia/Lord_Howe',
      '21 22 23 00 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20',
    ],
  ])('the hours above %d cells in %s', (cells, zone, text) => {
    expect(axis(from, cells, zone)).toBe(text)
  })

  test('an hour label stands above the cell in which the hour begins', () => {
    const hour = Date.parse('2026-06-01T10:00:00Z') / 1000
    expect(axis(hour, 96, 'UTC').indexOf('11')).toBe(3)
    expect(axis(hour + 1, 96, 'UTC').indexOf('11')).toBe(3)
    expect(axis(hour - 1, 96, 'UTC').indexOf('10')).toBe(0)
  })

  test('an hour that daylight saving skips or repeats is missing or appears twice', () => {
    const spring = Date.parse('2026-03-08T00:00:00-05:00') / 1000
    expect(axis(spring, 96, 'America/New_York').slice(0, 20)).toBe('   01  03  04  05  0')
    const autumn = Date.parse('2026-11-01T00:00:00-04:00') / 1000
    expect(axis(autumn, 96, 'America/New_York').slice(0, 20)).toBe('   01      02  03  0')
  })

  test('hour labels that would be too close are left out', () => {
    const gap = Date.parse('2026-10-04T00:00:00+10:30') / 1000
    expect(axis(gap, 72, 'Australia/Lord_Howe').slice(0, 13)).toBe('  01 02   04 ')
  })
})
