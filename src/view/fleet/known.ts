import type { FleetReport } from '../../control/fleet-reports.ts'
import { exitStatus, TorchError } from '../../errors.ts'
import { unknownTask } from '../../tasks/select.ts'
import { plainLine } from '../../text/sanitize.ts'
import { nearest } from '../../text/suggest.ts'
import { fleetHistory } from './fleet-history.ts'
import { type AskFleet, rowsLeft, statusOfAll } from './fleet-status.ts'

/** The error of a fleet whose engine cannot be reached; undefined: it is there. */
function engineAway({ link }: Pick<FleetReport, 'link'>): TorchError | undefined {
  if (link.state === 'up') return undefined
  const why = link.lastError ?? 'the connection is being made'
  return new TorchError(
    'no-engine',
    `the engine of the fleet cannot be reached: ${plainLine(why)}`,
    { hint: 'torch fleet check looks at the servers; torch run, kill and history work without' },
  )
}

/** Throws `no-engine`: without the engine nobody knows what other machines do. */
export async function requireEngine(ask: AskFleet): Promise<void> {
  const away = engineAway(await ask('fleetState', {}))
  if (away !== undefined) throw away
}

/** Throws `no-task` for a name that no machine has in its tasks file, and no row of the fleet. */
export async function requireKnownTasks(ask: AskFleet, names: readonly string[]): Promise<void> {
  if (names.length === 0) return
  const statuses = await statusOfAll((request) => ask('fleetAsk', request), undefined, [], false)
  const known = [...statuses.values()].flatMap(({ report }) => report.tasks.map(({ name }) => name))
  for (const name of names) {
    if (known.includes(name)) continue
    const { rows } = await fleetHistory(ask, { tasks: [name], limit: 1 })
    if (rows.length === 0) throw unknownTask(name, known, 'torch fleet status')
  }
}

/** Throws `no-host` for a machine that was not heard and left no row. */
export async function requireKnownHosts(ask: AskFleet, hosts: readonly string[]): Promise<void> {
  const { members } = await ask('fleetState', {})
  const known = members.map(({ host }) => host)
  for (const host of hosts) {
    if (known.includes(host)) continue
    if ((await rowsLeft(ask, { hosts: [host], limit: 1 }, [])).length > 0) continue
    const near = nearest(host, known)
    throw new TorchError('no-host', `the fleet has no machine "${plainLine(host)}"`, {
      exit: exitStatus.usage,
      hint: near === undefined ? 'torch fleet status lists them' : `did you mean "${near}"?`,
    })
  }
}
