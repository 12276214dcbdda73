import type { FleetLogRequest } from '../../../control/fleet-reports.ts'
import type { HostStatus } from '../../../daemon/fleet/answer-asks.ts'
import { exitStatus, TorchError } from '../../../errors.ts'
import { pause } from '../../../host/clock.ts'
import { beginsRunId } from '../../../run/directory.ts'
import { plainLine } from '../../../text/sanitize.ts'
import { fleetHistory } from '../../../view/fleet/fleet-history.ts'
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
  const access = await openAccess(call)
  const now = (): string => new Date(call.host.clock.now()).toISOString()
  const print = values.json ? jsonPrinter(call.terminal, now) : linesPrinter(call.terminal)
  try {
    if (values.follow === true && !beginsRunId(word)) await followAll(call, access, word, print)
    else {
      const lines = values.limit ?? null
      const isDocument = values.json === true && values.follow !== true
      await showOne(call, access, { word, lines, isDocument }, print)
    }
  } finally {
    await access.close()
  }
  return exitStatus.done
}

interface Wanted {
  readonly word: string
  readonly lines: number | null
  /** One JSON document with the whole output, as torch logs --json. */
  readonly isDocument: boolean
}

/** Its machine must be up: output stays where the run was. */
async function showOne(
  call: Call,
  access: FleetAccess,
  { word, lines, isDocument }: Wanted,
  print: LogPrinter,
): Promise<void> {
  const isRun = beginsRunId(word)
  const { rows } = await fleetHistory((name, request) => ask(call, name, request, 'required'), {
    tasks: isRun ? undefined : [word],
    limit: isRun ? 2_000 : 100,
  })
  const row = rows.find(({ run }) => run !== null && (!isRun || run.startsWith(word)))
  if (row?.run == null)
    throw new TorchError('no-runs', `no run of ${plainLine(word)} is known in the fleet`, {
      hint: 'torch fleet history shows the runs',
    })
  const { host, task, run } = row
  const request = { host, task, run, lines, isFollowing: false }
  const { signal } = new AbortController()
  if (!isDocument) {
    call.terminal.note(`${plainLine(host)} ${task} ${run}`)
    return copy(access, request, print, signal)
  }
  const chunks: Uint8Array[] = []
  for await (const part of access.log(request, signal))
    if (part.kind === 'output') chunks.push(part.bytes)
  const output = Buffer.concat(chunks).toString('utf8')
  await call.terminal.say(JSON.stringify({ host, task, run, output }, null, 2))
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
    const hosts = hostsOf(await access.statuses(), task)
    if (isFirst && hosts.length === 0)
      throw new TorchError('no-task', `no machine that is up has the task ${plainLine(task)}`, {
        exit: exitStatus.usage,
        hint: 'torch fleet status shows the tasks',
      })
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
