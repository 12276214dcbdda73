import type { Task } from '../tasks/task.ts'
import type { Outcome } from './history-row.ts'

/**
 * How long to wait before the next attempt, in milliseconds; undefined where there is none.
 * Runs that a person or torch itself ended are not tried again; one that timed out is.
 */
export function retryDelay(
  retry: Task['retry'],
  ended: { attempt: number; outcome: Outcome; byTorch: boolean },
): number | undefined {
  const failed =
    ended.outcome === 'failed' ||
    ended.outcome === 'timeout' ||
    ended.outcome === 'spawn-failed' ||
    (ended.outcome === 'killed' && !ended.byTorch)
  if (!failed || ended.attempt > retry.attempts) return undefined
  return Math.min(retry.delayMs * retry.backoff ** (ended.attempt - 1), retry.maxDelayMs)
}

/**
 * How long a daemon task's place stays empty after a run, in milliseconds: twice as long as
 * before it (`lastDelayMs`, 0 for a first run), and the first delay again once a run lived long.
 */
export function restartDelay(
  restart: Task['restart'],
  livedMs: number,
  lastDelayMs: number,
): number {
  if (lastDelayMs === 0 || livedMs >= restart.resetAfterMs) return restart.delayMs
  return Math.min(lastDelayMs * 2, restart.maxDelayMs)
}
