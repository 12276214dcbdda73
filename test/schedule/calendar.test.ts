import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { civilDateOf, dayNumberOf, lengthOfMonth, weekdayOf } from '../../src/schedule/calendar.ts'

const anyDay = fc.integer({ min: -719_162, max: 2_932_896 })

test('days are those of Date, from year 1 to 9999', () => {
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

test('a date is the day it came from', () => {
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
])('%d-%d has %d days', (year, month, days) => {
  expect(lengthOfMonth(year, month)).toBe(days)
})
