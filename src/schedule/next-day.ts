import {
  civilDateOf,
  dayNumberOf,
  daysOf400Years,
  daysWithin,
  lengthOfMonth,
  type Month,
  monthOf,
  secondsPerDay,
  wholeMonth,
} from './civil-date.ts'
import { bitsBelow, countBits, hasBit, nextBit } from './masks.ts'
import {
  type Calendar,
  cycleDays,
  everyMonth,
  lastOpenDay,
  type Limits,
  nextCycleDay,
  openDays,
  openMonths,
} from './limits.ts'
import { matchingDays } from './month-days.ts'
import type { CronSchedule } from './schedule.ts'

/** Which days a schedule fires on: its own days, within its cycle, as its calendars leave or move them. */

/** The last day of the year 9999. Nothing is due after it. */
const lastDayNumber = dayNumberOf(9999, 12, 31)

/** A slot moves at most this far. */
const maxMovedDays = 31

/** The first day at or after `from` that matches; undefined if there is none. */
export function nextDay(schedule: CronSchedule, from: number): number | undefined {
  const { limits, months } = schedule
  const days = { months, of: (month: Month) => matchingDays(schedule, month) }
  if (limits === undefined) return firstIn(days, from, from + daysOf400Years)
  if (from >= (overFrom.get(schedule) ?? Infinity)) return undefined
  const found = nextLimited(days, limits, from)
  if (found === undefined) overFrom.set(schedule, from)
  return found
}

/** From this day on nothing matches, so that the search for it is made once. */
const overFrom = new WeakMap<CronSchedule, number>()

/** The day on which a slot of this day fires: itself, or where it moves; undefined if it does not fire. */
export function firingDay(limits: Limits, day: number): number | undefined {
  const days = { months: everyMonth, of: (month: Month) => daysWithin(month, day, day) }
  return nextLimited(
    days,
    { ...limits, until: (day + 2 * maxMovedDays) * secondsPerDay },
    day - maxMovedDays,
  )
}

/** The next day for slots of `days` within the limits. */
function nextLimited(days: Days, limits: Limits, from: number): number | undefined {
  const { cycle, calendar } = limits
  const end = Math.min(
    lastDayOf(limits),
    cycle === undefined ? repeatsBy(calendar, from) : lastDayOfCycles,
  )
  const own = {
    months: days.months,
    of: (month: Month) => both(days.of(month), () => cycleDays(cycle, month)),
    skipTo: cycle && ((day: number) => nextCycleDay(cycle, day)),
  }
  if (calendar === undefined) return firstIn(own, from, end)
  const open = { months: openMonths(calendar), of: (month: Month) => openDays(calendar, month) }
  if (calendar.onExcluded === 'next-day') return nextMovedOn({ own, open }, from, end)
  if (calendar.onExcluded === 'previous-day') return nextMovedBack({ own, open }, from, end)
  return firstIn(
    {
      ...own,
      months: days.months & open.months,
      of: (month) => both(own.of(month), () => open.of(month)),
    },
    from,
    end,
  )
}

/** Most months of a rare schedule have no day at all: the other mask is not needed for them. */
function both(days: number, others: () => number): number {
  return days === 0 ? 0 : days & others()
}

/** After this day all that was possible without a cycle has been: the calendar repeats, and dates are over. */
function repeatsBy(calendar: Calendar | undefined, from: number): number {
  const sets = [calendar?.only, calendar?.except]
  const dates = sets.map((set) => set?.ranges.at(-1)?.[1] ?? from)
  return Math.max(from, ...dates) + daysOf400Years + 2 * maxMovedDays
}

/**
 * A cycle and the calendar together repeat only after thousands of years. So no cycle goes on for longer than this:
 * the search for a day that never comes ends in milliseconds.
 */
const lastDayOfCycles = dayNumberOf(2499, 12, 31)

/** The days of a schedule within its cycle, and those that the calendars leave. */
interface MovedDays {
  readonly own: Days
  readonly open: Days
}

/** A later day of the schedule never moves before an earlier one: the first that moves to `from` or later is next. */
function nextMovedOn({ own, open }: MovedDays, from: number, end: number): number | undefined {
  let day = firstIn(own, from - maxMovedDays, end)
  while (day !== undefined) {
    const target = firstIn(open, day, end)
    if (target === undefined) return undefined
    if (target - day > maxMovedDays) day = firstIn(own, target - maxMovedDays, end)
    else if (target >= from) return target
    else day = firstIn(own, day + 1, end)
  }
  return undefined
}

