import { formatDuration } from '../text/duration.ts'
import type { TaskForecast } from './forecast.ts'
import { shortestInterval } from './interval.ts'

/** Widths for an example of `jitter`, in seconds. */
const widths = [600, 300, 60, 30, 10, 5, 2, 1]

/** How to give tasks, or machines, times of their own: an example for the first task that takes one. */
export function spreadHint(tasks: readonly TaskForecast[]): string {
  const [first] = tasks
  const interval = first === undefined ? undefined : shortestInterval(first)
  const width = widths.find((each) => each <= (interval ?? Infinity) / 2) ?? 1
  const jitter = `jitter: ${formatDuration(width * 1000)}`
  for (const { task } of tasks) {
    for (const { text } of task.schedules) {
      const hashed = withHash(text)
      if (hashed !== undefined)
        return `"${hashed}" instead of "${wordsOf(text).join(' ')}" in ${task.name}, or ${jitter}, gives each its own time`
    }
  }
  return `${jitter} gives each its own time`
}

const nicknames: Readonly<Record<string, string>> = {
  '@yearly': 'H H 1 1 *',
  '@annually': 'H H 1 1 *',
  '@monthly': 'H H 1 * *',
  '@weekly': 'H H * * 0',
  '@daily': 'H H * * *',
  '@midnight': 'H H * * *',
  '@hourly': 'H * * * *',
  '@minutely': 'H * * * * *',
}

/** The same schedule at a time of its own on each machine; undefined where `H` cannot say that. */
export function withHash(text: string): string | undefined {
  const words = wordsOf(text.toLowerCase())
  const [first = ''] = words
  if (Object.hasOwn(nicknames, first)) return nicknames[first]
  if (words.length < 5) return undefined
  const minuteAt = words.length - 5
  const minute = words[minuteAt] ?? ''
  // Every minute: the second is what is left to be spread.
  if (minute === '*' && minuteAt === 0) return ['H', ...words].join(' ')
  const at = minute === '*' ? 0 : minuteAt
  const spread = spreadField(words[at] ?? '')
  return spread === undefined ? undefined : words.with(at, spread).join(' ')
}

function wordsOf(text: string): string[] {
  return text.trim().split(/\s+/)
}

/** `30` may be any minute, and the steps of `*`/15 may begin at any. */
function spreadField(field: string): string | undefined {
  if (/^\d+$/.test(field)) return 'H'
  const [, step] = /^(?:\*|0)\/(\d+)$/.exec(field) ?? []
  return step === undefined || step === '1' ? undefined : `H/${step}`
}
