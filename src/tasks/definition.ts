import type { HostMatch, HostRule } from './hosts.ts'
import type { Task } from './task.ts'

/**
 * All of a task that has meaning, as canonical JSON, of which its `definition` is the digest: two
 * tasks of one name are the same exactly when these are equal. Not in it: the name, so that a task that was only renamed can be known again;
 * description and labels, which must not restart a daemon; how the hosts are written, only who they
 * are; and where the task stands.
 */
export function definitionOf(task: Omit<Task, 'definition'>): string {
  const {
    name: _1,
    description: _2,
    labels: _3,
    file: _4,
    line: _5,
    hostEntries: _6,
    ...meaning
  } = task
  // The order of these keys is that of the code. What has an order of its author's is sorted.
  return JSON.stringify({
    ...meaning,
    // As written, not as compiled: H is compiled for one host, and a definition is for all.
    schedules: task.schedules.map(({ text }) => text.trim().toLowerCase().split(/\s+/).join(' ')),
    hosts: task.hosts && unorderedRule(task.hosts),
    max: task.max === Infinity ? 'unlimited' : task.max,
    successCodes: [...new Set(task.successCodes)].toSorted((a, b) => a - b),
    limits: sorted(task.limits),
    env: sorted(task.env),
  })
}

/** A rule by who is in it: two are the same exactly when these are equal as JSON. */
export function unorderedRule({ some, none }: HostRule): { some: string[]; none: string[] } {
  return { some: unordered(some), none: unordered(none) }
}

function unordered(matches: readonly HostMatch[]): string[] {
  return [...new Set(matches.map((match) => JSON.stringify(match)))].toSorted()
}

function sorted(values: object): [string, unknown][] {
  return Object.entries(values).toSorted(([a], [b]) => (a < b ? -1 : 1))
}
