import { sizeOf } from '../tasks/address.ts'
import { counted } from '../text/plural.ts'
import { bareEntry } from '../tasks/host-entry.ts'
import { everyone } from '../tasks/hosts.ts'
import { runsOn } from '../tasks/share.ts'
import type { Task, TasksFile } from '../tasks/task.ts'
import type { TaskForecast } from './forecast.ts'
import { grouped } from '../text/grouped.ts'
import { shortestInterval } from './interval.ts'
import { type GroupEntries, inTask } from './machines.ts'
import { spreadHint } from './spread.ts'
import type { Warning } from './warning.ts'

/** So many machines that do the same in one second are a fleet. */
const fleetSize = 10

/**
 * Tasks that start in the same second on many machines, as neither `H` nor jitter spreads them: one
 * warning for each place. Everywhere is many machines in a file that names some. What starts in
 * each second is left out: it cannot be spread.
 */
export function fleetWarnings(file: TasksFile, tasks: readonly TaskForecast[]): Warning[] {
  const namesHosts =
    Object.keys(file.groups).length > 0 || file.tasks.some((task) => task.hostEntries)
  const places = grouped(tasks.filter(canBeSpread), ({ task }) =>
    placeOf(task, file.groups, namesHosts),
  )
  places.delete('')
  return [...places].map(([place, found]) => {
    const who = found.length === 1 ? 'starts' : `${counted(found.length, 'task')} start`
    return {
      kind: 'fleet',
      tasks: found.map(({ task }) => task.name),
      message: `${who} in the same second on ${place}`,
      hint: spreadHint(found),
    }
  })
}

/** Has times of the clock that are not spread yet, and room between them. */
function canBeSpread(forecast: TaskForecast): boolean {
  return !forecast.varies && forecast.next !== undefined && shortestInterval(forecast) !== 1
}

/** The many machines on which it runs: empty where they are few. */
function placeOf(task: Task, groups: GroupEntries, namesHosts: boolean): string {
  if (runsOn(task.hosts, everyone)) return namesHosts ? 'every machine' : ''
  const entries = (task.hostEntries ?? [])
    .map(bareEntry)
    .filter(({ negated }) => !negated)
    .map(({ text }) => ({ text, size: machinesIn(text, groups) }))
  const large = entries.find(({ size }) => size >= fleetSize)
  if (large !== undefined) return `every machine of ${large.text}`
  const size = entries.reduce((sum, entry) => sum + entry.size, 0)
  return size < fleetSize ? '' : `every machine of ${entries.map(({ text }) => text).join(', ')}`
}

/** As many as it can be: a block has its addresses. Of a pattern nobody knows, so it counts as one. */
function machinesIn(entry: string, groups: GroupEntries): number {
  return inTask(entry, groups).reduce(
    (sum, match) => sum + (match.kind === 'network' ? sizeOf(match) : 1),
    0,
  )
}
