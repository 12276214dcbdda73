import { causeText } from './retry-cause.ts'
import type { HostMatch, HostRule } from './hosts.ts'
import type { Task, TaskFleet } from './task.ts'

/**
 * Everything about a task that has meaning, as canonical JSON. A task's `definition` is the digest
 * of this: two tasks of one name are the same exactly if these texts are equal. Not included: the
 * name, so that a renamed task can be recognised; where the task is written; `description`, `labels`,
 * messages and pings, and how a script is fetched, which must not restart a daemon task; and how the hosts
 * are written.
 */
export function definitionOf(task: Omit<Task, 'name' | 'file' | 'line' | 'definition'>): string {
  const { command, schedules, description: _1, labels: _2, hostEntries: _3, ...others } = task
  const {
    script,
    input,
    listen,
    ready,
    fleet,
    when,
    pools,
    after,
    notify: _4,
    ping: _5,
    ...rest
  } = others
  // As written, not as compiled: H is compiled for one host, and a definition is for all hosts.
  const texts = schedules.map(({ text }) => text.trim().toLowerCase().split(/\s+/).join(' '))
  // The code sets the order of these keys. What its author may order freely is sorted. The daemon
  // compares definitions with saved ones, so a change here restarts every daemon task once.
  return JSON.stringify({
    command,
    schedules: texts,
    ...rest,
    retry: retryMeaning(task.retry),
    hosts: task.hosts && unorderedRule(task.hosts),
    max: task.max === Infinity ? 'unlimited' : task.max,
    successCodes: [...new Set(task.successCodes)].toSorted((a, b) => a - b),
    limits: sortedPairs(task.limits),
    env: sortedPairs(task.env),
    // Only in the tasks that have them, so that the definitions of all others stay as they were.
    ...(script && { script: { url: script.url, sha256: script.sha256 } }),
    ...(input.mode !== 'none' && { input: [input.mode, input.format] }),
    ...(listen.length > 0 && { listen: listen.map(({ name, text }) => [name ?? null, text]) }),
    ...(ready && { ready }),
    ...(fleet && { fleet: fleetMeaning(fleet) }),
    ...(when && { when: when.id }),
    ...(after && { after: [after.tasks, after.outcome] }),
    ...(pools.length > 0 && { pools: poolMeaning(pools) }),
  })
}

/** The order of the causes means nothing. */
function retryMeaning({ on, ...rest }: Task['retry']): object {
  return on === undefined ? rest : { ...rest, on: [...new Set(on.map(causeText))].toSorted() }
}

/** The order of the tiers counts, that of the entries of a group does not. */
function fleetMeaning({ prefer, maxPerHost, startWithinMs, onLost, fenceMs }: TaskFleet) {
  return [prefer.map(unorderedRule), maxPerHost, startWithinMs, onLost, fenceMs ?? 'off']
}

/** The order means nothing. */
export function poolMeaning(pools: Task['pools']): (readonly [name: string, size: number])[] {
  return pools
    .map(({ name, size }) => [name, size] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/** A rule without order and duplicates: two rules are the same exactly if these are equal as JSON. */
export function unorderedRule({ some, none }: HostRule): { some: string[]; none: string[] } {
  return { some: unordered(some), none: unordered(none) }
}

function unordered(matches: readonly HostMatch[]): string[] {
  return [...new Set(matches.map((match) => JSON.stringify(match)))].toSorted()
}

function sortedPairs(values: object): [string, unknown][] {
  return Object.entries(values).toSorted(([a], [b]) => (a < b ? -1 : 1))
}
