import type { Task } from '../tasks/task.ts'

/** A run of a daemon task. */
export interface DaemonRun {
  readonly run: string
  readonly definition: string
  readonly ending: boolean
}

/** An instance whose run ended and that starts again after a delay. */
export interface PendingRestart {
  /** Milliseconds since the epoch. */
  readonly notBeforeMs: number
  /** The delay before this start. restartDelay() computes the next one from it. */
  readonly delayMs: number
  /** How many restarts in a row this one is: see restartsInARow(). Old records do not have it. */
  readonly restarts?: number
}

export interface InstancesPlan {
  /** Ids of the runs to end. */
  readonly end: readonly string[]
  /** Runs to start, each with the delay that it waited. */
  readonly start: readonly Pick<PendingRestart, 'delayMs' | 'restarts'>[]
  /** The restarts that are still not due. */
  readonly restarts: readonly PendingRestart[]
  /** When to plan again, in milliseconds since the epoch. */
  readonly wakeMs: number | undefined
}

/**
 * Plans how to reach what a daemon task's definition asks for: `max` instances that always run. If
 * the task was removed (undefined), all its runs end. Runs of an older definition are replaced one
 * by one: the next one ends only after the previous one is gone and its successor has started.
 * Call it after every change; it works from the current runs and remembers nothing.
 */
export function planInstances(
  task: Pick<Task, 'max' | 'definition'> | undefined,
  runs: readonly DaemonRun[],
  restarts: readonly PendingRestart[],
  nowMs: number,
): InstancesPlan {
  const active = runs.filter(({ ending }) => !ending)
  if (task === undefined) return { end: idsOf(active), start: [], restarts: [], wakeMs: undefined }
  const missing = Math.max(task.max - runs.length, 0)
  const kept = restarts.slice(0, missing)
  const due = kept.filter((restart) => isDue(restart, nowMs))
  const later = kept.filter((restart) => !isDue(restart, nowMs))
  const immediate = Array.from({ length: missing - kept.length }, () => ({ delayMs: 0 }))
  return {
    end: runsToEnd(task, runs, active),
    start: [...immediate, ...due.map(({ notBeforeMs: _, ...start }) => start)],
    restarts: later,
    wakeMs: later.length === 0 ? undefined : Math.min(...later.map((each) => each.notBeforeMs)),
  }
}

/** The runs above `max`, and at most one run of an older definition at a time. */
function runsToEnd(
  { max, definition }: Pick<Task, 'max' | 'definition'>,
  runs: readonly DaemonRun[],
  active: readonly DaemonRun[],
): string[] {
  const outdated = active.filter((run) => run.definition !== definition)
  const current = active.filter((run) => run.definition === definition)
  const surplus = Math.max(active.length - max, 0)
  const isOneEnding = active.length < runs.length
  const count = isOneEnding ? surplus : Math.max(surplus, Math.min(outdated.length, 1))
  return idsOf([...outdated, ...current.toReversed()].slice(0, count))
}

/** A restart further away than its whole delay means that the clock was set back: it is due now. */
function isDue({ notBeforeMs, delayMs }: PendingRestart, nowMs: number): boolean {
  return notBeforeMs <= nowMs || notBeforeMs > nowMs + delayMs
}

function idsOf(runs: readonly DaemonRun[]): string[] {
  return runs.map(({ run }) => run)
}

/**
 * How long a daemon task waits after the end of a run before it starts the next one, in
 * milliseconds. The delay doubles from the last one (`lastDelayMs`, 0 for a first run) up to
 * `maxDelayMs`, and starts over once a run has lasted for `resetAfterMs`.
 */
export function restartDelay(
  restart: Task['restart'],
  lastedMs: number,
  lastDelayMs: number,
): number {
  if (lastDelayMs === 0 || lastedMs >= restart.resetAfterMs) return restart.delayMs
  return Math.min(lastDelayMs * 2, restart.maxDelayMs)
}

/**
 * How many restarts in a row the next one is, if the instance that ended was itself the `before`-th: a
 * run that has lasted for `resetAfterMs` ends the row.
 */
export function restartsInARow(
  restart: Pick<Task['restart'], 'resetAfterMs'>,
  lastedMs: number,
  before: number,
): number {
  return lastedMs >= restart.resetAfterMs ? 0 : before + 1
}
