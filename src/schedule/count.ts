import { countLocal } from './local-time.ts'
import { highestLocal } from './daylight-saving.ts'
import type { CronSchedule, Schedule } from './schedule.ts'
import { spansIn } from './offset-spans.ts'

/** In how many seconds of (after, until] the schedule is due: as many as nextDue() would give. */
export function countDue(schedule: Schedule, after: number, until: number): number {
  if (until <= after) return 0
  if (schedule.kind === 'reboot') return 0
  if (schedule.kind === 'every') {
    return Math.floor(until / schedule.seconds) - Math.floor(after / schedule.seconds)
  }
  return schedule.interval
    ? countInterval(schedule, after, until)
    : countFixed(schedule, after, until)
}

function countInterval(schedule: CronSchedule, after: number, until: number): number {
  let count = 0
  for (const { from, to, offset } of spansIn(schedule.zone, after + 1, until + 1)) {
    count += countLocal(schedule, from + offset, to + offset)
  }
  return count
}

/** Every match on the calendar, but all that one gap skips, and its end, are one. */
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
