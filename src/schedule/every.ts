import { secondsPerDay } from './civil-date.ts'
import { firstInstant } from './daylight-saving.ts'
import type { Limits } from './limits.ts'
import { nextAllowedDay } from './next-day.ts'
import type { EverySchedule } from './schedule.ts'
import { offsetAt } from './timezone.ts'

/*
 * `@every` counts from the epoch, in no zone. Its limits have a zone: on a day that they leave out nothing fires,
 * and the count continues meanwhile.
 */

/** The first multiple of the period after `after` on an allowed day; undefined if there is none. */
export function nextEvery({ seconds, limits }: EverySchedule, after: number): number | undefined {
  let due = (Math.floor(after / seconds) + 1) * seconds
  if (!hasDays(limits)) return due
  for (;;) {
    const today = dayIn(limits.zone, due)
    const day = nextAllowedDay(limits, today)
    if (day === undefined || day === today) return day === undefined ? undefined : due
    due = Math.ceil(firstInstant(limits.zone, day * secondsPerDay) / seconds) * seconds
  }
}

/** All due seconds in [from, to). */
export function listEvery(schedule: EverySchedule, from: number, to: number): number[] {
  const due: number[] = []
  for (const [first, end] of stretches(schedule, from, to))
    for (let at = first; at < end; at += schedule.seconds) due.push(at)
  return due
}

/** The number of due seconds in [from, to). */
export function countEvery(schedule: EverySchedule, from: number, to: number): number {
  let count = 0
  for (const [first, end] of stretches(schedule, from, to))
    count += Math.ceil((end - first) / schedule.seconds)
  return count
}

/** The stretches of time in which every multiple of the period is due: the first multiple, and the end. */
function* stretches(
  schedule: EverySchedule,
  from: number,
  to: number,
): Generator<readonly [number, number]> {
  const { limits } = schedule
  for (let first = nextEvery(schedule, from - 1); first !== undefined && first < to;) {
    if (!hasDays(limits)) return yield [first, to]
    const tomorrow = dayIn(limits.zone, first) + 1
    const end = Math.min(to, firstInstant(limits.zone, tomorrow * secondsPerDay))
    yield [first, end]
    first = nextEvery(schedule, end - 1)
  }
}

/** Whether a day is allowed in which the second is. */
export function isAllowedAt(limits: Limits | undefined, second: number): boolean {
  if (limits === undefined) return true
  const { from = -Infinity, until = Infinity } = limits
  if (second < from || second >= until) return false
  const day = dayIn(limits.zone, second)
  return nextAllowedDay(limits, day) === day
}

function hasDays(limits: Limits | undefined): limits is Limits {
  return limits?.cycle !== undefined || limits?.calendar !== undefined
}

/** The day that the clock of the zone shows, as its number. */
export function dayIn(zone: string, second: number): number {
  return Math.floor((second + offsetAt(zone, second)) / secondsPerDay)
}
