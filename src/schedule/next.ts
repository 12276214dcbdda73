import { nextOnClock } from './daylight-saving.ts'
import { countDue } from './count.ts'
import type { Schedule } from './schedule.ts'

/** 0001-01-01 and the last second of 9999, UTC: no schedule is due outside. */
export const firstSecond = -62_135_596_800
export const lastSecond = 253_402_300_799

/**
 * The first second after `after` in which the schedule is due; undefined if there is none, as for
 * `@reboot`. Epoch seconds. What happens where the clock is changed: clock.ts.
 */
export function nextDue(schedule: Schedule, after: number): number | undefined {
  const from = Math.max(Math.floor(after), firstSecond)
  const due = from < lastSecond ? nextOfKind(schedule, from) : undefined
  return due !== undefined && due <= lastSecond ? due : undefined
}

/** Is the schedule due in that second? The same engine, so the two cannot differ. */
export function isDue(schedule: Schedule, second: number): boolean {
  return nextDue(schedule, second - 1) === second
}

/** The earliest second after `after` in which any of the schedules is due. */
export function nextOf(schedules: readonly Schedule[], after: number): number | undefined {
  let earliest: number | undefined
  for (const schedule of schedules) {
    const due = nextDue(schedule, after)
    if (due !== undefined && (earliest === undefined || due < earliest)) earliest = due
  }
  return earliest
}

/** The slots of one task in a stretch of time. Epoch seconds. */
export interface Slots {
  readonly first: number
  readonly last: number
  /** Of distinct seconds. */
  readonly count: number
  /** The true count is this or higher; see latestDue(). */
  readonly capped: boolean
}

/** So many slots of a list of schedules are counted one by one, about a millisecond. */
export const maxWalkedSlots = 1000

/** Slots are counted over a century before the last one; a clock may be out by more. */
const maxCountedSeconds = 36_525 * 86_400

/**
 * The slots in (after, until], undefined if there are none. The cost does not grow with them:
 * `last` is found by halving, the count of one schedule by arithmetic. Only for a list, whose
 * schedules may share seconds, slots are walked, and beyond {@link maxWalkedSlots} the count is
 * that of its busiest schedule, and `capped`.
 * So is a count over more than {@link maxCountedSeconds}.
 */
export function latestDue(
  schedules: readonly Schedule[],
  after: number,
  until: number,
): Slots | undefined {
  const first = nextOf(schedules, after)
  if (first === undefined || first > until) return undefined
  const last = lastOf(schedules, first, until)
  const from = Math.max(first - 1, last - maxCountedSeconds)
  const counts = schedules.map((schedule) => countDue(schedule, from, last))
  const most = Math.max(...counts)
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (from >= first) return { first, last, count: most, capped: true }
  if (total === most) return { first, last, count: most, capped: false }
  if (total > maxWalkedSlots) return { first, last, count: most, capped: true }
  return { first, last, count: walk(schedules, first, last), capped: false }
}

function nextOfKind(schedule: Schedule, after: number): number | undefined {
  if (schedule.kind === 'cron') return nextOnClock(schedule, after)
  if (schedule.kind === 'reboot') return undefined
  return (Math.floor(after / schedule.seconds) + 1) * schedule.seconds
}

/** `first` is due; the last due second at or before `until`. */
function lastOf(schedules: readonly Schedule[], first: number, until: number): number {
  let last = first
  let none = until
  while (last < none) {
    const middle = Math.floor((last + none) / 2)
    const due = nextOf(schedules, middle)
    if (due !== undefined && due <= until) last = due
    else none = middle
  }
  return last
}

function walk(schedules: readonly Schedule[], first: number, last: number): number {
  let count = 1
  for (let slot = first; slot < last; slot = nextOf(schedules, slot) ?? last) count++
  return count
}
