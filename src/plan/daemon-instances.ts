import type { Task } from '../tasks/task.ts'

/** A run of a daemon task. */
export interface DaemonRun {
  readonly run: string
  readonly definition: string
  readonly ending: boolean
  /** It has started and is not ready yet: see `ready` of its task. */
  readonly isNew?: boolean
  /** A person asked to replace it, although its definition is the current one. */
  readonly mustGo?: boolean
}

/**
 * How runs of an older definition are replaced, one by one:
 * - end-first: one ends, then its successor starts
 * - end-first-and-wait: the next one also waits until that successor is ready
 * - start-first: a successor starts beside them, and one of them ends when it is ready
 * - end-all: they hold an address that their successors need, so all of them end first
 */
export type Replacement = 'end-first' | 'end-first-and-wait' | 'start-first' | 'end-all'

/** What a task asks for. */
export interface WantedInstances extends Pick<Task, 'max' | 'definition'> {
  /** `end-first` if it is left out. */
  readonly replacement?: Replacement
  /** Places in which nothing starts again: 0 if it is left out. */
  readonly closed?: number
}

/** An instance whose run ended and that starts again after a delay. */
export interface PendingRestart {
  /** Milliseconds since the epoch. */
  readonly notBeforeMs: number
  /** The delay before this start. restartDelay() computes the next one from it. */
  readonly delayMs: number
  /** How many restarts in a row this one is: see restartsInARow(). Old records do not have it. */
  readonly restarts?: number
  /** When the runs before it in its place started, in milliseconds; only with a `restart.limit`. */
  readonly starts?: readonly number[]
}

export interface InstancesPlan {
  /** Ids of the runs to end. */
  readonly end: readonly string[]
  /** Runs to start, each with the delay that it waited. */
  readonly start: readonly Omit<PendingRestart, 'notBeforeMs'>[]
  /** The restarts that are still not due. */
  readonly restarts: readonly PendingRestart[]
  /** When to plan again, in milliseconds since the epoch. */
  readonly wakeMs: number | undefined
}

/**
 * Plans how to reach what a daemon task's definition asks for: `max` instances that always run. If
 * the task was removed (undefined), all its runs end. Runs of an older definition are replaced one
 * by one, as the task's replacement says; while they are replaced start-first, one more may run.
 * Call it after every change; it works from the current runs and remembers nothing.
 */
export function planInstances(
  task: WantedInstances | undefined,
  runs: readonly DaemonRun[],
  restarts: readonly PendingRestart[],
  nowMs: number,
): InstancesPlan {
  const active = runs.filter(({ ending }) => !ending)
  if (task === undefined) return { end: idsOf(active), start: [], restarts: [], wakeMs: undefined }
  if (task.replacement === 'end-all' && runs.some((run) => isOutdated(task, run)))
    return { end: runsToEnd(task, runs, 0), start: [], restarts, wakeMs: undefined }
  const isBeside = task.replacement === 'start-first' && active.some((run) => isOutdated(task, run))
  const places = task.max + (isBeside ? 1 : 0) - (task.closed ?? 0)
  const missing = Math.max(places - runs.length, 0)
  const kept = restarts.slice(0, missing)
  const due = kept.filter((restart) => isDue(restart, nowMs))
  const later = kept.filter((restart) => !isDue(restart, nowMs))
  const immediate = Array.from({ length: missing - kept.length }, () => ({ delayMs: 0 }))
  return {
    end: runsToEnd(task, runs, missing),
    start: [...immediate, ...due.map(({ notBeforeMs: _, ...start }) => start)],
    restarts: later,
    wakeMs: later.length === 0 ? undefined : Math.min(...later.map((each) => each.notBeforeMs)),
  }
}

function isOutdated({ definition }: WantedInstances, run: DaemonRun): boolean {
  return run.definition !== definition || run.mustGo === true
}

