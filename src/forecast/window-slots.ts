import { dueSeconds, nextOf } from '../schedule/due.ts'
import type { Schedule } from '../schedule/schedule.ts'
import type { Task } from '../tasks/task.ts'
import { remembered } from '../text/cache.ts'

/** A stretch of time: the `seconds` seconds after `from`, in seconds since the epoch. */
export interface Window {
  readonly from: number
  readonly seconds: number
}

/** The slots whose starts, `shift` seconds later, are in the window. */
export function slotsIn(
  schedules: readonly Schedule[],
  { from, seconds }: Window,
  shift: number,
): Float64Array {
  const [after, until] = [from - shift, from + seconds - shift]
  const each = schedules.map((schedule) => dueSeconds(schedule, after, until))
  const filled = each.filter((slots) => slots.length > 0)
  if (filled.length <= 1) return filled[0] ?? new Float64Array()
  // A second in which several schedules are due is one slot.
  return Float64Array.from(new Set(filled.flatMap((slots) => [...slots]))).toSorted()
}

/** With a longer jitter, the slots of the other hosts are too many to cache. In seconds. */
const maxSharedShift = 3600

/**
 * The same as slotsIn() for a task without `H`. The result is cached for all hosts and for all tasks
 * with the same schedules and jitter: for one window they get the same array.
 */
export function sharedSlotsIn(task: Task, window: Window, shift: number): Float64Array {
  const { schedules, timezone, jitterMs } = task
  const { from, seconds } = window
  const widest = Math.ceil(jitterMs / 1000)
  if (widest > maxSharedShift) return slotsIn(schedules, window, shift)
  const texts = schedules.map(({ text, limits }) => `${text}\n${limits?.id ?? ''}`)
  const key = [from, seconds, widest, timezone, ...texts].join('\n')
  const all = remembered(known, maxKnown, key, () =>
    slotsIn(schedules, { from: from - widest, seconds: seconds + widest }, 0),
  )
  if (widest === 0) return all
  return all.subarray(countUpTo(all, from - shift), countUpTo(all, from + seconds - shift))
}

/** A day of slots takes 0.7 MB for a task of every second, and some hundred bytes for most others. */
const maxKnown = 1024
const known = new Map<string, Float64Array>()

/** The number of slots up to and including a second, by binary search. */
function countUpTo(slots: Float64Array, second: number): number {
  let low = 0
  let high = slots.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((slots[middle] ?? Infinity) <= second) low = middle + 1
    else high = middle
  }
  return low
}

/** The slots after the window that shortestInterval() also looks at: a rare task has few in it. */
const maxSlotsAfterWindow = 12

/** The shortest time between two slots of a task, in seconds; undefined if it has fewer than two. */
export function shortestInterval({
  schedules,
  slots,
  next,
}: {
  readonly schedules: readonly Schedule[]
  /** The slots in the window, in order. */
  readonly slots: Float64Array
  /** The first slot, in the window or after it. */
  readonly next: number | undefined
}): number | undefined {
  let shortest: number | undefined
  let last: number | undefined
  const look = (slot: number): void => {
    if (last !== undefined && slot - last < (shortest ?? Infinity)) shortest = slot - last
    last = slot
  }
  for (const slot of slots) {
    look(slot)
    if (shortest === 1) return 1
  }
  let later = slots.length === 0 ? next : nextOf(schedules, last ?? 0)
  for (let count = 0; later !== undefined && count < maxSlotsAfterWindow; count++) {
    look(later)
    later = nextOf(schedules, later)
  }
  return shortest
}
