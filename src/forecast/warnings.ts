import type { Task, TasksFile } from '../tasks/task.ts'
import { formatDuration } from '../text/duration.ts'
import { grouped } from '../text/grouped.ts'
import { clockWarnings } from './clock-changes.ts'
import { forecastOf, type TaskForecast, type Warning } from './forecast.ts'
import { everywhere, type NamedHost } from './named-hosts.ts'
import { type HostSpike, hostSpikeWarnings, manyMachinesWarnings } from './start-spikes.ts'
import { shortestInterval } from './window-slots.ts'

/**
 * Everything a reviewer of a tasks file should know, from the second `from` on. `spikes` are those of
 * its hosts, in order. Times are in `zone`.
 */
export function fileWarnings(
  file: TasksFile,
  hosts: readonly NamedHost[],
  spikes: readonly HostSpike[],
  { from, zone }: { readonly from: number; readonly zone: string },
): Warning[] {
  const enabled = file.tasks.filter((task) => task.enabled)
  const { tasks } = forecastOf(enabled, everywhere, from)
  return [
    ...nowhereWarnings(tasks, hosts),
    ...neverWarnings(tasks),
    ...hostSpikeWarnings(spikes, zone),
    ...manyMachinesWarnings(file, tasks),
    ...clockWarnings(tasks, from, false),
    ...timeoutWarnings(tasks),
  ]
}

/** The warnings about the tasks of one host. */
export function hostWarnings(
  tasks: readonly TaskForecast[],
  spike: HostSpike | undefined,
  {
    from,
    zone,
    isName,
  }: { readonly from: number; readonly zone: string; readonly isName: boolean },
): Warning[] {
  return [
    ...neverWarnings(tasks),
    ...hostSpikeWarnings(spike === undefined ? [] : [spike], zone),
    ...clockWarnings(tasks, from, isName),
    ...timeoutWarnings(tasks),
  ]
}

function nowhereWarnings(tasks: readonly TaskForecast[], hosts: readonly NamedHost[]): Warning[] {
  const placed = new Set(hosts.flatMap((host) => host.tasks.map(({ task }) => task.name)))
  return warningFor(
    'nowhere',
    tasks.filter(({ task }) => !placed.has(task.name)),
    {
      message: 'no machine can match: hosts excludes every machine that it names',
      hint: 'fix hosts, or set enabled: false if the task should not run',
    },
  )
}

function neverWarnings(tasks: readonly TaskForecast[]): Warning[] {
  const never = tasks.filter(
    ({ task, schedules, next }) =>
      task.type === 'common' &&
      next === undefined &&
      !schedules.some(({ kind }) => kind === 'reboot'),
  )
  return warningFor('never', never, {
    message: 'never starts: there is no such date',
    hint: 'L is the last day of a month; try a schedule with: torch next --schedule "0 0 L 2 *"',
  })
}

function warningFor(
  kind: Warning['kind'],
  tasks: readonly TaskForecast[],
  text: Pick<Warning, 'message' | 'hint'>,
): Warning[] {
  return tasks.length === 0 ? [] : [{ kind, tasks: tasks.map(({ task }) => task.name), ...text }]
}

/**
 * Warns about a timeout so long that a slot can find `max` runs: longer than the time between `max`
 * slots. Tasks with the same numbers share a warning.
 */
function timeoutWarnings(tasks: readonly TaskForecast[]): Warning[] {
  const tooLong = tasks.flatMap((forecast) => {
    const { task } = forecast
    if (task.timeoutMs === undefined) return []
    const interval = shortestInterval(forecast) ?? Infinity
    const isTooLong = task.timeoutMs > interval * 1000 * task.max
    return isTooLong ? [{ name: task.name, ...timeoutText(task, interval) }] : []
  })
  return [...grouped(tooLong, ({ message }) => message).values()].flatMap((alike) =>
    alike.slice(0, 1).map(({ message, hint }): Warning => {
      return { kind: 'timeout', tasks: alike.map(({ name }) => name), message, hint }
    }),
  )
}

function timeoutText(
  { timeoutMs = 0, max, overlap }: Task,
  interval: number,
): Pick<Warning, 'message' | 'hint'> {
  const between = formatDuration(interval * 1000)
  const room = max === 1 ? between : `${between} times max: ${max}`
  const most = formatDuration(interval * 1000 * max)
  const effects: Readonly<Record<Task['overlap'], string>> = {
    skip: 'while runs take that long, slots are skipped',
    queue: 'while runs take that long, one slot waits and the others are skipped',
    replace: 'a slot ends the oldest run before its timeout does',
  }
  const message = `timeout: ${formatDuration(timeoutMs)} is longer than the time between slots (${room}): ${effects[overlap]}`
  const hint =
    overlap === 'replace'
      ? `timeout: ${most}, or none`
      : `timeout: ${most}, or a greater max if runs may overlap`
  return { message, hint }
}
