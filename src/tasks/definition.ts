import type { SharedSettings } from './built-task.ts'
import type { HostMatch, HostRule } from './hosts.ts'
import type { Task } from './task.ts'

/**
 * All of a task that has meaning, as canonical JSON, of which its `definition` is the digest: two
 * tasks of one name are the same exactly when these are equal. `meaning`: of its settings. Not in it:
 * the name, so that a task that was only renamed can be known again; and where the task stands.
 */
export function definitionOf(
  { command, schedules }: Pick<Task, 'command' | 'schedules'>,
  meaning: string,
): string {
  // As written, not as compiled: H is compiled for one host, and a definition is for all.
  const texts = schedules.map(({ text }) => text.trim().toLowerCase().split(/\s+/).join(' '))
  return `${JSON.stringify({ command, schedules: texts }).slice(0, -1)},${meaning.slice(1)}`
}

/**
 * What settings mean, as canonical JSON. Not in it: description and labels, which must not restart a
 * daemon; and how the hosts are written, only who they are.
 */
export function meaningOf(settings: SharedSettings): string {
  const { description: _1, labels: _2, file: _3, hostEntries: _4, ...meaning } = settings
  // The order of these keys is that of the code. What has an order of its author's is sorted.
  return JSON.stringify({
    ...meaning,
    hosts: settings.hosts && unorderedRule(settings.hosts),
    max: settings.max === Infinity ? 'unlimited' : settings.max,
    successCodes: [...new Set(settings.successCodes)].toSorted((a, b) => a - b),
    limits: sorted(settings.limits),
    env: sorted(settings.env),
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
