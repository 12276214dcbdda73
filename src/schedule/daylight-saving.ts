import { countLocal, nextLocal } from './calendar.ts'
import { secondsPerDay } from './civil-date.ts'
import { nextBit, nextSixty } from './masks.ts'
import type { CronSchedule } from './schedule.ts'
import { maxOffsetSeconds, spanAt, spansIn } from './timezone.ts'

/*
 * What happens when the clock of a zone skips or repeats an hour, for changes of any length:
 *
 * - An interval (all 24 hours are set) follows elapsed time. It fires in both passes of a repeated
 *   hour, and not at all for a skipped one.
 * - Any other schedule has fixed times. If the clock skips some of them, it fires once, at the first
 *   second after the gap. In a repeated hour it fires in the first pass only, unless it is due more
 *   than once in an hour: nobody expects a job of every five minutes to be silent for an hour.
 *
 * Debian's cron(8) has the same idea, but looks at the text: it takes each job with a `*` in the minute
 * or the hour for an interval, and makes up for nothing then.
 *
 * The rule is implemented three times: for the next due second, for a count, and for a whole window.
 * Tests compare all three with each other and with a slow reference.
 */

/** The first due second after `after`; undefined if there is none. */
export function nextOnClock(schedule: CronSchedule, after: number): number | undefined {
  if (schedule.interval) return nextInterval(schedule, after)
  const fixed = nextFixed(schedule, after)
  if (!schedule.frequent) return fixed
  // A frequent schedule fires at all times of an interval and of a fixed-time schedule together.
  const again = nextInterval(schedule, after)
  return fixed === undefined || again === undefined ? (fixed ?? again) : Math.min(fixed, again)
}

/** The number of due seconds in (after, until]. */
export function countOnClock(schedule: CronSchedule, after: number, until: number): number {
  if (schedule.interval) return countInterval(schedule, after, until)
  return schedule.frequent
    ? countFrequent(schedule, after, until)
    : countFixed(schedule, after, until)
}

/** All due seconds in [from, to), in order. Ten times faster than one by one if there are many. */
export function listOnClock(schedule: CronSchedule, from: number, to: number): number[] {
  return schedule.interval ? listInterval(schedule, from, to) : listFixed(schedule, from, to)
}

/**
 * The highest local second that the clock of the zone has shown up to and including `second`. After
 * the clock is set back, it is higher than what the clock shows now.
 *
 * A fixed-time schedule that is not frequent is due when this value reaches or passes a match. That covers gaps (the value
 * jumps past the match) and repeated hours (the value stands still).
 */
function highestLocal(zone: string, second: number): number {
  let span = spanAt(zone, second)
  let highest = second + span.offset
  while (second - span.from < maxOffsetSeconds) {
    span = spanAt(zone, span.from - 1)
    highest = Math.max(highest, span.to - 1 + span.offset)
  }
  return highest
}

function nextFixed(schedule: CronSchedule, after: number): number | undefined {
  const local = nextLocal(schedule, highestLocal(schedule.zone, after) + 1)
  return local === undefined ? undefined : firstInstant(schedule.zone, local)
}

/** The first second at which the clock of the zone shows that local second or a later one. */
export function firstInstant(zone: string, local: number): number {
  let span = spanAt(zone, local - maxOffsetSeconds)
  for (;;) {
    const instant = Math.max(local - span.offset, span.from)
    if (instant < span.to) return instant
    span = spanAt(zone, span.to)
  }
}

/**
 * Looks at one span after the other, because a repeated hour matches again.
 *
 * If the match is years ahead, it jumps to a day before the match: nothing matches until then,
 * unless the clock is set back to before `from`. That is impossible once a span lasts more than two
 * days.
 */
function nextInterval(schedule: CronSchedule, after: number): number | undefined {
  let from = after + 1
  for (;;) {
    const span = spanAt(schedule.zone, from)
    const local = nextLocal(schedule, from + span.offset)
    if (local === undefined) return undefined
    if (local - span.offset < span.to) return local - span.offset

    const mayJump = span.to - from > 2 * maxOffsetSeconds
    from = mayJump ? Math.max(span.to, local - 2 * maxOffsetSeconds) : span.to
  }
}

