import {
  bitsBelow,
  countBits,
  countSixty,
  hasBit,
  hasSixty,
  nextBit,
  nextSixty,
  sixtyBelow,
} from './masks.ts'
import type { CronSchedule } from './schedule.ts'

/*
 * What a schedule matches on the calendar, without any time zone. daylight-saving.ts maps the result
 * to the clock of a zone.
 *
 * Dates and times are plain integers: a day is its number since 1970-01-01, and a "local second" is
 * a local time counted as if it were UTC. Date objects are ten times slower and know only one zone.
 */

export const secondsPerDay = 86_400

/** The calendar, weekdays included, repeats after 400 years. */
const yearsPerCycle = 400

export interface CivilDate {
  readonly year: number
  /** 1-12. */
  readonly month: number
  /** 1-31. */
  readonly day: number
}

/** The first local second at or after `from` that the schedule matches; undefined if there is none. */
export function nextLocal(schedule: CronSchedule, from: number): number | undefined {
  const today = Math.floor(from / secondsPerDay)
  const day = nextDay(schedule, today)
  if (day === undefined) return undefined
  if (day > today) return day * secondsPerDay + nextTime(schedule, 0)

  const time = nextTime(schedule, from - today * secondsPerDay)
  if (time >= 0) return today * secondsPerDay + time

  const later = nextDay(schedule, today + 1)
  return later === undefined ? undefined : later * secondsPerDay + nextTime(schedule, 0)
}

/** How many local seconds in [from, to) the schedule matches. */
export function countLocal(schedule: CronSchedule, from: number, to: number): number {
  return to <= from ? 0 : countBefore(schedule, to, from) - countBefore(schedule, from, from)
}

