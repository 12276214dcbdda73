import { bareEntry } from '../tasks/host-entry.ts'
import { type HostFacts, matchHosts } from '../tasks/hosts.ts'
import type { Task, TasksFile } from '../tasks/task.ts'
import { inTask } from './machines.ts'

/** Why a host does not run a task: the first filter that says no, and what in the file says so. */
export interface WhyNot {
  readonly task: Task
  readonly reason: 'enabled' | 'hosts'
  /** The entry that excludes the host, as it is written without its `!`. */
  readonly excludedBy?: string
  /** Else the entries of which one would have to match. */
  readonly wants?: readonly string[]
}

/** undefined where it does run there. */
export function whyNot(task: Task, host: HostFacts, file: TasksFile): WhyNot | undefined {
  if (!task.enabled) return { task, reason: 'enabled' }
  if (matchHosts(task.hosts, host)) return undefined
  const entries = (task.hostEntries ?? []).map(bareEntry)
  const excluding = entries.find(
    ({ text, negated }) =>
      negated && matchHosts({ some: inTask(text, file.groups), none: [] }, host),
  )
  if (excluding !== undefined) return { task, reason: 'hosts', excludedBy: excluding.text }
  const wants = entries.filter(({ negated }) => !negated).map(({ text }) => text)
  return { task, reason: 'hosts', wants }
}
