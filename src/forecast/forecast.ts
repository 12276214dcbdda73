import { secondsPerDay } from '../schedule/calendar.ts'
import { jitterOf } from '../text/hash.ts'
import { nextOf } from '../schedule/due.ts'
import type { Schedule } from '../schedule/schedule.ts'
import { hashedName, isHashed, schedulesOn } from '../tasks/host-schedules.ts'
import type { Task } from '../tasks/task.ts'
import { startsPerSecond } from './starts.ts'
import { sharedSlotsIn, slotsIn, type Window } from './window-slots.ts'

/** What a host starts in a stretch of time. Seconds since the epoch. */
export interface Forecast extends Window {
  readonly host: string
  readonly tasks: readonly TaskForecast[]
  readonly starts: number
  /** How many in each second of the window. */
  readonly perSecond: Uint32Array
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
  const window = { from, seconds }
  const name = hashedName(hostName)
  const forecasts = tasks.map((task) => forecastTask(task, name, window))
  const perSecond = startsPerSecond(forecasts, window)
  return {
    ...window,
    host: hostName,
    tasks: forecasts,
    starts: forecasts.reduce((sum, { starts }) => sum + starts, 0),
    perSecond,
    busiest: busiestOf(perSecond, from),
  }
}

function forecastTask(task: Task, name: string, window: Window): TaskForecast {
  const jitterMs = jitterOf(task.name, name, task.jitterMs)
  const shift = Math.floor(jitterMs / 1000)
  const hasHash = task.schedules.some(isHashed)
  const schedules = hasHash ? schedulesOn(task, name) : task.schedules
  const slots = hasHash ? slotsIn(schedules, window, shift) : sharedSlotsIn(task, window, shift)
  return {
    task,
    schedules,
    next: slots[0] ?? nextOf(schedules, window.from + window.seconds - shift),
    starts: slots.length,
    slots,
    shift,
    varies: hasHash || task.jitterMs >= 1000,
  }
}

function busiestOf(counts: Uint32Array, from: number): Forecast['busiest'] {
  let most = 0
  for (let index = 1; index < counts.length; index++)
    if ((counts[index] ?? 0) > (counts[most] ?? 0)) most = index
  const starts = counts[most] ?? 0
  return starts === 0 ? undefined : { at: from + 1 + most, starts }
}
