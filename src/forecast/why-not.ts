import { bareEntry } from '../tasks/host-entry.ts'
import { type HostFacts, matchHosts } from '../tasks/hosts.ts'
import type { Task, TasksFile } from '../tasks/task.ts'
import { taskEntryMatches } from './named-hosts.ts'

/** Why a host does not run a task: the first check that says no, and the entry of the file behind it. */
export interface WhyNot {
  readonly task: Task
  readonly reason: 'enabled' | 'hosts'
  /** The entry that excludes the host, as the file writes it, without its `!`. */
  readonly excludedBy?: string
  /** If no entry excludes the host: the entries that could match it, and do not. */
  readonly wants?: readonly string[]
}

/** Explains why a host does not run a task; undefined if it does. */
export function whyNot(task: Task, host: HostFacts, file: TasksFile): WhyNot | undefined {
  if (!task.enabled) return { task, reason: 'enabled' }
  if (matchHosts(task.hosts, host)) return undefined
  const entries = (task.hostEntries ?? []).map(bareEntry)
  const excluding = entries.find(
    ({ text, negated }) =>
      negated && matchHosts({ some: taskEntryMatches(text, file.groups), none: [] }, host),
  )
  if (excluding !== undefined) return { task, reason: 'hosts', excludedBy: excluding.text }
  const wants = entries.filter(({ negated }) => !negated).map(({ text }) => text)
  return { task, reason: 'hosts', wants }
}
