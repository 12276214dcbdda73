import { bitsBelow } from './masks.ts'

/*
 * Dates as plain integers: a day is its number since 1970-01-01, and a "local second" is a local time
 * counted as if it were UTC. Date objects are ten times slower and know only one zone.
 */

export const secondsPerDay = 86_400

/** The calendar, weekdays included, repeats after 400 years. */
const yearsPerCycle = 400
export const daysOf400Years = 146_097

export interface CivilDate {
  readonly year: number
  /** 1-12. */
  readonly month: number
  /** 1-31. */
  readonly day: number
}

/** Days since 1970-01-01 (https://howardhinnant.github.io/date_algorithms.html#days_from_civil). */
export function dayNumberOf(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / yearsPerCycle)
  const yearOfEra = shifted - era * yearsPerCycle
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * daysOf400Years + dayOfEra - 719_468
}

/** The inverse of {@link dayNumberOf}. */
export function civilDateOf(dayNumber: number): CivilDate {
  const shifted = dayNumber + 719_468
  const era = Math.floor(shifted / daysOf400Years)
  const dayOfEra = shifted - era * daysOf400Years
  const leaps =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096)
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365)
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  const year = yearOfEra + era * yearsPerCycle + (month <= 2 ? 1 : 0)
  return { year, month, day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1 }
}

/** 0 is Sunday. 1970-01-01 was a Thursday. */
export function weekdayOf(dayNumber: number): number {
  return (((dayNumber + 4) % 7) + 7) % 7
}

export function lengthOfMonth(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
  return year % 4 === 0 && (year % 100 !== 0 || year % yearsPerCycle === 0) ? 29 : 28
}

/** A month, with what its masks of days need. Bit d of such a mask is day d. */
export interface Month {
  readonly year: number
  /** 1-12. */
  readonly month: number
  readonly length: number
  /** The number of its first day. */
  readonly start: number
}

export function monthOf(year: number, month: number): Month {
  return { year, month, length: lengthOfMonth(year, month), start: dayNumberOf(year, month, 1) }
}

/** Every day of the month. */
export function wholeMonth({ length }: Pick<Month, 'length'>): number {
  return bitsBelow(-2, length + 1)
}

/** The days from one to another day number, both included, that are in the month. */
export function daysWithin({ start, length }: Month, first: number, last: number): number {
  const from = Math.max(first - start + 1, 1)
  const to = Math.min(last - start + 1, length)
  return to < from ? 0 : bitsBelow(-1, to + 1) & ~bitsBelow(-1, from)
}

/** Seven days as bits. */
export const week = 0b111_1111

/** Every day of a month, and some after it, that falls on one of the weekdays (bits 0-6). */
export function repeatWeekly(weekdays: number, { start }: Pick<Month, 'start'>): number {
  const first = weekdayOf(start)
  const rotated = ((weekdays >> first) | (weekdays << (7 - first))) & week
  return (rotated | (rotated << 7) | (rotated << 14) | (rotated << 21) | (rotated << 28)) << 1
}
