import type { Host, ProcessIdentity } from '../host/host.ts'
import { verdictOf } from '../plan/verdict.ts'
import { readTraces, type RunTraces } from './directory.ts'
import { conclude, hasEnded, type LiveRun, type RunRoom } from './live.ts'
import type { RecorderStatus } from './recruit.ts'

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
  const traces = recorder?.code === 0 ? success : readTraces(room.host, run.directory)
  if (traces.exit === undefined && isAlive(room.host, traces.command)) return 'goes-on'
  const verdict = verdictOf({
    recorded: traces.exit,
    recorder,
    startFailure: traces.failure && failureWords(traces),
    begun: traces.begun,
    ending: run.state.kind === 'ending' ? run.state : undefined,
    successCodes: run.description.successCodes,
    signalName: (number) => room.host.processes.signalName(number),
  })
  // The recorder's own time where the end was seen late.
  const endedMs = recorder === undefined ? traces.exitMs : undefined
  conclude(room, run, verdict, Math.round(endedMs ?? room.host.clock.now()))
  return 'over'
}

/** Concludes a run whose status is written, although nobody has told of its end yet. */
export function settleIfOver(room: RunRoom, run: LiveRun): boolean {
  return hasEnded(room, run) && settle(room, run, undefined) === 'over'
}

/** What a recorder leaves that ends with status 0, as far as a verdict needs it. */
const success: RunTraces = {
  description: undefined,
  conclusion: undefined,
  ending: undefined,
  claim: 'recorder',
  recorder: undefined,
  command: undefined,
  begun: true,
  exit: { status: 0, signalled: false },
  exitMs: undefined,
  failure: undefined,
}

/** Whether that very process lives, and not another that got its pid. */
export function isAlive(host: Host, identity: ProcessIdentity | undefined): boolean {
  if (identity === undefined) return false
  return host.processes.identify(identity.pid)?.startTicks === identity.startTicks
}

function failureWords(traces: RunTraces): string {
  if (traces.failure === 'cwd') return 'its cwd cannot be entered; see its output'
  const { command } = traces.description ?? {}
  const program = typeof command === 'string' ? 'its shell' : command?.[0]
  return traces.exit?.status === 126
    ? `${program} cannot be executed (is it executable, and a program?)`
    : `${program} was not found (look at PATH and cwd)`
}