function nextMovedBack({ own, open }: MovedDays, from: number, end: number): number | undefined {
  const ownEnd = end + maxMovedDays
  let day = firstIn(own, from, ownEnd)
  while (day !== undefined) {
    const target = lastOpenUpTo(open, day)
    if (target !== undefined && target >= from) return target
    // The days before the next open one move to the same day, or too far.
    const next = firstIn(open, day + 1, end)
    day = next === undefined ? undefined : firstIn(own, next, ownEnd)
  }
  return undefined
}

/** The last open day up to this one, at most {@link maxMovedDays} before it. */
function lastOpenUpTo(open: Days, day: number): number | undefined {
  for (let last = day; last >= day - maxMovedDays;) {
    const date = civilDateOf(last)
    const month = monthOf(date.year, date.month)
    const days = open.of(month) & bitsBelow(-1, date.day + 1)
    if (days !== 0) {
      const found = month.start + 30 - Math.clz32(days)
      return found >= day - maxMovedDays ? found : undefined
    }
    last = month.start - 1
  }
  return undefined
}

/** How many days from `from`, before `to`, match. */
export function countDays(schedule: CronSchedule, from: number, to: number): number {
  let count = 0
  if (schedule.limits === undefined) {
    for (let start = from; start < to;) {
      const { year, month, day } = civilDateOf(start)
      const whole = monthOf(year, month)
      const end = Math.min(to, whole.start + whole.length)
      const until = bitsBelow(matchingDays(schedule, whole), day + end - start)
      count += countBits(until & ~bitsBelow(-1, day))
      start = end
    }
    return count
  }
  let day = nextDay(schedule, from)
  for (; day !== undefined && day < to; day = nextDay(schedule, day + 1)) count++
  return count
}

/** The first day at or after `from` that the limits allow. Nothing moves. */
export function nextAllowedDay(limits: Limits, from: number): number | undefined {
  const { calendar } = limits
  const days = { months: everyMonth, of: wholeMonth }
  const plain = calendar && { ...calendar, onExcluded: 'skip' as const }
  return nextLimited(days, { ...limits, calendar: plain }, from)
}

/** Whether the calendars leave any day at all. */
export function hasOpenDay(calendar: Calendar): boolean {
  const open = { months: everyMonth, of: (month: Month) => openDays(calendar, month) }
  return firstIn(open, 0, repeatsBy(calendar, 0)) !== undefined
}

/** No day after this one matches. */
function lastDayOf({ until, calendar }: Limits): number {
  // A day more, as the day of the zone may be one ahead.
  const byUntil = until === undefined ? Infinity : Math.floor(until / secondsPerDay) + 1
  const byCalendar = calendar === undefined ? undefined : lastOpenDay(calendar)
  return Math.min(byUntil, byCalendar ?? Infinity, lastDayNumber)
}

/** Days as a mask for each month. */
interface Days {
  /** Bits 1-12: all other months have none. */
  readonly months: number
  readonly of: (month: Month) => number
  /** The first day from this one on that may be in a mask, for long searches. */
  readonly skipTo?: ((day: number) => number) | undefined
}

/** A search goes on to the next month if what may match is not farther than this. */
const farAhead = 62

/** The first day from `from` to `end` that is in the masks of its month. */
function firstIn({ months, of, skipTo }: Days, from: number, end: number): number | undefined {
  if (from > end) return undefined
  const first = civilDateOf(from)
  let { year, month: number, day: lowest } = first
  for (let start = from - first.day + 1; start <= end; lowest = 1) {
    const length = lengthOfMonth(year, number)
    if (hasBit(months, number)) {
      const day = start + nextBit(of({ year, month: number, length, start }), lowest) - 1
      if (day >= start) return day <= end ? day : undefined
    }
    start += length
    number = number === 12 ? 1 : number + 1
    if (number === 1) year++
    const next = skipTo === undefined ? start : skipTo(start)
    if (next < start + farAhead) continue
    const date = civilDateOf(next)
    start = next - date.day + 1
    ;[year, number] = [date.year, date.month]
  }
  return undefined
}
