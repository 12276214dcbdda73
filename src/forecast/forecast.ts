import { secondsPerDay } from '../schedule/civil-date.ts'
import { nextOf } from '../schedule/due.ts'
import type { Schedule } from '../schedule/schedule.ts'
import { hashedName, isHashed, jitterOn, schedulesOn } from '../tasks/host-schedules.ts'
import type { Task } from '../tasks/task.ts'
import { sharedSlotsIn, slotsIn, type Window } from './window-slots.ts'

/** What one host starts in a window of time. Times are seconds since the epoch. */
export interface Forecast extends Window {
  readonly host: string
  readonly tasks: readonly TaskForecast[]
  readonly starts: number
  /** The number of starts in each second of the window. */
  readonly perSecond: Uint32Array
  /** The first second with the most starts; undefined if there are no starts. */
  readonly busiest: { readonly at: number; readonly starts: number } | undefined
}

export interface TaskForecast {
  readonly task: Task
  /** The task's schedules, with `H` resolved for this host. */
  readonly schedules: readonly Schedule[]
  /** The slot of the next start, even after the window; undefined if there is none. */
  readonly next: number | undefined
  readonly starts: number
  /** The slots of the starts in the window, in order. */
  readonly slots: Float64Array
  /** Seconds between a slot and its start: the whole seconds of the jitter on this host. */
  readonly shift: number
  /** `H` or jitter gives the task other times on other hosts. */
  readonly varies: boolean
}

/** Something a reviewer of a valid tasks file should know. */
export interface Warning {
  /**
   * `done`: the last time of a task is over; `herd`: many tasks start in one second on one host; `fleet`: a task starts in the same second on
   * many machines; `gap`, `overlap`: the clock skips or repeats a time; `claims`: the tasks with
   * `scope: fleet` have more slots than the fleet should keep. These words are in the JSON.
   */
  readonly kind:
    'nowhere' | 'never' | 'done' | 'herd' | 'fleet' | 'gap' | 'overlap' | 'timeout' | 'claims'
  /** Task names, in the order of the file. */
  readonly tasks: readonly string[]
  /** What is wrong with these tasks, without a full stop. */
  readonly message: string
  /** What to try. */
  readonly hint: string
}

/**
 * Forecasts what the host with this name starts in the `seconds` after `from`. As in the daemon's
 * agenda, a start belongs to the second in which it happens: its slot plus the whole seconds of the
 * jitter. So a slot before `from` counts if its start comes after `from`. `@reboot` tasks and daemon
 * tasks have no starts here, because they do not start by the clock.
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
  const shift = Math.floor(jitterOn(task, name) / 1000)
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
    varies:
      task.fleet === undefined && (hasHash || (task.type !== 'manual' && task.jitterMs >= 1000)),
  }
}

function busiestOf(counts: Uint32Array, from: number): Forecast['busiest'] {
  let most = 0
  for (let index = 1; index < counts.length; index++)
    if ((counts[index] ?? 0) > (counts[most] ?? 0)) most = index
  const starts = counts[most] ?? 0
  return starts === 0 ? undefined : { at: from + 1 + most, starts }
}

type Starts = Pick<TaskForecast, 'slots' | 'shift'>

/** The number of starts of these tasks in each second of the window. */
export function startsPerSecond(tasks: readonly Starts[], window: Window): Uint32Array {
  const counts = new Uint32Array(window.seconds)
  for (const { slots, shift, times } of withSameSlots(tasks)) {
    const offset = shift - window.from - 1
    for (const slot of slots) {
      const index = slot + offset
      counts[index] = (counts[index] ?? 0) + times
    }
  }
  return counts
}

/** The number of starts of a task in each of `cells` equal parts of the window. */
export function startsPerCell({ slots, shift }: Starts, window: Window, cells: number): number[] {
  const counts = Array.from({ length: cells }, () => 0)
  const cellSeconds = window.seconds / cells
  const offset = shift - window.from - 1
  for (const slot of slots) {
    const cell = Math.floor((slot + offset) / cellSeconds)
    counts[cell] = (counts[cell] ?? 0) + 1
  }
  return counts
}

/** The number of starts of all tasks in each of `cells` equal parts, from the starts per second. */
export function sumPerCell(perSecond: Uint32Array, cells: number): number[] {
  const cellSeconds = perSecond.length / cells
  return Array.from({ length: cells }, (_, cell) => {
    const part = perSecond.subarray(cell * cellSeconds, (cell + 1) * cellSeconds)
    return part.reduce((sum, count) => sum + count, 0)
  })
}

interface SameSlots extends Starts {
  times: number
}

/** Tasks with the same schedule share one array of slots. It is counted once for all of them. */
function withSameSlots(tasks: readonly Starts[]): Iterable<SameSlots> {
  const known = new Map<Float64Array, SameSlots>()
  const others: SameSlots[] = []
  for (const { slots, shift } of tasks) {
    const same = known.get(slots)
    if (same?.shift === shift) same.times += 1
    else if (same === undefined) known.set(slots, { slots, shift, times: 1 })
    else others.push({ slots, shift, times: 1 })
  }
  return [...known.values(), ...others]
}
