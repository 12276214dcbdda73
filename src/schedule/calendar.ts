import { secondsPerDay } from './civil-date.ts'
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
import { countDays, nextDay } from './next-day.ts'
import type { CronSchedule } from './schedule.ts'

/*
 * What a schedule matches on the calendar, without any time zone: next-day.ts finds its days, and this file the
 * times on them. daylight-saving.ts maps the result to the clock of a zone.
 */

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
