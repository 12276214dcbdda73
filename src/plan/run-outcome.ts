import type { Outcome } from './history-row.ts'

/** Why torch ended a run. */
export type EndReason = 'timeout' | 'kill' | 'stop' | 'replace' | 'reload' | 'removed'

/** What is known of a run that is over. */
export interface EndFacts {
  /** What the recorder wrote: the status as $? has it, and whether the shell saw a signal. */
  readonly recorded: { readonly status: number; readonly signalled: boolean } | undefined
  /** How the recorder itself ended, where torch is its parent; its exit code is the command's. */
  readonly recorder: { readonly code: number | null; readonly signal: string | null } | undefined
  /** The step at which the command could not be started, in the recorder's words. */
  readonly startFailure: string | undefined
  /** The recorder came to its first line. */
  readonly claimed: boolean
  /** It came to the command. */
  readonly begun: boolean
  /** Somebody removed the directory, and with it what says so. */
  readonly removed: boolean
  /** Set where torch sent signals: why, and the last one sent. */
  readonly ending: { readonly reason: EndReason; readonly signal: string } | undefined
  readonly successCodes: readonly number[]
  /** Number to name, signal(7) of this machine. */
  signalName(number: number): string | undefined
}

export interface Verdict {
  readonly outcome: Outcome
  readonly exitCode: number | null
  readonly signal: string | null
  readonly reason: string | null
}

/** What became of a run, never made up: where neither recorder nor parent knows, it is unknown. */
export function verdictOf(facts: EndFacts): Verdict {
  const ended = statusOf(facts)
  if (facts.ending !== undefined) {
    const { reason, signal } = facts.ending
    const outcome = reason === 'timeout' ? 'timeout' : 'killed'
    return { outcome, exitCode: ended?.code ?? null, signal: ended?.signal ?? signal, reason }
  }
  if (facts.startFailure !== undefined) return spawnFailed(facts.startFailure)
  if (ended === undefined) return nobodyKnows(facts)
  if (!facts.begun && !facts.removed) return spawnFailed(neverBegun)
  if (ended.signal !== null)
    return { outcome: 'killed', exitCode: null, signal: ended.signal, reason: 'not by torch' }
  const outcome = facts.successCodes.includes(ended.code ?? -1) ? 'ok' : 'failed'
  return { outcome, exitCode: ended.code, signal: null, reason: null }
}

/** A run that could not be started, and why. */
export function spawnFailed(why: string): Verdict {
  return { outcome: 'spawn-failed', exitCode: null, signal: null, reason: why }
}

/** What the shell exits with where it cannot fork is its own affair, and no status of the command. */
const neverBegun = 'the recorder could not start the command: no process, or no room, was to be had'

/** What the recorder exits with where it cannot write its first line. */
const recorderFailed = 125

function nobodyKnows(facts: EndFacts): Verdict {
  const unknown = { outcome: 'unknown', exitCode: null, signal: null } as const
  if (facts.removed) return { ...unknown, reason: 'its directory was removed' }
  if (!facts.claimed && facts.recorder?.signal == null)
    return spawnFailed('the recorder could not write into the run directory')
  return { ...unknown, reason: 'the recorder vanished' }
}

/** dash says nothing of these two, so 130 and 141 are taken for them. */
const silentSignals = new Set([2, 13])

function statusOf(facts: EndFacts): { code: number | null; signal: string | null } | undefined {
  const { recorded, recorder } = facts
  if (recorded === undefined) {
    if (recorder?.code == null) return undefined
    if (facts.removed ? recorder.code === recorderFailed : !facts.claimed) return undefined
    return { code: recorder.code, signal: null }
  }
  const number = recorded.status - 128
  // A task that takes 130 or 141 for a success exits with it by itself.
  const isSilent = silentSignals.has(number) && !facts.successCodes.includes(recorded.status)
  const name = recorded.signalled || isSilent ? facts.signalName(number) : undefined
  return name === undefined ? { code: recorded.status, signal: null } : { code: null, signal: name }
}
