import {
  civilDateOf,
  dayNumberOf,
  daysWithin,
  type Month,
  repeatWeekly,
  wholeMonth,
} from './civil-date.ts'

/*
 * What limits a schedule beside its fields: `from` and `until`, `cycle`, and calendars. The days of `cycle` and
 * of calendars are those of the schedule's zone.
 */

/** Plain data, like a schedule. All schedules of a task share one. */
export interface Limits {
  /** Whose days these are: an IANA name. */
  readonly zone: string
  /** Epoch seconds: no slot before. */
  readonly from: number | undefined
  /** Epoch seconds: no slot from then on. */
  readonly until: number | undefined
  readonly cycle: Cycle | undefined
  readonly calendar: Calendar | undefined
  /** Two limits with the same id allow the same slots. */
  readonly id: string
}

/** `length` days in every `period` days, from the day number `first` on; or every n-th month. */
export type Cycle =
  | {
      readonly kind: 'days'
      readonly first: number
      readonly period: number
      readonly length: number
    }
  | {
      readonly kind: 'months'
      /** A month counts as year * 12 + its number. */
      readonly first: number
      readonly period: number
    }

/** The days of `only`, without those of `except`. */
export interface Calendar {
  readonly only: DaySet | undefined
  readonly except: DaySet | undefined
  /** What becomes of the slots of any other day. */
  readonly onExcluded: 'skip' | 'next-day' | 'previous-day'
}

export interface DaySet {
  /** Bits 0-6; 0 is Sunday. */
  readonly weekdays: number
  /** Twelve masks: the days that come each year. */
  readonly yearly: readonly number[]
  /** First and last day number of each, in order and apart. */
  readonly ranges: readonly (readonly [first: number, last: number])[]
}

/** The days of a month that are in the cycle. */
export function cycleDays(cycle: Cycle | undefined, month: Month): number {
  if (cycle === undefined) return wholeMonth(month)
  if (cycle.kind === 'months') {
    const since = month.year * 12 + month.month - cycle.first
    return since >= 0 && since % cycle.period === 0 ? wholeMonth(month) : 0
  }
  const { first, period, length } = cycle
  let days = 0
  // The first time of the cycle that has not ended before the month.
  const times = Math.max(0, Math.ceil((month.start - length + 1 - first) / period))
  const end = month.start + month.length
  for (let day = first + times * period; day < end; day += period)
    days |= daysWithin(month, day, day + length - 1)
  return days
}

/** The first day at or after this one that is in the cycle. */
export function nextCycleDay(cycle: Cycle, day: number): number {
  if (cycle.kind === 'days') {
    const { first, period, length } = cycle
    const into = (day - first) % period
    return day < first ? first : into < length ? day : day + period - into
  }
  const { year, month } = civilDateOf(day)
  const since = year * 12 + month - cycle.first
  if (since >= 0 && since % cycle.period === 0) return day
  const next =
    since < 0 ? cycle.first : cycle.first + Math.ceil(since / cycle.period) * cycle.period
  return firstDayOf(next)
}

/** The number of the first day of a month that counts as year * 12 + its number. */
function firstDayOf(month: number): number {
  return dayNumberOf(Math.floor((month - 1) / 12), ((month - 1) % 12) + 1, 1)
}

/** The months in which the calendars may leave a day, as bits 1-12. */
export function openMonths({ only }: Calendar): number {
  if (only === undefined || only.weekdays !== 0 || only.ranges.length > 0) return everyMonth
  return only.yearly.reduce((months, days, at) => (days === 0 ? months : months | (2 << at)), 0)
}

/** Bits 1-12. */
export const everyMonth = 0b1_1111_1111_1110

/** The days of a month that the calendars leave. */
export function openDays({ only, except }: Calendar, month: Month): number {
  const all = only === undefined ? wholeMonth(month) : setDays(only, month)
  return except === undefined ? all : all & ~setDays(except, month)
}

/** After this day number the calendars leave none; undefined if days come each year or week. */
export function lastOpenDay({ only }: Calendar): number | undefined {
  if (only === undefined || only.weekdays !== 0 || only.yearly.some((days) => days !== 0))
    return undefined
  return only.ranges.at(-1)?.[1] ?? -Infinity
}

function setDays({ weekdays, yearly, ranges }: DaySet, month: Month): number {
  let days = repeatWeekly(weekdays, month) | (yearly[month.month - 1] ?? 0)
  const end = month.start + month.length
  for (let at = firstRangeFrom(ranges, month.start); at < ranges.length; at++) {
    const [first, last] = ranges[at] ?? [end, end]
    if (first >= end) break
    days |= daysWithin(month, first, last)
  }
  return days & wholeMonth(month)
}

/** The first range that ends on the day or later, by binary search. */
function firstRangeFrom(ranges: DaySet['ranges'], day: number): number {
  let [low, high] = [0, ranges.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ranges[middle]?.[1] ?? Infinity) < day) low = middle + 1
    else high = middle
  }
  return low
}
