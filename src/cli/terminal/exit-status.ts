import { exitStatus } from '../../errors.ts'
import { signalNumbers } from '../../host/processes.ts'
import type { Outcome } from '../../plan/history-row.ts'

/** What became of a run: from its outcome.json, or its row in the history. */
export interface Ended {
  readonly outcome: Outcome
  readonly exitCode: number | null
  readonly signal: string | null
  readonly reason: string | null
}

/** As timeout(1), env(1) and the shell have it. */
const timedOut = 124
const notStarted = 126
const firstSignal = 128

/**
 * The exit status that `torch run` passes on: that of the command; 124 after its timeout, 128 and
 * the number after a signal, 126 or 127 where it could not be started, 1 where nobody knows.
 */
export function passedOn(ended: Ended, recorded: number | undefined): number {
  if (ended.outcome === 'timeout') return timedOut
  if (ended.exitCode !== null) return ended.exitCode
  if (ended.signal !== null) return statusOfSignal(ended.signal)
  if (ended.outcome === 'spawn-failed') return recorded ?? notStarted
  return exitStatus.failed
}

/** As the shell has it: 143 for SIGTERM. */
export function statusOfSignal(name: string): number {
  return firstSignal + (signalNumbers[name] ?? 0)
}
