import { remembered } from '../text/cache.ts'
import { dueSeconds } from '../schedule/due.ts'
import type { Schedule } from '../schedule/schedule.ts'
import type { Task } from '../tasks/task.ts'

/** The seconds after `from`, as many as `seconds`, in which something may start. */
export interface Window {
  readonly from: number
  readonly seconds: number
}

/** The slots of schedules whose starts, so many seconds later each, fall into the window. */
export function slotsIn(
  schedules: readonly Schedule[],
  { from, seconds }: Window,
  shift: number,
): Float64Array {
  const [after, until] = [from - shift, from + seconds - shift]
  const each = schedules.map((schedule) => dueSeconds(schedule, after, until))
  const filled = each.filter((slots) => slots.length > 0)
  if (filled.length <= 1) return filled[0] ?? new Float64Array()
  // A second that several of the schedules name is one slot.
  return Float64Array.from(new Set(filled.flatMap((slots) => [...slots]))).toSorted()
}

/** Beyond this the slots that another machine would have are not kept as well. */
const maxSharedShift = 3600

/**
 * The same of a task whose schedules are alike on all machines. They are found once for all of them,
 * and for all tasks with these schedules and this jitter: those of one window are one array.
 */
export function sharedSlotsIn(task: Task, window: Window, shift: number): Float64Array {
  const { schedules, timezone, jitterMs } = task
  const { from, seconds } = window
  const widest = Math.ceil(jitterMs / 1000)
  if (widest > maxSharedShift) return slotsIn(schedules, window, shift)
  const key = [from, seconds, widest, timezone, ...schedules.map(({ text }) => text)].join('\n')
  const all = remembered(known, maxKnown, key, () =>
    slotsIn(schedules, { from: from - widest, seconds: seconds + widest }, 0),
  )
  if (widest === 0) return all
  return all.subarray(countUpTo(all, from - shift), countUpTo(all, from + seconds - shift))
}

/** Those of a task of each second take 0.7 MB a day; of nearly all others some hundred bytes. */
const maxKnown = 1024
const known = new Map<string, Float64Array>()

/** How many of the slots are not after a second, by halving. */
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
