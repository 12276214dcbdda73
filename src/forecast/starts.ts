import type { TaskForecast } from './forecast.ts'
import type { Window } from './window-slots.ts'

type Starts = Pick<TaskForecast, 'slots' | 'shift'>

/** How many of the tasks start in each second of the window. */
export function startsPerSecond(tasks: readonly Starts[], window: Window): Uint32Array {
  const counts = new Uint32Array(window.seconds)
  for (const { slots, shift, times } of together(tasks)) {
    const offset = shift - window.from - 1
    for (const slot of slots) {
      const index = slot + offset
      counts[index] = (counts[index] ?? 0) + times
    }
  }
  return counts
}

/** How many starts of a task fall into each of so many equal parts of the window. */
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

/** The same of all starts, by their number in each second. */
export function sumPerCell(perSecond: Uint32Array, cells: number): number[] {
  const cellSeconds = perSecond.length / cells
  return Array.from({ length: cells }, (_, cell) => {
    const part = perSecond.subarray(cell * cellSeconds, (cell + 1) * cellSeconds)
    return part.reduce((sum, count) => sum + count, 0)
  })
}

interface Together {
  readonly slots: Float64Array
  readonly shift: number
  times: number
}

/** Tasks with the same schedule have the same array of slots: these are gone through once. */
function together(tasks: readonly Starts[]): Iterable<Together> {
  const known = new Map<Float64Array, Together>()
  const others: Together[] = []
  for (const { slots, shift } of tasks) {
    const same = known.get(slots)
    if (same?.shift === shift) same.times += 1
    else if (same === undefined) known.set(slots, { slots, shift, times: 1 })
    else others.push({ slots, shift, times: 1 })
  }
  return [...known.values(), ...others]
}
