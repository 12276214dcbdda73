import { type Month, repeatWeekly, week, weekdayOf, wholeMonth } from './civil-date.ts'
import { hasBit, nextBit } from './masks.ts'
import type { CronSchedule } from './schedule.ts'

/** The days of a month that both day fields allow together, as bits 1-31 (the day rule of crontab(5)). */
export function matchingDays(schedule: CronSchedule, month: Month): number {
  if (!hasBit(schedule.months, month.month)) return 0
  const { length } = month
  const byDay =
    schedule.days | fromEnd(schedule.lastDays, length) | nearestWorkdays(schedule, month)
  const byWeekday = weekdaysOfMonth(schedule, month)
  return (schedule.eitherDay ? byDay | byWeekday : byDay & byWeekday) & wholeMonth(month)
}

/** Bit n of the mask is the day n days before the last one. */
function fromEnd(mask: number, length: number): number {
  let days = 0
  for (let bit = nextBit(mask, 0); bit >= 0 && bit < length; bit = nextBit(mask, bit + 1))
    days |= 1 << (length - bit)
  return days
}

/** The working days nearest to the days of `15W` and `LW`. A day that the month does not have has none. */
function nearestWorkdays(schedule: CronSchedule, { start, length }: Month): number {
  const wanted = schedule.workdays | fromEnd(schedule.lastWorkdays, length)
  let days = 0
  for (let day = nextBit(wanted, 1); day > 0 && day <= length; day = nextBit(wanted, day + 1))
    days |= 1 << nearestWorkday(day, weekdayOf(start + day - 1), length)
  return days
}

/** As in Quartz: Friday for a Saturday and Monday for a Sunday, unless that is in another month. */
function nearestWorkday(day: number, weekday: number, length: number): number {
  if (weekday === 6) return day === 1 ? 3 : day - 1
  if (weekday === 0) return day === length ? day - 2 : day + 1
  return day
}

function weekdaysOfMonth(schedule: CronSchedule, month: Month): number {
  let days = repeatWeekly(schedule.weekdays, month)
  if (schedule.lastWeekdays !== 0) {
    days |= repeatWeekly(schedule.lastWeekdays, month) & (week << (month.length - 6))
  }
  for (const [ordinal, weekdays] of schedule.nthWeekdays.entries()) {
    if (weekdays !== 0) days |= repeatWeekly(weekdays, month) & (week << (ordinal * 7 - 6))
  }
  return days
}
