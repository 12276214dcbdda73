import type { PauseReport, TaskStatus } from '../../../control/status-report.ts'
import { startOfRun } from '../../../run/directory.ts'
import { afterWords } from '../../../text/after-words.ts'
import { counted } from '../../../text/plural.ts'
import type { Call } from '../../command.ts'
import { outcomeCell } from '../../terminal/outcomes.ts'
import { pauseWords } from '../../terminal/pause-words.ts'
import { type Cell, cutText } from '../../terminal/table.ts'
import { dueWords, progressOf, shownDistance, shownTime } from '../../terminal/times.ts'
import { isGivenUp, isRestarting, nextStart } from './status-order.ts'

/** From how many failures or restarts in a row they are counted. */
const minInARow = 2

export interface RowView {
  /** A daemon runs, so that next starts will happen. */
  readonly isStarting: boolean
  /** How long the task usually takes, in ms. */
  readonly usualMs: number | undefined
  /** There is room for progress bars. */
  readonly withBars: boolean
}

/** The row of a task: its name, type, next start (how soon, and when), runs and last end. */
export function taskRow(
  { host, terminal }: Pick<Call, 'host' | 'terminal'>,
  task: TaskStatus,
  { isStarting, usualMs, withBars }: RowView,
): Cell[] {
  const restart = task.paused === undefined ? (task.nextRestart ?? null) : null
  const next = isStarting ? (nextStart(task) ?? restart) : null
  return [
    task.name,
    task.type,
    next === null ? nextCell(task, isStarting) : dueWords(host, next),
    shownTime(host, next),
    runningCell({ host, terminal }, task, usualMs, withBars),
    task.reason !== null
      ? awayCell(host, task, task.reason)
      : task.paused === undefined
        ? lastCell(host, task)
        : pausedCell(host, task, task.paused),
  ]
}

/** In place of a time. */
function nextCell({ here, done, definition }: TaskStatus, isStarting: boolean): Cell {
  if (done === true) return ['done', 'dim']
  const after = isStarting && here ? definition?.after : undefined
  if (after === undefined) return ''
  // Without the outcome, for which there is no room: `torch status TASK` shows it.
  const words = afterWords({ ...after, outcome: 'ok' }, 1)
  return [cutText(words, maxAfterChars, 'middle'), 'dim']
}

/** It must leave room for the other columns. */
const maxAfterChars = 24

/** Why a task does not run here, and how it ended when it did. */
function awayCell(host: Call['host'], task: TaskStatus, reason: string): Cell {
  const words = notHere[reason] ?? reason
  if (task.last === null) return [words, 'dim']
  const last = lastCell(host, task)
  return `${words}; ${typeof last === 'string' ? last : last[0]}`
}

/** `paused until 2026-03-10T14:00:00+00:00 by alice: new disk; ok, 3h ago`. That of all tasks stands above the table. */
function pausedCell(host: Call['host'], task: TaskStatus, pause: PauseReport): Cell {
  const words = pause.all ? 'paused' : `paused ${pauseWords(host, pause)}`
  if (task.last === null) return [words, 'yellow']
  const last = lastCell(host, { ...task, nextRestart: null })
  return [`${words}; ${typeof last === 'string' ? last : last[0]}`, 'yellow']
}

const notHere: Readonly<Record<string, string>> = {
  enabled: 'not enabled',
  hosts: 'not on this host',
}

/** The number of runs, and the progress of the oldest one. Daemon tasks have no progress. */
function runningCell(
  { host, terminal }: Pick<Call, 'host' | 'terminal'>,
  { type, running: [oldest, ...more] }: TaskStatus,
  usualMs: number | undefined,
  withBars: boolean,
): Cell {
  if (oldest === undefined) return ''
  const count = String(more.length + 1)
  if (type === 'daemon') return [count, 'green']
  const elapsedMs = Math.max(host.clock.now() - startOfRun(oldest), 0)
  const { text: whole, isOver } = progressOf(elapsedMs, usualMs, terminal.isUnicode)
  const text = withBars ? whole : whole.replace(/^\[.*\] /, '')
  const words = text === '' ? count : more.length === 0 ? text : `${count}: ${text}`
  return [words, isOver ? 'yellow' : 'green']
}

/**
 * How the task ended last, and whether that is a habit: `failed 3, 9m ago, 5 failures in a row`,
 * `ok, 3h ago, 12 skips since`. For a daemon task that ends again and again, the habit comes first:
 * `7 failures in a row, restarts in 6s, failed 1`. It should run always, so an end with 0 is not a success:
 * `7 restarts in a row, restarts in 6s, ended`.
 */
function lastCell(host: Call['host'], task: TaskStatus): Cell {
  const { last, type, nextRestart = null } = task
  const again = nextRestart === null ? [] : [`restarts ${dueWords(host, nextRestart)}`]
  if (last === null) return again.join('')
  const isEnd = type === 'daemon' && last.outcome === 'ok'
  const [outcome, style] = outcomeCell(last)
  const words = isEnd ? 'ended' : outcome
  const when = last.endedAt ?? last.slot
  const ago = when === null ? [] : [shownDistance(host, when)]
  const given = isGivenUp(task) ? [givenUpWords(task)] : []
  const parts = isRestarting(task)
    ? [...given, ...habitWords(task), ...again, words]
    : [...given, words, ...ago, ...habitWords(task)]
  const usual = isEnd && isRestarting(task) ? 'yellow' : style
  return [parts.join(', '), isGivenUp(task) ? 'red' : usual]
}

/** `given up`, or `2 of 4 given up`. */
function givenUpWords({ closed, definition }: TaskStatus): string {
  const max = definition?.max ?? 1
  return max === 1 ? 'given up' : `${closed?.givenUp ?? 0} of ${max} given up`
}

function habitWords({ type, last, counts }: TaskStatus): string[] {
  const { failures = 0, skips = 0, restarts = 0 } = counts ?? {}
  const inARow =
    failures >= minInARow
      ? [`${failures} failures in a row`]
      : type === 'daemon' && restarts >= minInARow
        ? [`${restarts} restarts in a row`]
        : []
  const skipped = last?.run === null ? [`${skips} in a row`] : [`${counted(skips, 'skip')} since`]
  const isCounted = last?.run === null ? skips >= minInARow : skips > 0
  return [...inARow, ...(isCounted ? skipped : [])]
}
