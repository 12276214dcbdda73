import { startCommand } from '../../../control/client.ts'
import type { RunReport } from '../../../control/protocol.ts'
import type { StatusReport } from '../../../control/status-report.ts'
import { refusedWords, scriptWords } from '../../../daemon/control/trouble.ts'
import { interceptSignals } from '../../../daemon/signals.ts'
import { messageOf } from '../../../errors.ts'
import type { Host } from '../../../host/host.ts'
import { knownEnd, rowInHistory } from '../../../follow/run-end.ts'
import { isAlive } from '../../../host/processes.ts'
import { readDescription, readTraces, type RunTraces } from '../../../run/directory.ts'
import { ask } from '../../daemon/ask.ts'
import type { Call } from '../../command.ts'
import { type Ended, exitStatusOf, outcomeWords } from '../../terminal/outcomes.ts'
import { untilWhole, wholeOutput } from '../../../follow/run-output.ts'
import { connectInput } from './connect-input.ts'
import { pause } from '../../../host/clock.ts'

/** How often to look for output and the end, in milliseconds. */
const pollMs = 25
/** How long to wait until the daemon records the end. After that, the daemon counts as gone. */
const recordMs = 5_000

/**
 * Watches a run of the daemon: prints its output and passes signals on to it. Returns the exit status
 * for this command when the run has ended.
 */
export async function watchRun(call: Call, report: RunReport): Promise<number> {
  const { host, terminal } = call
  const { run, directory } = report
  // If nobody reads the output any more, the exit status of the run still counts.
  terminal.outlive()
  const release = interceptSignals((signal) => {
    ask(call, 'kill', { target: run, signal }, 'required').catch((error: unknown) =>
      terminal.note(`torch: could not pass on ${signal}: ${messageOf(error)}`),
    )
  })
  const input = connectInput(call, report, (request) => ask(call, 'send', request, 'required'))
  const output = wholeOutput(host, directory, terminal.out)
  const { ended, recorded } = await untilEnded(call, report, () => output.drain())
  await untilWhole(host, directory)
  await output.drain()
  output.close()
  release()
  if (ended.outcome !== 'ok') terminal.note(endWords(report.task, run, ended))
  return input.failure() ?? exitStatusOf(ended, recorded)
}

/** The last line for a run that was not ok. */
export function endWords(task: string, run: string, ended: Ended): string {
  return `torch: ${task} ended: ${outcomeWords({ ...ended, count: null })}, run ${run}`
}

interface End {
  readonly ended: Ended
  /** The exit status that the recorder wrote, if any. */
  readonly recorded: number | undefined
}

async function untilEnded(
  call: Call,
  { run, directory }: RunReport,
  meanwhile: () => Promise<unknown>,
): Promise<End> {
  const { host } = call
  const lookForDaemon = newDaemonWatch(call, { run, directory })
  let over: number | undefined
  for (;;) {
    await meanwhile()
    await lookForDaemon()
    const traces = readTraces(host, directory)
    const recorded = traces.exit?.status
    if (traces.conclusion !== undefined) return { ended: traces.conclusion, recorded }
    // With keep_runs: 0, the directory is removed when the run ends.
    if (traces.description === undefined) return { ended: await fromHistory(call, run), recorded }
    if (lives(host, traces)) over = undefined
    else over ??= host.clock.monotonic()
    if (over !== undefined && host.clock.monotonic() - over > recordMs)
      return { ended: await withoutRecord(call, run, recorded), recorded }
    await pause(host.clock, pollMs)
  }
}

/** How often to look whether a daemon runs, and how long none may run before that is said: a restart is short. */
const daemonLookMs = 1_000
const maxGoneMs = 3_000

/** Says once that the daemon is gone: the run continues, and its end may be far away. */
function newDaemonWatch(
  { host, paths, terminal }: Call,
  { run, directory }: Pick<RunReport, 'run' | 'directory'>,
): () => Promise<void> {
  let nextMs = host.clock.monotonic() + daemonLookMs
  let goneMs: number | undefined
  let isSaid = false
  return async () => {
    const nowMs = host.clock.monotonic()
    if (nowMs < nextMs) return
    nextMs = nowMs + daemonLookMs
    // Most runs are over before.
    const { readPid } = await import('../../../daemon/startup/open-home.ts')
    if (readPid(host, paths) !== undefined) {
      goneMs = undefined
      isSaid = false
      return
    }
    goneMs ??= nowMs
    if (isSaid || nowMs - goneMs < maxGoneMs) return
    isSaid = true
    const isRead = readDescription(host, directory)?.input === 'live'
    const waits = isRead ? ', and its input waits for the next daemon' : ''
    terminal.note(`torch: the daemon is gone; run ${run} continues${waits}`)
    terminal.note(`hint: start the next daemon: ${startCommand(paths.home)}`)
  }
}

/** True also for a run that no recorder has claimed yet. */
function lives(host: Host, { claim, exit, recorder, command }: RunTraces): boolean {
  if (claim === 'none') return true
  return exit === undefined && (isAlive(host, recorder) || isAlive(host, command))
}

/** The daemon writes the row of the end with a delay. */
async function fromHistory(call: Call, run: string): Promise<Ended> {
  const { clock } = call.host
  const latest = clock.monotonic() + recordMs
  while (clock.monotonic() < latest) {
    const row = await rowInHistory(call, run)
    if (row !== undefined && row.outcome !== 'running') return row
    await pause(call.host.clock, pollMs)
  }
  return withoutRecord(call, run, undefined)
}

/**
 * Nobody has recorded the end: a full disk keeps the daemon from it, or the daemon is gone. A daemon
 * that could not write it down may still know it.
 */
async function withoutRecord(
  call: Call,
  run: string,
  recorded: number | undefined,
): Promise<Ended> {
  const status = await ask(call, 'status', {}, 'optional').catch(() => 'silent' as const)
  const known = knownEnd(status === 'silent' ? undefined : status, run)
  if (known !== undefined) return known
  const reason = `not recorded: ${whyNotRecorded(status)}`
  return { outcome: 'unknown', exitCode: recorded ?? null, signal: null, reason }
}

/** From the answer of the daemon: undefined if none runs. */
export function whyNotRecorded(status: StatusReport | 'silent' | undefined): string {
  if (status === undefined) return 'the daemon is gone'
  if (status === 'silent') return 'the daemon does not answer'
  const isOther = (message: string): boolean =>
    message.startsWith(refusedWords) || message.startsWith(scriptWords)
  const message = status.trouble?.find((each) => !isOther(each.message))?.message
  return message ?? 'the daemon is busy'
}

/** The warning for a task that a user runs on a host that it is not for. */
export function otherHostWarning(task: string): string {
  return `warning: the hosts of ${task} do not match this host; it runs anyway`
}