function countInterval(schedule: CronSchedule, after: number, until: number): number {
  let count = 0
  for (const { from, to, offset } of spansIn(schedule.zone, after + 1, until + 1)) {
    count += countLocal(schedule, from + offset, to + offset)
  }
  return count
}

/** Every match on the calendar counts, but all matches in a gap, and one at its end, count once. */
function countFixed(schedule: CronSchedule, after: number, until: number): number {
  const { zone } = schedule
  const start = highestLocal(zone, after) + 1
  let count = countLocal(schedule, start, highestLocal(zone, until) + 1)
  for (const { from } of spansIn(zone, after + 1, until + 1)) {
    const skippedFrom = highestLocal(zone, from - 1) + 1
    const end = highestLocal(zone, from)
    if (end > skippedFrom) count -= Math.max(countLocal(schedule, skippedFrom, end + 1) - 1, 0)
  }
  return count
}

/** As an interval, and once more for each gap that skips a match, unless the first second after it matches. */
function countFrequent(schedule: CronSchedule, after: number, until: number): number {
  const { zone } = schedule
  let count = countInterval(schedule, after, until)
  for (const { from, offset } of spansIn(zone, after + 1, until + 1)) {
    const skippedFrom = highestLocal(zone, from - 1) + 1
    const shown = from + offset
    if (shown > skippedFrom && nextLocal(schedule, shown) !== shown)
      count += countLocal(schedule, skippedFrom, shown) > 0 ? 1 : 0
  }
  return count
}

function listInterval(schedule: CronSchedule, from: number, to: number): number[] {
  const due: number[] = []
  const times = timesOfDay(schedule)
  for (const { from: start, to: end, offset } of spansIn(schedule.zone, from, to))
    pushMatches(due, schedule, times, { from: start + offset, to: end + offset, offset })
  return due
}

function listFixed(schedule: CronSchedule, from: number, to: number): number[] {
  const due: number[] = []
  const times = timesOfDay(schedule)
  // Local times from here on have not been shown yet.
  let unseen = highestLocal(schedule.zone, from - 1) + 1
  for (const { from: start, to: end, offset } of spansIn(schedule.zone, from, to)) {
    const shown = start + offset
    const skipped = unseen < shown ? nextLocal(schedule, unseen) : undefined
    const isDueAfterGap = skipped !== undefined && skipped < shown
    if (isDueAfterGap) due.push(start)
    const first = isDueAfterGap ? shown + 1 : schedule.frequent ? shown : Math.max(shown, unseen)
    pushMatches(due, schedule, times, { from: first, to: end + offset, offset })
    unseen = Math.max(unseen, end + offset)
  }
  return due
}

/** Adds the matches in a stretch of local time to `due`, as epoch seconds. */
function pushMatches(
  due: number[],
  schedule: CronSchedule,
  times: Uint32Array,
  stretch: { readonly from: number; readonly to: number; readonly offset: number },
): void {
  const { from, to, offset } = stretch
  let local = nextLocal(schedule, from)
  while (local !== undefined && local < to) {
    const midnight = Math.floor(local / secondsPerDay) * secondsPerDay
    for (const time of times) {
      const at = midnight + time
      if (at >= to) return
      if (at >= local) due.push(at - offset)
    }
    local = nextLocal(schedule, midnight + secondsPerDay)
  }
}

/** The times at which a matching day is due, in seconds since its midnight. */
function timesOfDay({ hours, minutes, seconds }: CronSchedule): Uint32Array {
  const times: number[] = []
  for (let hour = nextBit(hours, 0); hour >= 0; hour = nextBit(hours, hour + 1))
    for (let minute = nextSixty(minutes, 0); minute >= 0; minute = nextSixty(minutes, minute + 1))
      for (let second = nextSixty(seconds, 0); second >= 0; second = nextSixty(seconds, second + 1))
        times.push(hour * 3600 + minute * 60 + second)
  return new Uint32Array(times)
}
