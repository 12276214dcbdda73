import { type Forecast, forecastOf, type Warning } from '../../../forecast/forecast.ts'
import { type NamedHost, namedHosts } from '../../../forecast/named-hosts.ts'
import { hostSpikeIn } from '../../../forecast/start-spikes.ts'
import { fileWarnings } from '../../../forecast/warnings.ts'
import { slotText } from '../../../record/history/rows.ts'
import type { TaskNotify } from '../../../tasks/notify.ts'
import type { Task, TasksFile } from '../../../tasks/task.ts'
import type { HostPlan } from './plan-text.ts'

/** What a host would run, for programs. */
interface HostJson {
  readonly host: string
  readonly tasks: readonly {
    readonly task: string
    readonly type: Task['type']
    /** `fleet`: it starts on one of the machines that run it. */
    readonly scope: 'host' | 'fleet'
    /** The tasks after which it starts; only there for a task that does. */
    readonly after?: Task['after']
    /** The slot of its next start, in UTC. */
    readonly next: string | null
    readonly starts24h: number
    /** True if only some of these machines run it. */
    readonly part: boolean
    /** True if `H` or jitter makes its times differ between machines: the times are examples. */
    readonly varies: boolean
    readonly script: { readonly url: string; readonly sha256: string | null } | null
    /** `0.0.0.0:80` */
    readonly listen: readonly string[]
    /** Who gets messages about it; null: nobody. */
    readonly notify: Pick<TaskNotify, 'to' | 'on'> | null
  }[]
  readonly busiest: { readonly at: string; readonly starts: number } | null
  readonly warnings: readonly Warning[]
}

/**
 * The plan of all hosts of a file. Each warning appears once: with the first host that runs the first
 * of its tasks, or with the first host if none runs it.
 */
export function filePlanJson(
  file: TasksFile,
  { from, zone }: { readonly from: number; readonly zone: string },
): HostJson[] {
  const hosts = namedHosts(file)
  const planned = hosts.map((host) => {
    const tasks = host.tasks.map(({ task }) => task)
    const forecast = forecastOf(tasks, host.host, from)
    return { json: hostJson(host, forecast, []), spike: hostSpikeIn(forecast, host.isName) ?? [] }
  })
  const spikes = planned.flatMap(({ spike }) => spike)
  const placed = fileWarnings(file, hosts, spikes, { from, zone }).map((warning) => {
    const [first] = warning.tasks
    const at = hosts.findIndex(({ tasks }) => tasks.some(({ task }) => task.name === first))
    return { warning, at: Math.max(at, 0) }
  })
  return planned.map(({ json }, index) => ({
    ...json,
    warnings: placed.flatMap(({ warning, at }) => (at === index ? [warning] : [])),
  }))
}

/** The plan of one machine: a list with one entry. */
export function hostPlanJson({ host, forecast, not, warnings }: HostPlan) {
  const reasons = not.map(({ task, reason }) => ({ task: task.name, reason }))
  return [{ ...hostJson(host, forecast, warnings), not: reasons }]
}

function hostJson(
  { host, isName, tasks }: NamedHost,
  forecast: Forecast,
  warnings: readonly Warning[],
): HostJson {
  const { busiest } = forecast
  return {
    host,
    tasks: forecast.tasks.map(({ task, next, starts, varies }, index) => ({
      task: task.name,
      type: task.type,
      scope: task.fleet === undefined ? 'host' : 'fleet',
      ...(task.after !== undefined && { after: task.after }),
      next: slotText(next ?? null),
      starts24h: starts,
      part: tasks[index]?.part ?? false,
      varies: varies && !isName,
      script: task.script ? { url: task.script.url, sha256: task.script.sha256 ?? null } : null,
      listen: task.listen.map(({ text }) => text),
      notify: notifyOf(task),
    })),
    busiest: busiest ? { at: slotText(busiest.at) ?? '', starts: busiest.starts } : null,
    warnings,
  }
}

function notifyOf({ notify: { to, on } }: Task): HostJson['tasks'][number]['notify'] {
  return to.length === 0 ? null : { to, on }
}
