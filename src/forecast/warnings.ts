import type { TasksFile } from '../tasks/task.ts'
import { clockWarnings } from './clock-changes.ts'
import { fleetWarnings } from './fleet-spikes.ts'
import { forecastOf, type TaskForecast } from './forecast.ts'
import { type Herd, herdWarnings } from './host-spikes.ts'
import { everywhere, type NamedHost } from './hosts.ts'
import { overrunWarnings } from './overruns.ts'
import type { Warning } from './warning.ts'

/**
 * What a reviewer wants to know of a whole file, from that second on. The herds are those of its
 * hosts, in their order; times are shown in `zone`.
 */
export function fileWarnings(
  file: TasksFile,
  hosts: readonly NamedHost[],
  herds: readonly Herd[],
  { from, zone }: { readonly from: number; readonly zone: string },
): Warning[] {
  const enabled = file.tasks.filter((task) => task.enabled)
  const { tasks } = forecastOf(enabled, everywhere, from)
  return [
    ...nowhereWarning(tasks, hosts),
    ...neverWarning(tasks),
    ...herdWarnings(herds, zone),
    ...fleetWarnings(file, tasks),
    ...clockWarnings(tasks, from, false),
    ...overrunWarnings(tasks),
  ]
}

/** The same of the tasks of one host. */
export function hostWarnings(
  tasks: readonly TaskForecast[],
  herd: Herd | undefined,
  {
    from,
    zone,
    isName,
  }: { readonly from: number; readonly zone: string; readonly isName: boolean },
): Warning[] {
  return [
    ...neverWarning(tasks),
    ...herdWarnings(herd === undefined ? [] : [herd], zone),
    ...clockWarnings(tasks, from, isName),
    ...overrunWarnings(tasks),
  ]
}

function nowhereWarning(tasks: readonly TaskForecast[], hosts: readonly NamedHost[]): Warning[] {
  const placed = new Set(hosts.flatMap((host) => host.tasks.map(({ task }) => task.name)))
  return some(
    'nowhere',
    tasks.filter(({ task }) => !placed.has(task.name)),
    {
      message: 'no machine can match: all that hosts names is negated',
      hint: 'mend its hosts, or say enabled: false where that is meant',
    },
  )
}

function neverWarning(tasks: readonly TaskForecast[]): Warning[] {
  const never = tasks.filter(
    ({ task, schedules, next }) =>
      task.type === 'common' &&
      next === undefined &&
      !schedules.some(({ kind }) => kind === 'reboot'),
  )
  return some('never', never, {
    message: 'never starts: there is no such date',
    hint: 'the last day of a month is L; torch next --schedule "0 0 L 2 *" tries a schedule',
  })
}

function some(
  kind: Warning['kind'],
  tasks: readonly TaskForecast[],
  words: Pick<Warning, 'message' | 'hint'>,
): Warning[] {
  return tasks.length === 0 ? [] : [{ kind, tasks: tasks.map(({ task }) => task.name), ...words }]
}
