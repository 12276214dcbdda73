import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  civilDateOf,
  dayNumberOf,
  lengthOfMonth,
  weekdayOf,
} from '../../src/schedule/civil-date.ts'
import { dueTimes } from '../support/schedules.ts'

const anyDay = fc.integer({ min: -719_162, max: 2_932_896 })

test('the date and the weekday of a day agree with Date, from year 1 to 9999', () => {
  fc.assert(
    fc.property(anyDay, (day) => {
      const date = new Date(day * 86_400_000)
      expect(civilDateOf(day)).toEqual({
        year: date.getUTCFullYear(),
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
      })
      expect(weekdayOf(day)).toBe(date.getUTCDay())
    }),
    { numRuns: 2000 },
  )
})

test('dayNumberOf is the inverse of civilDateOf', () => {
  fc.assert(
    fc.property(anyDay, (day) => {
      const civil = civilDateOf(day)
      expect(dayNumberOf(civil.year, civil.month, civil.day)).toBe(day)
    }),
  )
})

test.each([
  [2026, 1, 31],
  [2026, 4, 30],
  [2026, 2, 28],
  [2028, 2, 29],
  [2100, 2, 28],
  [2000, 2, 29],
  [2026, 12, 31],
])('the month %d-%d has %d days', (year, month, days) => {
  expect(lengthOfMonth(year, month)).toBe(days)
})

test.each<[string, string[]]>([
  // March 2026 begins on a Sunday.
  ['0 0 13 * 5', ['03-06', '03-13', '03-20', '03-27', '04-03', '04-10', '04-13']],
  ['0 0 15 * 5', ['03-06', '03-13', '03-15', '03-20']],
  ['0 0 */2 * 1', ['03-09', '03-23', '04-13', '04-27']],
  ['0 0 1-7 * */7', ['03-01', '04-05', '05-03']],
  ['0 0 L * *', ['03-31', '04-30', '05-31', '06-30']],
  ['0 0 L 2 *', ['02-28', '02-29']],
  ['0 0 31,L * *', ['03-31', '04-30', '05-31']],
  ['0 0 * * 5L', ['03-27', '04-24', '05-29']],
  ['0 0 * * 1#1', ['03-02', '04-06', '05-04']],
  ['0 0 * * 0#5', ['03-29', '05-31', '08-30']],
  ['0 0 L * 5#2', ['03-13', '03-31', '04-10', '04-30']],
  ['0 0 L-3 * *', ['03-28', '04-27', '05-28', '06-27']],
  ['0 0 L-30 * *', ['03-01', '05-01', '07-01', '08-01', '10-01']],
  ['0 0 15W * *', ['03-16', '04-15', '05-15', '06-15', '07-15', '08-14']],
  // 2026-08-01 is a Saturday, and 2026-11-01 a Sunday.
  ['0 0 1W * *', ['03-02', '04-01', '05-01', '06-01', '07-01', '08-03', '09-01', '10-01', '11-02']],
  // 2026-05-31 is a Sunday, and 2026-10-31 a Saturday.
  ['0 0 LW * *', ['03-31', '04-30', '05-29', '06-30', '07-31', '08-31', '09-30', '10-30', '11-30']],
  ['0 0 31W * *', ['03-31', '05-29', '07-31', '08-31', '10-30', '12-31', '01-29', '03-31']],
  ['0 0 L-1W,1W * 6', ['03-02', '03-07', '03-14', '03-21', '03-28', '03-30', '04-01']],
  ['0 0 15W * mon', ['03-02', '03-09', '03-16', '03-23', '03-30', '04-06', '04-13', '04-15']],
  ['0 0 15W * */7', []],
  ['0 0 L-30 2,4 *', []],
  ['0 0 31 * *', ['03-31', '05-31', '07-31', '08-31', '10-31', '12-31', '01-31']],
])('%s is due on the days %j', (text, days) => {
  const from = text === '0 0 L 2 *' ? '2027-02-01T00:00:00Z' : '2026-02-28T23:59:59Z'
  expect(
    dueTimes('UTC', text, from, Math.max(days.length, 1)).map((time) => time.slice(5, 10)),
  ).toEqual(days)
})
