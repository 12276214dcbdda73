import type { TaskStatus } from '../../../control/status-report.ts'
import { outcomes } from '../../../plan/history-row.ts'

/**
 * The conditions of a task, in the order in which they are counted: it runs, its last outcome, or
 * why it does not run here.
 */
const conditions = [
  'running',
  'given up',
  'restarting',
  ...outcomes.filter((outcome) => outcome !== 'running' && outcome !== 'ok'),
  'paused',
  'ok',
  'ended',
  'never ran',
  'not enabled',
  'not on this host',
] as const
export type Condition = (typeof conditions)[number]

export function conditionOf(task: TaskStatus): Condition {
  const { type, running, reason, last, paused } = task
  const isPaused = paused !== undefined && reason === null
  if (isGivenUp(task) && !isPaused) return 'given up'
  if (isRestarting(task) && !isPaused) return 'restarting'
  if (running.length > 0) return 'running'
  if (reason !== null) return reason === 'enabled' ? 'not enabled' : 'not on this host'
  if (isPaused) return 'paused'
  if (type === 'daemon' && last?.outcome === 'ok') return 'ended'
  return last?.outcome ?? 'never ran'
}

/** A daemon task whose runs end again and again, also while the next one has just begun. */
export function isRestarting({ type, nextRestart, counts }: TaskStatus): boolean {
  if (type !== 'daemon') return false
  return (nextRestart ?? null) !== null || (counts?.restarts ?? 0) > 1
}

/** A daemon task with a place in which nothing starts any more: it was started too often. */
export function isGivenUp({ closed }: TaskStatus): boolean {
  return (closed?.givenUp ?? 0) > 0
}

/** Counts the tasks in each condition; conditions without tasks are left out. */
export function countConditions(tasks: readonly TaskStatus[]): [Condition, number][] {
  const found = tasks.map(conditionOf)
  return conditions
    .map((each): [Condition, number] => [each, found.filter((one) => one === each).length])
    .filter(([, count]) => count > 0)
}

/**
 * The most urgent tasks first: running ones, the longest run first; failed and restarting ones, then skipped and
 * missed ones, the newest first; then the others, by their next start. Running daemon tasks come
 * after other running tasks, as they always run.
 */
export function byUrgency(tasks: readonly TaskStatus[]): TaskStatus[] {
  return tasks.toSorted((a, b) => urgency(a) - urgency(b) || tie(a, b))
}

function urgency(task: TaskStatus): number {
  switch (conditionOf(task)) {
    case 'running':
      return task.type === 'daemon' ? 1 : 0
    case 'given up':
    case 'restarting':
    case 'failed':
    case 'timeout':
    case 'killed':
    case 'spawn-failed':
    case 'unknown':
      return 2
    case 'skipped':
    case 'missed':
    case 'paused':
      return 3
    case 'ok':
    case 'ended':
    case 'never ran':
      return 4
    case 'not enabled':
    case 'not on this host':
      return 5
  }
}

/** Times in ISO 8601 and run ids sort by time. */
function tie(a: TaskStatus, b: TaskStatus): number {
  switch (urgency(a)) {
    case 0:
    case 1:
      return compare(a.running[0] ?? '', b.running[0] ?? '')
    case 2:
    case 3:
      return compare(b.last?.endedAt ?? '', a.last?.endedAt ?? '')
    default:
      return compare(nextStart(a) ?? 'never', nextStart(b) ?? 'never')
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** When a task starts next, with its jitter, in ISO 8601; null if it does not start by the clock. */
export function nextStart({ next, jitterMs }: TaskStatus): string | null {
  return next === null ? null : new Date(Date.parse(next) + jitterMs).toISOString()
}
