import type { Host } from '../host/host.ts'
import type { ProcessIdentity } from '../host/processes.ts'
import { type EndFacts, verdictOf } from '../plan/run-outcome.ts'
import { exitTime, readTraces, type RunTraces } from './directory.ts'
import { conclude, hasEnded, type LiveRun, type RunRoom } from './end.ts'
import type { RecorderStatus } from './recorder-process.ts'

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
  // The recorder alone ends so, and by the command's status: nothing it wrote can say otherwise.
  const found = recorder?.code === 0 ? success : findings(room, run, recorder)
  if (found === 'goes-on') return found
  const verdict = verdictOf({
    ...found,
    recorder,
    ending: run.state.kind === 'ending' ? run.state : undefined,
    successCodes: run.description.successCodes,
    signalName: (number) => room.host.processes.signalName(number),
  })
  conclude(room, run, verdict, endOf(room.host, run, recorder !== undefined))
  return 'over'
}

/** Concludes a run whose status is written, although nobody has told of its end yet. */
export function settleIfOver(room: RunRoom, run: LiveRun): boolean {
  return hasEnded(room, run) && settle(room, run, undefined) === 'over'
}

/** What its directory says of a run that is over. */
type Findings = Pick<EndFacts, 'recorded' | 'startFailure' | 'claimed' | 'begun' | 'removed'>

const success: Findings = {
  recorded: { status: 0, signalled: false },
  startFailure: undefined,
  claimed: true,
  begun: true,
  removed: false,
}

function findings(
  { host }: RunRoom,
  { directory }: LiveRun,
  recorder: RecorderStatus | undefined,
): Findings | 'goes-on' {
  const traces = readTraces(host, directory)
  if (traces.exit === undefined && isAlive(host, traces.command)) return 'goes-on'
  return {
    recorded: traces.exit,
    startFailure: failureWords(traces, traces.exit?.status ?? recorder?.code),
    claimed: traces.claim === 'recorder',
    begun: traces.command !== undefined,
    removed: traces.description === undefined,
  }
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
