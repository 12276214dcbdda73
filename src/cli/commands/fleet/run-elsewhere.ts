import type { HistoryRow } from '../../../plan/history-row.ts'
import { exitStatus, TorchError } from '../../../errors.ts'
import { plainLine } from '../../../text/sanitize.ts'
import { hostsFor, hostToRun } from '../../../view/fleet/choose-host.ts'
import { startedRun } from '../../../view/fleet/machine-view.ts'
import { usageError } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import type { Call } from '../../command.ts'
import { exitStatusOf } from '../../terminal/outcomes.ts'
import { endWords } from '../run/run-in-daemon.ts'
import { type FleetAccess, openAccess } from './fleet-access.ts'

/** Runs `torch fleet run`: on the machine of --on, or on the one that comes first for the task. */
export async function runElsewhere(call: Call, values: Values): Promise<number> {
  const [, task, ...more] = call.args
  if (task === undefined || more.length > 0)
    throw usageError('torch fleet run takes one task', 'torch fleet run TASK --on MACHINE')
  if (values.json && values.detach !== true && call.from.json === 'flag')
    throw usageError('--json needs --detach', `torch fleet run ${task} --detach --json`)
  const access = await openAccess(call)
  try {
    const host = await chosenHost(call, access, task, values.on)
    const started = startedRun(
      host,
      await access.tell(host, 'run', { task, force: values.force ?? false }),
    )
    if (values.detach === true) {
      const text = values.json
        ? JSON.stringify({ host, task, run: started }, null, 2)
        : `started ${task} ${started} on ${plainLine(host)}`
      await call.terminal.say(text)
      return exitStatus.done
    }
    return await watch(call, access, { host, task, run: started })
  } finally {
    await access.close()
  }
}

/** Prints the output of the run, and returns its exit status. */
async function watch(
  { terminal }: Call,
  access: FleetAccess,
  { host, task, run }: { readonly host: string; readonly task: string; readonly run: string },
): Promise<number> {
  terminal.outlive()
  terminal.note(`${task} ${run} on ${plainLine(host)}`)
  const request = { host, task, run, lines: null, isFollowing: false }
  let row: HistoryRow | null = null
  for await (const part of access.log(request, new AbortController().signal)) {
    if (part.kind === 'output') await terminal.out(part.bytes)
    if (part.kind === 'end') row = part.row
  }
  if (row === null)
    throw new TorchError('no-run', `how ${task} ended on ${host} is not known`, {
      hint: `torch fleet history ${task} shows it once it is recorded`,
    })
  if (row.outcome !== 'ok') terminal.note(endWords(task, run, row))
  return exitStatusOf(row, row.exitCode ?? undefined)
}

async function chosenHost(
  { host: { clock } }: Call,
  access: FleetAccess,
  task: string,
  on: readonly string[] | undefined,
): Promise<string> {
  const [named, ...others] = on ?? []
  if (others.length > 0)
    throw usageError('--on takes one machine here', `torch fleet run ${task} --on ${named}`)
  if (named !== undefined) return named
  const statuses = await access.statuses()
  const able = hostsFor(statuses, task)
  const isOfFleet = able.some(([, { report }]) =>
    report.tasks.some(({ name, definition }) => name === task && definition?.scope === 'fleet'),
  )
  const names = able.map(([host]) => host)
  if (!isOfFleet && names.length > 1)
    throw usageError(
      `${task} runs on each of ${names.map(plainLine).join(', ')} by itself: name one with --on`,
      `torch fleet run ${task} --on ${plainLine(names[0] ?? '')}`,
    )
  return hostToRun(statuses, task, Math.floor(clock.now() / 1000))
}
