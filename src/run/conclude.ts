import path from 'node:path'
import type { Host } from '../host/host.ts'
import { isAlive } from '../host/processes.ts'
import { type EndFacts, type RunOutcome, outcomeOf } from '../plan/run-outcome.ts'
import { exitTime, hasExited, readEnding, readTraces, type RunConclusion } from './directory.ts'
import { resumeEnding } from './end.ts'
import { settleInput } from './input.ts'
import { enter, isLive, type LiveRun, type RunContext } from './live-run.ts'
import { membersOf, noteRecorderEnd } from './process-group.ts'
import type { RecorderStatus } from './recorder.ts'
import { startFailure } from './start-failure.ts'

/**
 * Concludes a run whose recorder is gone: finds out how it ended and records the outcome. If only the
 * recorder was killed, the command still runs, and so does the run. `status` is known if the recorder
 * was a child of this process. Returns false if the run continues.
 */
export function concludeRun(
  context: RunContext,
  run: LiveRun,
  status: RecorderStatus | undefined,
): boolean {
  if (!isLive(run)) return true
  noteForeignEnd(context, run)
  const stragglers = status === undefined ? undefined : noteRecorderEnd(context.host, run)
  // Only the recorder exits with 0, and only if the command did: no file can say anything else.
  const found = status?.code === 0 ? success : readFindings(context.host, run, status)
  if (found === 'still-running') return false
  const outcome = outcomeOf({
    ...found,
    recorder: status,
    ending: run.state.kind === 'ending' ? run.state : undefined,
    isReady: run.isReady,
    sent: [...run.sent],
    successCodes: run.description.successCodes,
    limits: run.description.limits ?? {},
    signalName: (number) => context.host.processes.signalName(number),
  })
  const isWritten = found.recorded !== undefined
  const endedMs = endTime(context.host, run, isWritten, status !== undefined)
  recordOutcome(context, run, outcome, endedMs, stragglers)
  return true
}

/**
 * While this daemon was stopped, the guard of the home may have ended a run that has a place of the fleet. It wrote
 * that down; what is left of the group still gets KILL.
 */
function noteForeignEnd(context: RunContext, run: LiveRun): void {
  if (run.state.kind !== 'running' || run.description.claim?.holding === undefined) return
  const ending = readEnding(context.host, run.directory)
  if (ending === undefined) return
  enter(run, { kind: 'ending', ...ending })
  resumeEnding(context, run, ending)
}

/** Concludes a run whose exit status is written, even if its end was not reported yet. */
export function concludeIfExited(context: RunContext, run: LiveRun): boolean {
  return hasExited(context.host, run.directory) && concludeRun(context, run, undefined)
}

/**
 * Writes the outcome of a run into its directory, then passes it on to `onEnd`. `known`: how many processes
 * are left in its group, if they were just counted; to count them, torch reads all of /proc.
 */
export function recordOutcome(
  context: RunContext,
  run: LiveRun,
  outcome: RunOutcome,
  endedMs: number,
  known?: number,
): void {
  if (!isLive(run)) return
  const stragglers = known ?? countLeft(context.host, run)
  // What torch ended must end completely: the KILL that is already timed still comes.
  const mustKill = run.state.kind === 'ending' && stragglers > 0
  enter(run, { kind: mustKill ? 'killing-stragglers' : 'ended' })
  const { run: id, startedMs } = run.description
  const unread = settleInput(context.host, run)
  const conclusion: RunConclusion = {
    ...{ run: id, ...outcome, startedMs, endedMs, stragglers },
    ...(unread > 0 && { unread }),
  }
  context.faults.insist('write outcomes of runs', () => writeOutcome(context.host, run, conclusion))
  context.onEnd(run, conclusion)
}

/** If they cannot be counted, the outcome is recorded all the same, unless a KILL depends on the count. */
function countLeft(host: Host, run: LiveRun): number {
  try {
    return membersOf(host, run).length
  } catch (error) {
    if (run.state.kind === 'ending') throw error
    return 0
  }
}

type Findings = Pick<
  EndFacts,
  'recorded' | 'startFailure' | 'claimed' | 'begun' | 'removed' | 'cpuSeconds'
>

const success: Findings = {
  recorded: { status: 0, signalled: false },
  startFailure: undefined,
  cpuSeconds: undefined,
  claimed: true,
  begun: true,
  removed: false,
}

function readFindings(
  host: Host,
  { directory }: LiveRun,
  status: RecorderStatus | undefined,
): Findings | 'still-running' {
  const traces = readTraces(host, directory)
  if (traces.exit === undefined && isAlive(host, traces.command)) return 'still-running'
  return {
    recorded: traces.exit,
    startFailure: startFailure(host, traces, traces.exit?.status ?? status?.code),
    cpuSeconds: traces.cpuSeconds,
    claimed: traces.claim === 'recorder',
    begun: traces.command !== undefined,
    removed: traces.description === undefined,
  }
}

/** If an end is noticed later than this, the daemon or the whole machine was suspended. */
const lateMs = 1_000

/** When the run ended: now, or when the recorder wrote the status, if the end was noticed late. */
function endTime(host: Host, run: LiveRun, isWritten: boolean, isReported: boolean): number {
  const now = host.clock.now()
  const exitMs = isWritten ? exitTime(host, run.directory) : undefined
  const isLate = exitMs !== undefined && (!isReported || now - exitMs > lateMs)
  return Math.round(isLate ? exitMs : now)
}

/** If the run directory was never made, or was removed, only the history has the outcome. */
function writeOutcome({ files }: Host, run: LiveRun, conclusion: RunConclusion): void {
  if (files.facts(run.directory) === undefined) return
  files.write(path.join(run.directory, 'outcome.json'), JSON.stringify(conclusion))
}
