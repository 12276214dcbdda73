import type { RetryCause, Task } from '../tasks/task.ts'
import type { Outcome } from './history-row.ts'

/** How a run ended. */
interface Ended {
  readonly outcome: Outcome
  readonly exitCode: number | null
}

/**
 * How long after the end of a run its next attempt starts, in milliseconds; undefined if there is
 * none. Failed runs and runs that timed out are retried, unless `on` names others only. Runs that a person
 * or torch ended for another reason are not.
 */
export function retryDelay(
  retry: Task['retry'],
  ended: Ended & { readonly attempt: number; readonly byTorch: boolean },
): number | undefined {
  const failed =
    ended.outcome === 'failed' ||
    ended.outcome === 'timeout' ||
    ended.outcome === 'spawn-failed' ||
    (ended.outcome === 'killed' && !ended.byTorch)
  if (!failed || ended.attempt > retry.attempts || !mayHelp(retry, ended)) return undefined
  return Math.min(retry.delayMs * retry.backoff ** (ended.attempt - 1), retry.maxDelayMs)
}

/** Whether `on` names this failure. What nobody can name, an unknown end, is left as it is without `on`. */
export function mayHelp({ on }: Task['retry'], ended: Ended): boolean {
  if (on === undefined || ended.outcome === 'unknown') return true
  return on.some((cause) => isCause(cause, ended))
}

function isCause(cause: RetryCause, { outcome, exitCode }: Ended): boolean {
  if (cause === 'signal') return outcome === 'killed'
  if (typeof cause === 'string') return outcome === cause
  const isCode = outcome === 'failed' && exitCode !== null
  return isCode && exitCode >= cause.from && exitCode <= cause.to
}
