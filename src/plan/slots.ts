import { isDue, latestDue, nextOf } from '../schedule/due.ts'
import type { Schedule } from '../schedule/schedule.ts'
import { jitterOn } from '../tasks/host-schedules.ts'
import type { Task } from '../tasks/task.ts'
import type { AgendaEntry } from './agenda.ts'

/** When a task is due on one host: its schedules, its jitter and its catchup. */
export interface Timetable {
  readonly task: string
  /** Schedules that follow real time: after the clock is set back, they repeat their slots. */
  readonly intervals: readonly Schedule[]
  /** Fixed-time schedules: after the clock is set back, they repeat no slot. */
  readonly fixed: readonly Schedule[]
  readonly jitterMs: number
  readonly catchup: Task['catchup']
  readonly catchupWindowMs: number
}

/** The slots of a stretch of time: the first, the last, and how many. */
export interface SlotRange {
  readonly first: number
  readonly last: number
  readonly count: number
}

/** The timetable of a task on the host with this name. */
export function timetableOf(task: Task, host: string): Timetable {
  const isInterval = (schedule: Schedule) =>
    schedule.kind === 'every' || (schedule.kind === 'cron' && schedule.interval)
  return {
    task: task.name,
    intervals: task.schedules.filter(isInterval),
    fixed: task.schedules.filter((schedule) => !isInterval(schedule)),
    jitterMs: jitterOn(task, host),
    catchup: task.catchup,
    catchupWindowMs: task.catchupWindowMs,
  }
}

/**
 * The first slot that starts after the second `done`; undefined if there is none left. Fixed-time
 * slots must also come after `high`, the latest second ever done.
 */
export function nextEntry(table: Timetable, done: number, high: number): AgendaEntry | undefined {
  const shift = shiftOf(table)
  const slot = earlier(
    nextOf(table.intervals, done - shift),
    nextOf(table.fixed, Math.max(done, high) - shift),
  )
  return slot === undefined ? undefined : { task: table.task, slot, at: slot + shift }
}

/**
 * The first entry of a task that is new or has changed: its first slot after `done`, without regard
 * to its jitter. If the slot of its `old` entry has not started yet and the new schedule has it too, that
 * slot stays due.
 */
export function freshEntry(
  table: Timetable,
  done: number,
  high: number,
  old?: AgendaEntry,
): AgendaEntry | undefined {
  const shift = shiftOf(table)
  const all = [...table.intervals, ...table.fixed]
  if (old !== undefined && old.slot <= done && all.some((schedule) => isDue(schedule, old.slot)))
    return { task: table.task, slot: old.slot, at: Math.max(old.slot + shift, done + 1) }
  const slot = earlier(nextOf(table.intervals, done), nextOf(table.fixed, Math.max(done, high)))
  return slot === undefined ? undefined : { task: table.task, slot, at: slot + shift }
}

/** All slots that start after the second `done` and up to `now`. `high` works as in nextEntry(). */
export function slotsUpTo(
  table: Timetable,
  done: number,
  now: number,
  high: number,
): SlotRange | undefined {
  const shift = shiftOf(table)
  if (high <= done)
    return latestDue([...table.intervals, ...table.fixed], done - shift, now - shift)
  const intervals = latestDue(table.intervals, done - shift, now - shift)
  const fixed = high < now ? latestDue(table.fixed, high - shift, now - shift) : undefined
  return unite(intervals, fixed)
}

/** The whole seconds of the jitter: the agenda counts in seconds. */
export function shiftOf(table: Timetable): number {
  return Math.floor(table.jitterMs / 1000)
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b
  return b === undefined ? a : Math.min(a, b)
}

/** A second in both ranges counts twice. This can happen only after the clock is set back. */
function unite(a: SlotRange | undefined, b: SlotRange | undefined): SlotRange | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return {
    first: Math.min(a.first, b.first),
    last: Math.max(a.last, b.last),
    count: a.count + b.count,
  }
}
