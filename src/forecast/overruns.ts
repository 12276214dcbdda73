import { formatDuration } from '../text/duration.ts'
import type { Task } from '../tasks/task.ts'
import type { TaskForecast } from './forecast.ts'
import { grouped } from '../text/grouped.ts'
import { shortestInterval } from './interval.ts'
import type { Warning } from './warning.ts'

/**
 * Tasks whose runs may take longer than there is room for until a slot finds `max` of them: one
 * warning for all with the same numbers.
 */
export function overrunWarnings(tasks: readonly TaskForecast[]): Warning[] {
  const over = tasks.flatMap((forecast) => {
    const { task } = forecast
    if (task.timeoutMs === undefined) return []
    const interval = shortestInterval(forecast) ?? Infinity
    const isOver = task.timeoutMs > interval * 1000 * task.max
    return isOver ? [{ name: task.name, ...wordsOf(task, interval) }] : []
  })
  return [...grouped(over, ({ message }) => message).values()].flatMap((alike) =>
    alike.slice(0, 1).map(({ message, hint }): Warning => {
      return { kind: 'timeout', tasks: alike.map(({ name }) => name), message, hint }
    }),
  )
}

function wordsOf(
  { timeoutMs = 0, max, overlap }: Task,
  interval: number,
): Pick<Warning, 'message' | 'hint'> {
  const between = formatDuration(interval * 1000)
  const room = max === 1 ? between : `${between} times max: ${max}`
  const most = formatDuration(interval * 1000 * max)
  const effects: Readonly<Record<Task['overlap'], string>> = {
    skip: 'while runs take that long, slots are skipped',
    queue: 'while runs take that long, one slot waits and the others are skipped',
    replace: 'a slot ends the oldest run before its timeout does',
  }
  const message = `timeout: ${formatDuration(timeoutMs)} is longer than the time between slots (${room}): ${effects[overlap]}`
  const hint =
    overlap === 'replace'
      ? `timeout: ${most}, or none`
      : `timeout: ${most}, or a greater max if runs may overlap`
  return { message, hint }
}
