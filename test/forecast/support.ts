import { forecastOf, type Warning } from '../../src/forecast/forecast.ts'
import { namedHosts } from '../../src/forecast/named-hosts.ts'
import { hostSpikeIn } from '../../src/forecast/start-spikes.ts'
import { fileWarnings } from '../../src/forecast/warnings.ts'
import type { TasksFile } from '../../src/tasks/task.ts'
import { at } from '../support/plan.ts'
import { good } from '../support/tasks.ts'

export const from = at('2026-09-01T12:00:00Z')

type Fields = Readonly<Record<string, unknown>>

/** A tasks file in New York with these tasks; a text is a schedule. */
export function fileOf(
  tasks: Readonly<Record<string, string | Fields>>,
  hosts: object = {},
): TasksFile {
  const all = Object.entries(tasks).map(([name, value]) => {
    const fields = typeof value === 'string' ? { schedule: value } : value
    return [name, { command: 'x', ...fields }]
  })
  const text = { timezone: 'America/New_York', hosts, tasks: Object.fromEntries(all) }
  return good(JSON.stringify(text))
}

/** The warnings about a file from `from` on, with times in UTC. */
export function warningsOf(file: TasksFile): Warning[] {
  const hosts = namedHosts(file)
  const spikes = hosts.flatMap(({ host, isName, tasks }) => {
    const forecast = forecastOf(
      tasks.map(({ task }) => task),
      host,
      from,
    )
    return hostSpikeIn(forecast, isName) ?? []
  })
  return fileWarnings(file, hosts, spikes, { from, zone: 'UTC' })
}

/** The warnings about these tasks, each as `kind a b: message`. */
export function messagesOf(tasks: Parameters<typeof fileOf>[0], hosts?: object): string[] {
  return warningsOf(fileOf(tasks, hosts)).map(
    ({ kind, tasks: names, message }) => `${kind} ${names.join(' ')}: ${message}`,
  )
}

/** `count` equal tasks, named `name0`, `name1` and so on. */
export function many(name: string, count: number, value: string | Fields) {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [name + index, value]))
}
