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
import { type LogWriter, prefixWriter } from '../logs/log-writer.ts'
import { type FleetAccess, openAccess } from './fleet-access.ts'

/** How often to look for machines that have come up. */
const lookMs = 5_000

/** Runs `torch fleet logs`: the last run of a task, or with -f all that comes, from all machines. */
export async function showFleetLogs(call: Call, values: Values): Promise<number> {
  const [, word, ...more] = call.args
  if (word === undefined || more.length > 0)
    throw usageError('torch fleet logs takes one task or run', 'torch fleet logs TASK')
  const access = await openAccess(call)
  const writer = prefixWriter(call.terminal, [], false)
  try {
    if (values.follow === true && !beginsRunId(word)) await followAll(call, access, word, writer)
    else await showOne(call, access, { word, lines: values.limit ?? null }, writer)
  } finally {
    await access.close()
  }
  return exitStatus.done
}

interface Wanted {
  readonly word: string
  readonly lines: number | null
}

/** Its machine must be up: output stays where the run was. */
async function showOne(
  call: Call,
  access: FleetAccess,
  { word, lines }: Wanted,
  writer: LogWriter,
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
  call.terminal.note(`${plainLine(host)} ${task} ${run}`)
  const request = { host, task, run, lines, isFollowing: false }
  await copy(access, request, writer, new AbortController().signal)
}

/** Prints the output of a machine until it has no more, each line after the machine and the task. */
async function copy(
  access: FleetAccess,
  request: FleetLogRequest,
  writer: LogWriter,
  signal: AbortSignal,
): Promise<void> {
  const named = (task: string, run: string) => ({ task: `${plainLine(request.host)} ${task}`, run })
  for await (const part of access.log(request, signal)) {
    const { task, run } = part
    if (part.kind === 'output') await writer.write(named(task, run), part.bytes)
    if (part.kind === 'end') await writer.end(named(task, run))
  }
}

/** A machine that falls silent is noted, and followed again once it is back. Until Ctrl-C. */
async function followAll(
  call: Call,
  access: FleetAccess,
  task: string,
  writer: LogWriter,
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
      const following = copy(access, request, writer, signal)
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
