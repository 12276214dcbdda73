import { secondsPerDay } from './civil-date.ts'
import { countOnClock, firstInstant, listOnClock, nextOnClock } from './daylight-saving.ts'
import { countEvery, dayIn, listEvery, nextEvery } from './every.ts'
import type { Limits } from './limits.ts'
import { firingDay } from './next-day.ts'
import type { OnceSchedule, Schedule } from './schedule.ts'
import { offsetAt } from './timezone.ts'

/** 0001-01-01 and the last second of 9999, UTC. No schedule is due outside. */
const firstSecond = -62_135_596_800
const lastSecond = 253_402_300_799

/**
 * The schedule within limits. `@at` gets its second here, as calendars may move its day. `@reboot` keeps them:
 * isAllowedAt() says whether it may start.
 */
export function withLimits<S extends Schedule>(schedule: S, limits: Limits | undefined): S {
  if (limits === undefined) return schedule
  if (schedule.kind !== 'once' || schedule.at === undefined) return { ...schedule, limits }
  return { ...schedule, limits, at: movedAt(limits, schedule.at) }
}

/**
 * The first second after `after` in which the schedule is due; undefined if there is none, as for
 * `@reboot`. daylight-saving.ts says what happens when the clock skips or repeats an hour.
 */
export function nextDue(schedule: Schedule, after: number): number | undefined {
  const { first, last } = boundsOf(schedule)
  const from = Math.max(Math.floor(after), first)
  const due = from < last ? nextOfKind(schedule, from) : undefined
  return due !== undefined && due <= last ? due : undefined
}

/** Nothing is due up to `first`, or after `last`. */
function boundsOf({ limits }: Schedule): { readonly first: number; readonly last: number } {
  const { from = firstSecond, until = lastSecond + 1 } = limits ?? {}
  return { first: Math.max(firstSecond, from - 1), last: Math.min(lastSecond, until - 1) }
}

/** True if the schedule is due in that second. Uses nextDue(), so the two always agree. */
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

/** True if the schedules were due, and never are again after a second. A task of such schedules is done. */
export function isOver(schedules: readonly Schedule[], after: number): boolean {
  const reboots = schedules.filter(({ kind }) => kind === 'reboot')
  if (reboots.some(({ limits }) => (limits?.until ?? Infinity) > after)) return false
  if (nextOf(schedules, after) !== undefined) return false
  return reboots.length > 0 || nextOf(schedules, firstSecond) !== undefined
}

/** All seconds of (after, until] in which the schedule is due, in order: what repeated nextDue() finds. */
export function dueSeconds(schedule: Schedule, after: number, until: number): Float64Array {
  const { first, last } = boundsOf(schedule)
  const from = Math.max(Math.floor(after), first) + 1
  const to = Math.min(Math.floor(until), last) + 1
  return new Float64Array(listOfKind(schedule, from, to))
}

/** How many seconds dueSeconds() would return. */
export function countDue(schedule: Schedule, after: number, until: number): number {
  const { first, last } = boundsOf(schedule)
  const from = Math.max(Math.floor(after), first)
  const to = Math.min(Math.floor(until), last)
  if (to <= from) return 0
  if (schedule.kind === 'cron') return countOnClock(schedule, from, to)
  if (schedule.kind === 'every') return countEvery(schedule, from + 1, to + 1)
  return listOfKind(schedule, from + 1, to + 1).length
}

/** The slots of one task in a stretch of time. Epoch seconds. */
export interface Slots {
  readonly first: number
  readonly last: number
  /** The number of different seconds. */
  readonly count: number
  /** The true count may be higher: see latestDue(). */
  readonly capped: boolean
}

/** Up to this many slots of several schedules are counted one by one. That takes about 1 ms. */
export const maxWalkedSlots = 1000

/** Slots further back than this before the last one are not counted: the clock may have been wrong. */
const maxCountedSeconds = 36_525 * 86_400

/**
 * The slots in (after, until]; undefined if there are none. The cost does not grow with their number:
 * `last` is found by bisection, and the count of one schedule by arithmetic.
 *
 * Several schedules may be due in the same second, so their slots are walked one by one. Above
 * {@link maxWalkedSlots}, or over more than {@link maxCountedSeconds}, `count` only counts the
 * busiest schedule, and `capped` is true.
 */
export function latestDue(
  schedules: readonly Schedule[],
  after: number,
  until: number,
): Slots | undefined {
  const first = nextOf(schedules, after)
  if (first === undefined || first > until) return undefined
  const last = lastDue(schedules, first, until)
  const from = Math.max(first - 1, last - maxCountedSeconds)
  const counts = schedules.map((schedule) => countDue(schedule, from, last))
  const most = Math.max(...counts)
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (from >= first) return { first, last, count: most, capped: true }
  if (total === most) return { first, last, count: most, capped: false }
  if (total > maxWalkedSlots) return { first, last, count: most, capped: true }
  return { first, last, count: countByWalking(schedules, first, last), capped: false }
}

function nextOfKind(schedule: Schedule, after: number): number | undefined {
  switch (schedule.kind) {
    case 'cron':
      return nextOnClock(schedule, after)
    case 'every':
      return nextEvery(schedule, after)
    case 'once':
      return schedule.at !== undefined && schedule.at > after ? schedule.at : undefined
    case 'reboot':
      return undefined
  }
}

/** The due seconds in [from, to). */
function listOfKind(schedule: Schedule, from: number, to: number): number[] {
  switch (schedule.kind) {
    case 'cron':
      return listOnClock(schedule, from, to)
    case 'every':
      return listEvery(schedule, from, to)
    case 'once':
      return isWithin(schedule, from, to) ? [schedule.at] : []
    case 'reboot':
      return []
  }
}

function isWithin(
  schedule: OnceSchedule,
  from: number,
  to: number,
): schedule is OnceSchedule & { readonly at: number } {
  return schedule.at !== undefined && schedule.at >= from && schedule.at < to
}

/** The second to which an `@at` moves, at the same time of day; undefined if it does not fire. */
function movedAt(limits: Limits, at: number): number | undefined {
  const { zone } = limits
  const day = dayIn(zone, at)
  const target = firingDay(limits, day)
  if (target === day || target === undefined) return target === undefined ? undefined : at
  const time = at + offsetAt(zone, at) - day * secondsPerDay
  return firstInstant(zone, target * secondsPerDay + time)
}

/** The last due second up to and including `until`. `first` is due. */
function lastDue(schedules: readonly Schedule[], first: number, until: number): number {
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

function countByWalking(schedules: readonly Schedule[], first: number, last: number): number {
  let count = 1
  for (let slot = first; slot < last; slot = nextOf(schedules, slot) ?? last) count++
  return count
}
