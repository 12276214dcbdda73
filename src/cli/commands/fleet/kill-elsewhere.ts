import { exitStatus, messageOf, TorchError } from '../../../errors.ts'
import type { HostStatus } from '../../../daemon/fleet/answer-asks.ts'
import { beginsRunId } from '../../../run/directory.ts'
import { plainLine } from '../../../text/sanitize.ts'
import { hasTask, targetParts, unknownInFleet } from '../../../view/fleet/choose-host.ts'
import { killedRuns } from '../../../view/fleet/machine-view.ts'
import { usageError } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import type { Call } from '../../command.ts'
import { signalOf } from '../kill.ts'
import { openAccess } from './fleet-access.ts'

interface Killed {
  readonly host: string
  readonly task: string
  readonly run: string
}

/** Runs `torch fleet kill`: TASK, TASK@MACHINE, or a run. */
export async function killElsewhere(call: Call, values: Values): Promise<number> {
  const { terminal, args } = call
  const targets = args.slice(1)
  if (targets.length === 0)
    throw usageError('torch fleet kill needs a task or a run', 'torch fleet kill TASK@MACHINE')
  const signal = values.signal === undefined ? null : signalOf(values.signal)
  const access = await openAccess(call)
  const killed: Killed[] = []
  const failures: string[] = []
  try {
    const statuses = await access.statuses()
    requireTasks(statuses, targets)
    for (const target of targets) {
      const [name, machine] = targetParts(target)
      const hosts = [...statuses].flatMap(([host, { report }]) => {
        const isRunning = report.tasks.some(
          (task) => task.running.includes(name) || (task.name === name && task.running.length > 0),
        )
        return isRunning && (machine === undefined || machine === host) ? [host] : []
      })
      if (hosts.length === 0)
        failures.push(
          machine === undefined
            ? `${plainLine(name)} is not running on a machine that is up`
            : `${plainLine(name)} is not running on ${plainLine(machine)}${statuses.has(machine) ? '' : ', which does not answer'}`,
        )
      for (const host of hosts)
        try {
          const value = await access.tell(host, 'kill', { target: name, signal })
          killed.push(...killedRuns(value).map(({ task, run }) => ({ host, task, run })))
        } catch (error) {
          if (!(error instanceof TorchError)) throw error
          failures.push(withHost(host, messageOf(error)))
        }
    }
  } finally {
    await access.close()
  }
  const said = signal === null ? 'ending' : `sent ${signal} to`
  if (values.json) await terminal.say(JSON.stringify({ runs: killed }, null, 2))
  else
    for (const { host, task, run } of killed)
      await terminal.say(`${said} ${task} ${run} on ${plainLine(host)}`)
  if (failures.length === 0) return exitStatus.done
  const [first = ''] = failures
  throw new TorchError(
    'not-running',
    failures.length === 1 ? first : 'not everything could be ended',
    {
      ...(failures.length > 1 && { details: failures }),
      hint: 'torch fleet status shows what runs where',
    },
  )
}

/** Before any run ends: a name of no task is a wrong call, as for torch kill. */
function requireTasks(statuses: ReadonlyMap<string, HostStatus>, targets: readonly string[]): void {
  for (const [name] of targets.map(targetParts))
    if (!beginsRunId(name) && ![...statuses.values()].some((status) => hasTask(status, name)))
      throw unknownInFleet(statuses, name)
}

/** Most messages begin with the machine, or name it. */
export function withHost(host: string, message: string): string {
  const name = plainLine(host)
  return message.split(/[ :,]/).includes(name) ? message : `${name}: ${message}`
}