/** Days since 1970-01-01 (https://howardhinnant.github.io/date_algorithms.html#days_from_civil). */
export function dayNumberOf(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / yearsPerCycle)
  const yearOfEra = shifted - era * yearsPerCycle
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/** The inverse of {@link dayNumberOf}. */
export function civilDateOf(dayNumber: number): CivilDate {
  const shifted = dayNumber + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
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

/** The first day at or after `from` that matches; undefined if a whole cycle of the calendar has none. */
function nextDay(schedule: CronSchedule, from: number): number | undefined {
  const { year: firstYear, month: firstMonth, day: firstDay } = civilDateOf(from)
  let lowest = firstDay
  for (let ahead = firstMonth - 1; ahead <= firstMonth + yearsPerCycle * 12; ahead++) {
    const year = firstYear + Math.floor(ahead / 12)
    const month = (ahead % 12) + 1
    const day = nextBit(matchingDays(schedule, year, month), lowest)
    if (day > 0) return dayNumberOf(year, month, day)
    lowest = 1
  }
  return undefined
}

/** The first second of a day, from `from` upwards, that matches; -1 if there is none. */
function nextTime(schedule: CronSchedule, from: number): number {
  const { hours, minutes, seconds } = schedule
  const hour = Math.floor(from / 3600)
  const minute = Math.floor(from / 60) % 60
  if (hasBit(hours, hour)) {
    const second = hasSixty(minutes, minute) ? nextSixty(seconds, from % 60) : -1
    if (second >= 0) return hour * 3600 + minute * 60 + second
    const later = nextSixty(minutes, minute + 1)
    if (later >= 0) return hour * 3600 + later * 60 + nextSixty(seconds, 0)
  }
  const later = nextBit(hours, hour + 1)
  return later < 0 ? -1 : later * 3600 + nextSixty(minutes, 0) * 60 + nextSixty(seconds, 0)
}

/** How many local seconds match from the midnight before `base` up to, but not including, `local`. */
function countBefore(schedule: CronSchedule, local: number, base: number): number {
  const day = Math.floor(local / secondsPerDay)
  const time = local - day * secondsPerDay
  const perDay =
    countBits(schedule.hours) * countSixty(schedule.minutes) * countSixty(schedule.seconds)
  const whole = countDays(schedule, Math.floor(base / secondsPerDay), day) * perDay
  return time > 0 && nextDay(schedule, day) === day ? whole + countTimes(schedule, time) : whole
}

function countDays(schedule: CronSchedule, from: number, to: number): number {
  let count = 0
  for (let start = from; start < to;) {
    const { year, month, day } = civilDateOf(start)
    const end = Math.min(to, start + lengthOfMonth(year, month) - day + 1)
    const until = bitsBelow(matchingDays(schedule, year, month), day + end - start)
    count += countBits(until & ~bitsBelow(-1, day))
    start = end
  }
  return count
}

/** How many seconds of a day before `time` match. */
function countTimes(schedule: CronSchedule, time: number): number {
  const { hours, minutes, seconds } = schedule
  const hour = Math.floor(time / 3600)
  const minute = Math.floor(time / 60) % 60
  const perMinute = countSixty(seconds)
  let count = countBits(bitsBelow(hours, hour)) * countSixty(minutes) * perMinute
  if (!hasBit(hours, hour)) return count
  count += countSixty(sixtyBelow(minutes, minute)) * perMinute
  return hasSixty(minutes, minute) ? count + countSixty(sixtyBelow(seconds, time % 60)) : count
}

/** The days of a month that both day fields allow together, as bits 1-31 (the day rule of crontab(5)). */
function matchingDays(schedule: CronSchedule, year: number, month: number): number {
  if (!hasBit(schedule.months, month)) return 0
  const length = lengthOfMonth(year, month)
  const firstWeekday = weekdayOf(dayNumberOf(year, month, 1))
  const byDay =
    schedule.days |
    fromEnd(schedule.lastDays, length) |
    nearestWorkdays(schedule, firstWeekday, length)
  const byWeekday = weekdaysOfMonth(schedule, firstWeekday, length)
  const days = schedule.eitherDay ? byDay | byWeekday : byDay & byWeekday
  return days & wholeMonth(length)
}

/** Bits 1 to `length`. */
function wholeMonth(length: number): number {
  const last = 1 << length
  return last | (last - 2)
}

/** Bit n of the mask is the day n days before the last one. */
function fromEnd(mask: number, length: number): number {
  let days = 0
  for (let bit = nextBit(mask, 0); bit >= 0 && bit < length; bit = nextBit(mask, bit + 1))
    days |= 1 << (length - bit)
  return days
}

/** The working days nearest to the days of `15W` and `LW`. A day that the month does not have has none. */
function nearestWorkdays(schedule: CronSchedule, firstWeekday: number, length: number): number {
  const wanted = schedule.workdays | fromEnd(schedule.lastWorkdays, length)
  let days = 0
  for (let day = nextBit(wanted, 1); day > 0 && day <= length; day = nextBit(wanted, day + 1))
    days |= 1 << nearestWorkday(day, (firstWeekday + day - 1) % 7, length)
  return days
}

/** As in Quartz: Friday for a Saturday and Monday for a Sunday, unless that is in another month. */
function nearestWorkday(day: number, weekday: number, length: number): number {
  if (weekday === 6) return day === 1 ? 3 : day - 1
  if (weekday === 0) return day === length ? day - 2 : day + 1
  return day
}

function weekdaysOfMonth(schedule: CronSchedule, firstWeekday: number, length: number): number {
  let days = repeatWeekly(schedule.weekdays, firstWeekday)
  if (schedule.lastWeekdays !== 0) {
    days |= repeatWeekly(schedule.lastWeekdays, firstWeekday) & (week << (length - 6))
  }
  for (const [ordinal, weekdays] of schedule.nthWeekdays.entries()) {
    if (weekdays !== 0) days |= repeatWeekly(weekdays, firstWeekday) & (week << (ordinal * 7 - 6))
  }
  return days
}

/** Seven days as bits. */
const week = 0b111_1111

/** Every day of a month that begins with `firstWeekday` and falls on one of the weekdays: bit d is day d. */
function repeatWeekly(weekdays: number, firstWeekday: number): number {
  const rotated = ((weekdays >> firstWeekday) | (weekdays << (7 - firstWeekday))) & week
  return (rotated | (rotated << 7) | (rotated << 14) | (rotated << 21) | (rotated << 28)) << 1
}
