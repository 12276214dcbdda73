import type { FleetLogRequest } from '../../../control/fleet-reports.ts'
import type { HostStatus } from '../../../daemon/fleet/answer-asks.ts'
import { exitStatus, TorchError } from '../../../errors.ts'
import { pause } from '../../../host/clock.ts'
import { beginsRunId } from '../../../run/directory.ts'
import { plainLine } from '../../../text/sanitize.ts'
import { unknownInFleet } from '../../../view/fleet/choose-host.ts'
import { fleetHistory } from '../../../view/fleet/fleet-history.ts'
import type { AskFleet } from '../../../view/fleet/fleet-status.ts'
import { requireEngine, requireKnownTasks } from '../../../view/fleet/known.ts'
import { askingMachine } from '../../../view/fleet/machine-view.ts'
import { printedOutput } from '../../../view/fleet/printed-output.ts'
import { usageError } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import type { Call } from '../../command.ts'
import { ask } from '../../daemon/ask.ts'
import { type FleetAccess, openAccess } from './fleet-access.ts'
import { jsonPrinter, linesPrinter, type LogPrinter } from './log-printer.ts'

/** How often to look for machines that have come up. */
const lookMs = 5_000

/** Runs `torch fleet logs`: the last run of a task, or with -f all that comes, from all machines. */
export async function showFleetLogs(call: Call, values: Values): Promise<number> {
  const [, word, ...more] = call.args
  if (word === undefined || more.length > 0)
    throw usageError('torch fleet logs takes one task or run', 'torch fleet logs TASK')
  if (values.follow !== true) return showPrinted(call, word, values)
  const access = await openAccess(call)
  const now = (): string => new Date(call.host.clock.now()).toISOString()
  const print = values.json ? jsonPrinter(call.terminal, now) : linesPrinter(call.terminal)
  try {
    if (!beginsRunId(word)) await followAll(call, access, word, print)
    const { host, task, run } = await findRun(call, word)
    call.terminal.note(`${plainLine(host)} ${task} ${run}`)
    const request = { host, task, run, lines: values.limit ?? null, isFollowing: false }
    await copy(access, request, print, new AbortController().signal)
  } finally {
    await access.close()
  }
  return exitStatus.done
}

/** What the run has printed so far. The output of this machine is there without the engine. */
async function showPrinted(call: Call, word: string, values: Values): Promise<number> {
  const { terminal } = call
  const { host, task, run, notes, isPart } = await findRun(call, word)
  const asked: AskFleet = (name, request) => ask(call, name, request, 'required')
  const output = printedOutput(askingMachine(asked, host), { task, run }, values.limit ?? null)
  if (values.json) {
    const chunks: Buffer[] = []
    for await (const bytes of output) chunks.push(bytes)
    const text = Buffer.concat(chunks).toString('utf8')
    await terminal.say(JSON.stringify({ host, task, run, output: text }, null, 2))
  } else {
    terminal.note(`${plainLine(host)} ${task} ${run}`)
    const print = linesPrinter(terminal)
    for await (const bytes of output) await print(host, { kind: 'output', task, run, bytes })
    await print(host, { kind: 'end', task, run, row: null })
  }
  if (!isPart) return exitStatus.done
  for (const note of notes) terminal.note(`note: ${plainLine(note)}`)
  return exitStatus.failed
}

interface FoundRun {
  readonly host: string
  readonly task: string
  readonly run: string
  readonly notes: readonly string[]
  /** The engine is away: only the runs of this machine are known. */
  readonly isPart: boolean
}

/** The run, or the last one of a task. Throws `no-task`, `no-runs`, or `no-engine`. */
async function findRun(call: Call, word: string): Promise<FoundRun> {
  const isRun = beginsRunId(word)
  const asked: AskFleet = (name, request) => ask(call, name, request, 'required')
  const { rows, notes, isPart } = await fleetHistory(asked, {
    tasks: isRun ? undefined : [word],
    limit: isRun ? 2_000 : 100,
  })
  const row = rows.find(({ run }) => run !== null && (!isRun || run.startsWith(word)))
  if (row?.run != null) return { host: row.host, task: row.task, run: row.run, notes, isPart }
  await requireEngine(asked)
  if (!isRun) await requireKnownTasks(asked, [word])
  throw new TorchError('no-runs', `no run of ${plainLine(word)} is known in the fleet`, {
    hint: 'torch fleet history shows the runs',
  })
}

/** Prints the output of a machine until it has no more. */
async function copy(
  access: FleetAccess,
  request: FleetLogRequest,
  print: LogPrinter,
  signal: AbortSignal,
): Promise<void> {
  for await (const part of access.log(request, signal)) await print(request.host, part)
}

/** A machine that falls silent is noted, and followed again once it is back. Until Ctrl-C. */
async function followAll(
  call: Call,
  access: FleetAccess,
  task: string,
  print: LogPrinter,
): Promise<never> {
  const { signal } = new AbortController()
  const followed = new Map<string, Promise<void>>()
  let isFirst = true
  for (;;) {
    const statuses = await access.statuses()
    const hosts = hostsOf(statuses, task)
    if (isFirst && hosts.length === 0) throw unknownInFleet(statuses, task)
    isFirst = false
    for (const host of hosts.filter((each) => !followed.has(each))) {
      const request = { host, task, run: null, lines: null, isFollowing: true }
      const following = copy(access, request, print, signal)
        .catch((error: unknown) => {
          if (!(error instanceof TorchError)) throw error
          call.terminal.note(`note: ${plainLine(error.message)}`)
        })
        .finally(() => followed.delete(host))
      followed.set(host, following)
    }
    await pause(call.host.clock, lookMs)
  }
}

function hostsOf(statuses: ReadonlyMap<string, HostStatus>, task: string): string[] {
  return [...statuses].flatMap(([host, { report }]) =>
    report.tasks.some(({ name }) => name === task) ? [host] : [],
  )
}
