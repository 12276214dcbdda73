import type { HistoryRow, Outcome } from './history-row.ts'

const endReasons = [
  'timeout',
  'not ready',
  'kill',
  'stop',
  'replace',
  'reload',
  'removed',
  // Somebody paused its task with --stop.
  'pause',
  // The machine did not hear from the engine of its fleet for too long.
  'fence',
  // Another machine has the place of the run.
  'place lost',
] as const

/** Why torch ended a run. */
export type EndReason = (typeof endReasons)[number]

/** What is known about a run that is over. */
export interface EndFacts {
  /** What the recorder wrote: the exit status as in `$?`, and whether a signal caused it. */
  readonly recorded: { readonly status: number; readonly signalled: boolean } | undefined
  /** How the recorder exited, if torch is its parent. It exits with the command's own status. */
  readonly recorder: { readonly code: number | null; readonly signal: string | null } | undefined
  /** Why the command could not be started, if the recorder says so. */
  readonly startFailure: string | undefined
  /** The run was ready, or nobody waited for that. */
  readonly isReady: boolean
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
  readonly limits: RunLimits
  /** The processor time of the command and its children. Known only if something ended by KILL. */
  readonly cpuSeconds: number | undefined
  /** The name of a signal number on this machine, see signal(7). */
  signalName(number: number): string | undefined
}

/** The limits of a run that end a process by a signal. */
interface RunLimits {
  /** Seconds of processor time of one process. */
  readonly cpu?: number
  /** Bytes. */
  readonly fsize?: number
}

/** A process that handles XCPU gets KILL after this many more seconds of processor time. */
export const cpuGraceSeconds = 5

export interface RunOutcome {
  readonly outcome: Outcome
  readonly exitCode: number | null
  readonly signal: string | null
  readonly reason: string | null
  /** A signal of `torch kill --signal` ended the run. A retry or a restart follows, as after kill(1). */
  readonly onlySignalled?: true
}

/** Decides the outcome of a run. Without a known status it is `unknown`, never a guess. */
export function outcomeOf(facts: EndFacts): RunOutcome {
  const ended = statusOf(facts)
  if (facts.ending !== undefined) {
    const { reason, signal } = facts.ending
    const outcome = reason === 'timeout' ? 'timeout' : reason === notReady ? 'failed' : 'killed'
    return { outcome, exitCode: ended?.code ?? null, signal: ended?.signal ?? signal, reason }
  }
  if (facts.startFailure !== undefined) return spawnFailed(facts.startFailure)
  if (ended === undefined) return outcomeWithoutStatus(facts)
  if (ended.signal !== null && facts.sent.includes(ended.signal)) return signalled(ended.signal)
  if (!facts.begun && !facts.removed) return spawnFailed(commandNotStarted)
  const limit = ended.signal === null ? undefined : limitOf(facts, ended.signal)
  if (!facts.isReady && limit === undefined)
    return { outcome: 'failed', exitCode: ended.code, signal: ended.signal, reason: notReady }
  if (ended.signal !== null)
    return { outcome: 'killed', exitCode: null, signal: ended.signal, reason: limit ?? notByTorch }
  const outcome = facts.successCodes.includes(ended.code ?? -1) ? 'ok' : 'failed'
  return { outcome, exitCode: ended.code, signal: null, reason: null }
}

/** The reason of a run that ended before it was ready, by itself or because torch no longer waited. */
export const notReady = 'not ready'

/** The reason of a run that somebody else killed. */
const notByTorch = 'not by torch'

function signalled(signal: string): RunOutcome {
  return { outcome: 'killed', exitCode: null, signal, reason: 'kill', onlySignalled: true }
}

/** The system compares a limit with a count of ticks, which was seen to be 10% more than the time. */
const tickShare = 0.85

/** The key of the limit that a run has reached, if the signal comes from that. */
function limitOf({ limits, cpuSeconds = 0 }: EndFacts, signal: string): string | undefined {
  const { cpu, fsize } = limits
  if (signal === 'SIGXFSZ' && fsize !== undefined) return 'limits.fsize'
  if (cpu === undefined) return undefined
  const isOver = cpuSeconds > tickShare * (cpu + cpuGraceSeconds)
  return signal === 'SIGXCPU' || (signal === killSignal && isOver) ? 'limits.cpu' : undefined
}

/**
 * Whether a person, a stop or a reload ended the run by torch, and so nothing follows it. A retry follows
 * a timeout, and a signal of `torch kill --signal`.
 */
export function endedByTorch({
  outcome,
  reason,
  onlySignalled,
}: Pick<RunOutcome, 'outcome' | 'reason' | 'onlySignalled'>): boolean {
  const isReason = endReasons.some((each) => each === reason)
  return outcome === 'killed' && isReason && onlySignalled !== true
}

/**
 * Whether a run that has ended did so by its own fault: neither `ok` nor ended by torch on purpose. Also
 * a signal of `torch kill --signal` is on purpose; the history does not tell it from a plain `torch kill`.
 */
export function isFailure({ outcome, reason }: Pick<RunOutcome, 'outcome' | 'reason'>): boolean {
  return outcome !== 'ok' && !endedByTorch({ outcome, reason })
}

/** The failures in a row that are the last of these runs, all of which have ended: newest first. */
export function failuresInRow<Row extends Pick<RunOutcome, 'outcome' | 'reason'>>(
  ended: readonly Row[],
): Row[] {
  const firstOk = ended.findIndex(({ outcome }) => outcome === 'ok')
  return ended.slice(0, firstOk === -1 ? ended.length : firstOk).filter(isFailure)
}

/**
 * The failures in a row after one more run that has failed. A retry belongs to the run before it: the attempts of a
 * run are one failure.
 */
export function failuresAfter(failures: number, { trigger }: Pick<HistoryRow, 'trigger'>): number {
  return trigger === 'retry' && failures > 0 ? failures : failures + 1
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
  const isSuccess = facts.successCodes.includes(recorded.status)
  const isUnreported = unreportedSignals.has(number) && !isSuccess
  const name = facts.signalName(number)
  // Many programs exit with this status when they get a signal that they handle.
  const isSent = name !== undefined && facts.sent.includes(name)
  // A shell whose child reaches a limit exits with this status.
  const isLimit = name !== undefined && limitOf(facts, name) !== undefined && !isSuccess
  return name !== undefined && (recorded.signalled || isUnreported || isSent || isLimit)
    ? { code: null, signal: name }
    : { code: recorded.status, signal: null }
}
