import type { HostView, RunAnswer, StatusAnswer, TaskView, Update } from '../../http/api.ts'
import { shellQuoted } from '../../text/shell-quote.ts'

export type HistoryRow = RunAnswer['row']
export type Outcome = HistoryRow['outcome']

/** What the page knows about the hosts and their tasks. */
export interface Model {
  readonly version: string
  readonly isActive: boolean
  /** What follows `torch` and its command: empty, or the home of the daemon. */
  readonly homeOption: string
  readonly hosts: ReadonlyMap<string, HostView>
  /** By {@link taskKey}. */
  readonly tasks: ReadonlyMap<string, TaskView>
}

/** A task name contains no line break, so no two tasks have the same key. */
export function taskKey(host: string, name: string): string {
  return `${host}\n${name}`
}

export function modelOf(answer: StatusAnswer): Model {
  return {
    version: answer.version,
    isActive: answer.actions,
    homeOption: answer.home === undefined ? '' : ` --home ${shellQuoted(answer.home)}`,
    hosts: new Map(answer.hosts.map((host) => [host.name, host])),
    tasks: new Map(answer.tasks.map((task) => [taskKey(task.host, task.name), task])),
  }
}

export function withUpdate(model: Model, { hosts, tasks, gone }: Update): Model {
  const all = new Map(model.tasks)
  for (const [host, name] of gone) all.delete(taskKey(host, name))
  for (const task of tasks) all.set(taskKey(task.host, task.name), task)
  return {
    ...model,
    hosts: new Map([...model.hosts, ...hosts.map((host) => [host.name, host] as const)]),
    tasks: all,
  }
}

/** Of joined updates only the last rows are kept: text may stay selected for hours. */
export const maxJoinedRows = 1_000

/** Joins two updates that follow each other, for a page that is not to change at the moment. */
export function joined(first: Update, second: Update): Update {
  const key = (task: TaskView): string => taskKey(task.host, task.name)
  const named = new Set(second.tasks.map(key))
  const gone = new Set(second.gone.map(([host, name]) => taskKey(host, name)))
  const hosts = new Set(second.hosts.map(({ name }) => name))
  return {
    now: second.now,
    hosts: [...first.hosts.filter(({ name }) => !hosts.has(name)), ...second.hosts],
    tasks: [
      ...first.tasks.filter((task) => !named.has(key(task)) && !gone.has(key(task))),
      ...second.tasks,
    ],
    gone: [...first.gone.filter(([host, name]) => !named.has(taskKey(host, name))), ...second.gone],
    rows: [...first.rows, ...second.rows].slice(-maxJoinedRows),
  }
}
