import type { Host, ProcessIdentity } from '../host/host.ts'
import { verdictOf } from '../plan/verdict.ts'
import { exitTime, readTraces, type RunTraces } from './directory.ts'
import { conclude, type LiveRun, type RunRoom } from './live.ts'

/** How the recorder ended, where torch is its parent. */
export interface RecorderStatus {
  readonly code: number | null
  readonly signal: string | null
}

/**
 * Concludes a run that is over. It is when its recorder is gone, unless the recorder alone was
 * killed: then the command goes on, and so does the run.
 */
export function settle(
  room: RunRoom,
  run: LiveRun,
  recorder: RecorderStatus | undefined,
): 'over' | 'goes-on' {
  if (room.closed || run.state.kind === 'ended') return 'over'
  const traces = readTraces(room.host, run.directory)
  if (traces.exit === undefined && isAlive(room.host, traces.command)) return 'goes-on'
  const verdict = verdictOf({
    recorded: traces.exit,
    recorder,
    startFailure: failureWords(traces, traces.exit?.status ?? recorder?.code),
    claimed: traces.claim === 'recorder',
    begun: traces.command !== undefined,
    removed: traces.description === undefined,
    ending: run.state.kind === 'ending' ? run.state : undefined,
    successCodes: run.description.successCodes,
    signalName: (number) => room.host.processes.signalName(number),
  })
  conclude(room, run, verdict, endOf(room.host, run, recorder !== undefined))
  return 'over'
}

/** What is seen later than this is seen late: the daemon, or the whole machine, stood still. */
const lateMs = 1_000

/** When it ended: now, or by the recorder's own time where the end was seen late. */
function endOf(host: Host, run: LiveRun, isSeen: boolean): number {
  const now = host.clock.now()
  const exitMs = exitTime(host, run.directory)
  const isLate = exitMs !== undefined && (!isSeen || now - exitMs > lateMs)
  return Math.round(isLate ? exitMs : now)
}

/** Whether that very process lives, and not another that got its pid. */
export function isAlive(host: Host, identity: ProcessIdentity | undefined): boolean {
  if (identity === undefined) return false
  return host.processes.identify(identity.pid)?.startTicks === identity.startTicks
}

function failureWords(traces: RunTraces, status: number | null | undefined): string | undefined {
  if (traces.failure === undefined || traces.command === undefined) return undefined
  if (traces.failure === 'cwd') return 'its cwd cannot be entered; see its output'
  const { command } = traces.description ?? {}
  const program = typeof command === 'string' ? 'its shell' : command?.[0]
  return status === 126
    ? `${program} cannot be executed (is it executable, and a program?)`
    : `${program} was not found (look at PATH and cwd)`
}
