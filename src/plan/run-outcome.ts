import type { Outcome } from './history-row.ts'

/** Why torch ended a run. */
export type EndReason = 'timeout' | 'kill' | 'stop' | 'replace' | 'reload' | 'removed'

/** What is known about a run that is over. */
export interface EndFacts {
  /** What the recorder wrote: the exit status as in `$?`, and whether a signal caused it. */
  readonly recorded: { readonly status: number; readonly signalled: boolean } | undefined
  /** How the recorder exited, if torch is its parent. It exits with the command's own status. */
  readonly recorder: { readonly code: number | null; readonly signal: string | null } | undefined
  /** Why the command could not be started, if the recorder says so. */
  readonly startFailure: string | undefined
  /** The recorder claimed the run: it executed its first line. */
  readonly claimed: boolean
  /** The recorder started the command. */
  readonly begun: boolean
  /** Somebody removed the run directory, so nothing in it can be read. */
  readonly removed: boolean
  /** Set if torch sent signals: why, and the last signal. */
  readonly ending: { readonly reason: EndReason; readonly signal: string } | undefined
  /** The signals that `torch kill --signal` sent. */
  readonly sent: readonly string[]
  readonly successCodes: readonly number[]
  /** The name of a signal number on this machine, see signal(7). */
  signalName(number: number): string | undefined
}

export interface RunOutcome {
  readonly outcome: Outcome
  readonly exitCode: number | null
  readonly signal: string | null
  readonly reason: string | null
  /** A signal of `torch kill --signal` ended the run. That counts as a failure, as with kill(1). */
  readonly onlySignalled?: true
}

/** Decides the outcome of a run. Without a known status it is `unknown`, never a guess. */
export function outcomeOf(facts: EndFacts): RunOutcome {
  const ended = statusOf(facts)
  if (facts.ending !== undefined) {
    const { reason, signal } = facts.ending
    const outcome = reason === 'timeout' ? 'timeout' : 'killed'
    return { outcome, exitCode: ended?.code ?? null, signal: ended?.signal ?? signal, reason }
  }
  if (facts.startFailure !== undefined) return spawnFailed(facts.startFailure)
  if (ended === undefined) return outcomeWithoutStatus(facts)
  if (ended.signal !== null && facts.sent.includes(ended.signal)) return signalled(ended.signal)
  if (!facts.begun && !facts.removed) return spawnFailed(commandNotStarted)
  if (ended.signal !== null)
    return { outcome: 'killed', exitCode: null, signal: ended.signal, reason: notByTorch }
  const outcome = facts.successCodes.includes(ended.code ?? -1) ? 'ok' : 'failed'
  return { outcome, exitCode: ended.code, signal: null, reason: null }
}

/** The reason of a run that somebody else killed. */
const notByTorch = 'not by torch'

function signalled(signal: string): RunOutcome {
  return { outcome: 'killed', exitCode: null, signal, reason: 'kill', onlySignalled: true }
}

/** Whether a person, a stop or a reload ended the run by torch. A timeout is still a failure. */
export function endedByTorch({
  outcome,
  reason,
  onlySignalled,
}: Pick<RunOutcome, 'outcome' | 'reason' | 'onlySignalled'>): boolean {
  return outcome === 'killed' && reason !== notByTorch && onlySignalled !== true
}

/** Whether a run that has ended did so by its own fault: neither `ok` nor ended by torch on purpose. */
export function isFailure(end: Pick<RunOutcome, 'outcome' | 'reason'>): boolean {
  return end.outcome !== 'ok' && !endedByTorch(end)
}

/** The outcome of a run that could not be started, and why. */
export function spawnFailed(why: string): RunOutcome {
  return { outcome: 'spawn-failed', exitCode: null, signal: null, reason: why }
}

/** A shell that cannot fork exits with a status of its own, which says nothing about the command. */
const commandNotStarted =
  'the recorder could not start the command: the machine has no process or memory left'

/** The recorder exits with this status if it cannot execute its first line. */
const recorderFailed = 125

const killSignal = 'SIGKILL'

function outcomeWithoutStatus(facts: EndFacts): RunOutcome {
  const unknown = { outcome: 'unknown', exitCode: null, signal: null } as const
  // KILL ends the recorder too.
  if (facts.sent.includes(killSignal) && (facts.recorder?.signal ?? killSignal) === killSignal)
    return signalled(killSignal)
  if (facts.removed) return { ...unknown, reason: 'its directory was removed' }
  if (!facts.claimed && facts.recorder?.signal == null)
    return spawnFailed('the recorder could not write into the run directory')
  return { ...unknown, reason: 'the recorder vanished' }
}

/** dash reports no message for SIGINT and SIGPIPE, so statuses 130 and 141 count as these signals. */
const unreportedSignals = new Set([2, 13])

function statusOf(facts: EndFacts): { code: number | null; signal: string | null } | undefined {
  const { recorded, recorder } = facts
  if (recorded === undefined) {
    if (recorder?.code == null) return undefined
    if (facts.removed ? recorder.code === recorderFailed : !facts.claimed) return undefined
    return { code: recorder.code, signal: null }
  }
  const number = recorded.status - 128
  // If the task lists 130 or 141 in success_codes, its command exits with that status itself.
  const isUnreported =
    unreportedSignals.has(number) && !facts.successCodes.includes(recorded.status)
  const name = facts.signalName(number)
  // Many programs exit with this status when they get a signal that they handle.
  const isSent = name !== undefined && facts.sent.includes(name)
  return name !== undefined && (recorded.signalled || isUnreported || isSent)
    ? { code: null, signal: name }
    : { code: recorded.status, signal: null }
}
