import { remembered } from '../schedule/bounded.ts'
import { secondsPerDay } from '../schedule/calendar.ts'
import { dueSeconds } from '../schedule/due-seconds.ts'
import { jitterOf } from '../schedule/hash.ts'
import { nextOf } from '../schedule/next.ts'
import type { Schedule } from '../schedule/schedule.ts'
import { hashedName, isHashed, schedulesOn } from '../tasks/host-schedules.ts'
import type { Task } from '../tasks/task.ts'

/** What a host starts in a stretch of time. Seconds since the epoch. */
export interface Forecast {
  readonly host: string
  /** Starts after `from`, up to and with `from` + `seconds`. */
  readonly from: number
  readonly seconds: number
  readonly tasks: readonly TaskForecast[]
  readonly starts: number
  /** The first of the seconds with the most starts; undefined where nothing starts. */
  readonly busiest: { readonly at: number; readonly starts: number } | undefined
}

export interface TaskForecast {
  readonly task: Task
  /** Its schedules as they are on that host. */
  readonly schedules: readonly Schedule[]
  /** The slot of the next start, however far it is; undefined: none, as for a daemon. */
  readonly next: number | undefined
  readonly starts: number
  /** The slots of these starts, in order. */
  readonly slots: Float64Array
  /** So many seconds after its slot it starts: the whole seconds of its jitter there. */
  readonly shift: number
  /** By `H` or jitter: at other times on a host of another name. */
  readonly varies: boolean
}

/**
 * What a host of that name starts in the time after `from`. A start counts by the second in which
 * it is to happen, its slot plus the whole seconds of that host's jitter, as the daemon keeps its
 * agenda; a slot before `from` whose start comes after it counts too. `@reboot` and daemon tasks
 * start at no time of the clock.
 */
export function forecastOf(
  tasks: readonly Task[],
  hostName: string,
  from: number,
  seconds: number = secondsPerDay,
): Forecast {
  const forecasts = tasks.map((task) => forecastTask(task, hostName, from, seconds))
  return {
    host: hostName,
    from,
    seconds,
    tasks: forecasts,
    starts: forecasts.reduce((sum, { starts }) => sum + starts, 0),
    busiest: busiestOf(startsPerSecond(forecasts, from, seconds), from),
  }
}

/** How many of the tasks start in each second: the first is that after `from`. */
export function startsPerSecond(
  tasks: readonly Pick<TaskForecast, 'slots' | 'shift'>[],
  from: number,
  seconds: number,
): Uint32Array {
  const counts = new Uint32Array(seconds)
  for (const { slots, shift } of tasks) {
    const offset = shift - from - 1
    for (const slot of slots) {
      const index = slot + offset
      counts[index] = (counts[index] ?? 0) + 1
    }
  }
  return counts
}

function forecastTask(task: Task, hostName: string, from: number, seconds: number): TaskForecast {
  const jitterMs = jitterOf(task.name, hashedName(hostName), task.jitterMs)
  const shift = Math.floor(jitterMs / 1000)
  const schedules = schedulesOn(task, hostName)
  const isHashedTask = task.schedules.some(isHashed)
  const [after, until] = [from - shift, from + seconds - shift]
  const find = () => unitedSlots(schedules, after, until)
  const slots = isHashedTask || shift > 0 ? find() : shared(task, after, until, find)
  return {
    task,
    schedules,
    next: slots[0] ?? nextOf(schedules, until),
    starts: slots.length,
    slots,
    shift,
    varies: isHashedTask || task.jitterMs >= 1000,
  }
}

/** Slots that are the same on all hosts, and of all tasks with these schedules, are found once. */
function shared(
  { timezone, schedules }: Task,
  after: number,
  until: number,
  find: () => Float64Array,
): Float64Array {
  const key = [after, until, timezone, ...schedules.map(({ text }) => text)].join('\n')
  return remembered(known, maxKnown, key, find)
}

/** Of the slots of a second each a day takes 0.7 MB; nearly all others some hundred bytes. */
const maxKnown = 1024
const known = new Map<string, Float64Array>()

/** A second that several of the schedules name is one slot. */
function unitedSlots(schedules: readonly Schedule[], after: number, until: number): Float64Array {
  const each = schedules.map((schedule) => dueSeconds(schedule, after, until))
  const filled = each.filter((slots) => slots.length > 0)
  if (filled.length <= 1) return filled[0] ?? new Float64Array()
  return Float64Array.from(new Set(filled.flatMap((slots) => [...slots]))).toSorted()
}

function busiestOf(counts: Uint32Array, from: number): Forecast['busiest'] {
  let most = 0
  for (let index = 1; index < counts.length; index++)
    if ((counts[index] ?? 0) > (counts[most] ?? 0)) most = index
  const starts = counts[most] ?? 0
  return starts === 0 ? undefined : { at: from + 1 + most, starts }
}
