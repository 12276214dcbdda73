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
import {
  civilDateOf,
  dayNumberOf,
  lengthOfMonth,
  secondsPerDay,
  weekdayOf,
  yearsPerCycle,
} from './calendar.ts'
import type { CronSchedule } from './schedule.ts'

/*
 * What a schedule matches on the bare calendar, without any zone: next.ts puts it on the clock.
 */

/** The first local second at or after `from` that the schedule matches; undefined: never. */
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
  return to <= from ? 0 : rank(schedule, to, from) - rank(schedule, from, from)
}

/** Matches from the midnight before `base` to `local`. */
function rank(schedule: CronSchedule, local: number, base: number): number {
  const day = Math.floor(local / secondsPerDay)
  const time = local - day * secondsPerDay
  const perDay =
    countBits(schedule.hours) * countSixty(schedule.minutes) * countSixty(schedule.seconds)
  const whole = countDays(schedule, Math.floor(base / secondsPerDay), day) * perDay
  return time > 0 && nextDay(schedule, day) === day ? whole + timesBefore(schedule, time) : whole
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

function timesBefore(schedule: CronSchedule, time: number): number {
  const { hours, minutes, seconds } = schedule
  const hour = Math.floor(time / 3600)
  const minute = Math.floor(time / 60) % 60
  const perMinute = countSixty(seconds)
  let count = countBits(bitsBelow(hours, hour)) * countSixty(minutes) * perMinute
  if (!hasBit(hours, hour)) return count
  count += countSixty(sixtyBelow(minutes, minute)) * perMinute
  return hasSixty(minutes, minute) ? count + countSixty(sixtyBelow(seconds, time % 60)) : count
}

/** The first matching second of a day at or after `from`, or -1. */
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

/** The first matching day at or after `from`; after a whole cycle of the calendar there is none. */
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

/** Bits 1-31: the days of that month that the day fields allow (the day rule of crontab(5)). */
function matchingDays(schedule: CronSchedule, year: number, month: number): number {
  if (!hasBit(schedule.months, month)) return 0
  const length = lengthOfMonth(year, month)
  const last = 1 << length
  const byDay = schedule.days | (schedule.lastDay ? last : 0)
  const byWeekday = weekdaysOfMonth(schedule, weekdayOf(dayNumberOf(year, month, 1)), length)
  const days = schedule.eitherDay ? byDay | byWeekday : byDay & byWeekday
  return days & (last | (last - 2))
}

function weekdaysOfMonth(schedule: CronSchedule, firstWeekday: number, length: number): number {
  let days = spread(schedule.weekdays, firstWeekday)
  if (schedule.lastWeekdays !== 0) {
    days |= spread(schedule.lastWeekdays, firstWeekday) & (week << (length - 6))
  }
  for (const [ordinal, weekdays] of schedule.nthWeekdays.entries()) {
    if (weekdays !== 0) days |= spread(weekdays, firstWeekday) & (week << (ordinal * 7 - 6))
  }
  return days
}

/** Seven days as bits. */
const week = 0b111_1111

/** A set of weekdays laid over a month that begins with `firstWeekday`: bit d is day d. */
function spread(weekdays: number, firstWeekday: number): number {
  const rotated = ((weekdays >> firstWeekday) | (weekdays << (7 - firstWeekday))) & week
  return (rotated | (rotated << 7) | (rotated << 14) | (rotated << 21) | (rotated << 28)) << 1
}