/** The runs above `max`, and of the outdated runs as many as may end now. */
function runsToEnd(task: WantedInstances, runs: readonly DaemonRun[], missing: number): string[] {
  const { max, replacement = 'end-first' } = task
  const active = runs.filter(({ ending }) => !ending)
  const outdated = active.filter((run) => isOutdated(task, run))
  const current = active.filter((run) => !isOutdated(task, run))
  const surplus = Math.max(active.length - max, 0)
  const isOneEnding = active.length < runs.length
  const first = (count: number): string[] =>
    idsOf([...outdated, ...current.toReversed()].slice(0, count))
  switch (replacement) {
    case 'end-all':
      return first(Math.max(surplus, outdated.length))
    case 'end-first':
      return first(isOneEnding ? surplus : Math.max(surplus, Math.min(outdated.length, 1)))
    case 'end-first-and-wait': {
      const mustWait = isOneEnding || missing > 0 || current.some(({ isNew }) => isNew)
      return first(mustWait ? surplus : Math.max(surplus, Math.min(outdated.length, 1)))
    }
    case 'start-first':
      return runsNotNeeded(max, outdated, current)
  }
}

/** What is not ready serves nobody: it replaces no other run, and is not worth waiting for if it is outdated. */
function runsNotNeeded(
  max: number,
  outdated: readonly DaemonRun[],
  current: readonly DaemonRun[],
): string[] {
  const isServing = ({ isNew }: DaemonRun): boolean => isNew !== true
  const never = outdated.filter((run) => !isServing(run))
  const serving = [...outdated, ...current.toReversed()].filter(isServing)
  return idsOf([...never, ...serving.slice(0, Math.max(serving.length - max, 0))])
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
function restartsInARow(
  restart: Pick<Task['restart'], 'resetAfterMs'>,
  lastedMs: number,
  before: number,
): number {
  return lastedMs >= restart.resetAfterMs ? 0 : before + 1
}

/** An instance that has ended, and what was before it in its place. */
export interface EndedInstance {
  readonly endedMs: number
  readonly lastedMs: number
  /** How long its own start was delayed, and how many restarts in a row that was. */
  readonly delayMs: number
  readonly restarts: number
  /** When the runs of its place started, with its own start, in milliseconds. */
  readonly starts: readonly number[]
  /**
   * - `failed`, `ok`: by itself
   * - `killed`: a person ended it
   * - `interrupted`: a stop or a reboot ended it, which says nothing about it
   */
  readonly how: 'failed' | 'ok' | 'killed' | 'interrupted'
}

/** What follows the end of an instance: the next start, or nothing, because the task does not want it, or was started too often. */
export type NextInstance =
  | { readonly kind: 'restart'; readonly restart: PendingRestart }
  | { readonly kind: 'ended' }
  | { readonly kind: 'gave-up' }

/** Decides by `restart` whether, and when, the next instance starts in the place of one that ended. */
export function nextInstance(restart: Task['restart'], ended: EndedInstance): NextInstance {
  const { limit, on } = restart
  const { endedMs, lastedMs, how } = ended
  const isJudged = how !== 'interrupted'
  if (isJudged && (on === 'never' || (on === 'failure' && how !== 'failed')))
    return { kind: 'ended' }
  const delayMs = restartDelay(restart, lastedMs, ended.delayMs)
  const notBeforeMs = endedMs + delayMs
  // Whoever kills an instance begins a new count.
  const counted = how === 'killed' || !isJudged ? [] : ended.starts
  const sinceMs = notBeforeMs - (limit?.withinMs ?? 0)
  // A later one was before the clock was set back.
  const starts = counted.filter((ms) => ms > sinceMs && ms <= endedMs)
  if (limit !== undefined && starts.length >= limit.starts) return { kind: 'gave-up' }
  const restarts = restartsInARow(restart, lastedMs, ended.restarts)
  const next = { notBeforeMs, delayMs, restarts, ...(limit !== undefined && { starts }) }
  return { kind: 'restart', restart: next }
}
