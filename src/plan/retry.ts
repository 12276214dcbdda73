import type { Task } from '../tasks/task.ts'
import type { Outcome } from './history-row.ts'

/**
 * How long after the end of a run its next attempt starts, in milliseconds; undefined if there is
 * none. Failed runs and runs that timed out are retried. Runs that a person or torch ended for
 * another reason are not.
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
