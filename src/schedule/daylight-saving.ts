import { nextLocal } from './local-time.ts'
import type { CronSchedule } from './schedule.ts'
import { maxOffsetSeconds, spanAt } from './offset-spans.ts'

/*
 * A schedule's calendar put on the clock of its zone. The rule at a change of offset is that of
 * Debian's cron(8), for changes of any length: jobs that name an hour run once for a gap that skips
 * them, and not again in a repeated hour; jobs for every hour go by real time.
 */

/** The first second after `after` in which a cron schedule is due; undefined: never. */
export function nextOnClock(schedule: CronSchedule, after: number): number | undefined {
  return schedule.interval ? nextInterval(schedule, after) : nextFixed(schedule, after)
}

/**
 * The highest local second that the zone's clock has shown up to and with `second`. Only behind a
 * backward change it is not the one it shows. Fixed-time schedules are due when this value
 * reaches or passes a match, which is their whole rule for gaps and for overlaps.
 */
export function highestLocal(zone: string, second: number): number {
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

/** The first instant at which the zone's clock shows that local second or a later one. */
function firstInstant(zone: string, local: number): number {
  let span = spanAt(zone, local - maxOffsetSeconds)
  for (;;) {
    const instant = Math.max(local - span.offset, span.from)
    if (instant < span.to) return instant
    span = spanAt(zone, span.to)
  }
}

/**
 * Span by span, since a repeated range matches again. A match that is years ahead is jumped to:
 * until a day before it nothing matches, unless the clock is turned back to before `from`, which
 * is out of reach once a span ends more than two days later.
 */
function nextInterval(schedule: CronSchedule, after: number): number | undefined {
  let from = after + 1
  for (;;) {
    const span = spanAt(schedule.zone, from)
    const local = nextLocal(schedule, from + span.offset)
    if (local === undefined) return undefined
    if (local - span.offset < span.to) return local - span.offset

    const outOfReach = span.to - from > 2 * maxOffsetSeconds
    from = outOfReach ? Math.max(span.to, local - 2 * maxOffsetSeconds) : span.to
  }
}
