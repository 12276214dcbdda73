import type { RunReport } from '../../../control/protocol.ts'
import { interceptSignals } from '../../../daemon/signals.ts'
import { messageOf } from '../../../errors.ts'
import type { Host } from '../../../host/host.ts'
import { readHistory } from '../../../record/history/read-history.ts'
import { isAlive } from '../../../host/processes.ts'
import { readTraces, type RunTraces } from '../../../run/directory.ts'
import { ask } from '../../daemon/ask.ts'
import type { Call } from '../../command.ts'
import { type Ended, exitStatusOf, outcomeWords } from '../../terminal/outcomes.ts'
import { wholeOutput } from '../logs/run-output.ts'
import { pause } from '../../terminal/times.ts'

/** How often it looks for output and the end. */
const pollMs = 25
/** How long the daemon has to record an end; then it is gone itself. */
const recordMs = 5_000

/**
 * Attends a run of the daemon: shows its output, passes signals on to it, and gives its exit
 * status when it has ended.
 */
export async function attend(call: Call, report: RunReport): Promise<number> {
  const { host, terminal } = call
  const { run, directory } = report
  // The run goes on when nobody reads any more, and its exit status is still of interest.
  terminal.outlive()
  const release = interceptSignals((signal) => {
    ask(call, 'kill', { target: run, signal }, 'required').catch((error: unknown) =>
      terminal.note(`torch: ${signal} was not passed on: ${messageOf(error)}`),
    )
  })
  const output = wholeOutput(host, terminal, directory)
  const { ended, recorded } = await untilEnded(call, report, () => output.drain())
  await output.drain()
  output.close()
  release()
  if (ended.outcome !== 'ok') terminal.note(endWords(report.task, run, ended))
  return exitStatusOf(ended, recorded)
}

/** What a person sees of a run that did not end well. */
export function endWords(task: string, run: string, ended: Ended): string {
  return `torch: ${task} ended: ${outcomeWords({ ...ended, count: null })}, run ${run}`
}

interface End {
  readonly ended: Ended
  /** The exit status that the recorder wrote. */
  readonly recorded: number | undefined
}

async function untilEnded(
  call: Call,
  { run, directory }: RunReport,
  meanwhile: () => Promise<unknown>,
): Promise<End> {
  const { host } = call
  let over: number | undefined
  for (;;) {
    await meanwhile()
    const traces = readTraces(host, directory)
    const recorded = traces.exit?.status
    if (traces.conclusion !== undefined) return { ended: traces.conclusion, recorded }
    // A task that keeps no runs: its directory goes with its end.
    if (traces.description === undefined) return { ended: await fromHistory(call, run), recorded }
    if (lives(host, traces)) over = undefined
    else over ??= host.clock.monotonic()
    if (over !== undefined && host.clock.monotonic() - over > recordMs)
      return { ended: withoutRecord(recorded), recorded }
    await pause(host, pollMs)
  }
}

/** One that the recorder has not begun yet lives too. */
function lives(host: Host, { claim, exit, recorder, command }: RunTraces): boolean {
  if (claim === 'none') return true
  return exit === undefined && (isAlive(host, recorder) || isAlive(host, command))
}

/** The row of its end may be on its way to the disk still. */
async function fromHistory(call: Call, run: string): Promise<Ended> {
  const { clock } = call.host
  const latest = clock.monotonic() + recordMs
  while (clock.monotonic() < latest) {
    await ask(call, 'flush', {}, 'optional')
    const reader = readHistory(call.paths.history)
    const row = reader.run(run)
    reader.close()
    if (row !== undefined && row.outcome !== 'running') return row
    await pause(call.host, pollMs)
  }
  return withoutRecord(undefined)
}

/** The daemon is gone; the next one puts the end on record. */
function withoutRecord(recorded: number | undefined): Ended {
  const reason = 'not on record: the daemon is gone'
  return { outcome: 'unknown', exitCode: recorded ?? null, signal: null, reason }
}
