import { bareEntry, nameMatch, parseHostEntry } from '../tasks/host-entry.ts'
import {
  anyMachine,
  type HostFacts,
  type HostMatch,
  matchHosts,
  runsOn,
  type Share,
  shareOf,
} from '../tasks/hosts.ts'
import type { Task, TasksFile } from '../tasks/task.ts'
import { grouped } from '../text/grouped.ts'

/** Machines that a tasks file names, with the tasks that they run as far as the file tells. */
export interface NamedHost {
  /** `everywhere`, a host group, or an entry as the file writes it, without the `!`. */
  readonly host: string
  /** One machine with a known host name, so that its `H` and jitter are known. */
  readonly isName: boolean
  /** The enabled tasks, in the order of the file. */
  readonly tasks: readonly NamedTask[]
}

export interface NamedTask {
  readonly task: Task
  /** Only some of these machines run it. */
  readonly part: boolean
}

/** Machines that a tasks file names, before their tasks are looked up. */
export interface Machines extends Omit<NamedHost, 'tasks'> {
  /** Two files give these machines the same key exactly if they name them in the same way. */
  readonly key: string
  /** undefined: the machines that match no entry of the file. */
  readonly matches: readonly HostMatch[] | undefined
}

/** The name for the machines that match no entry of the file. */
export const everywhere = 'everywhere'

/**
 * Which machines run which tasks, as far as the file tells: first the machines that match no entry, then each group in the
 * order of the file, then each address, block, host name and pattern in the order of appearance, in
 * groups before tasks.
 */
export function namedHosts(file: TasksFile): NamedHost[] {
  return machinesOf(file).map((machines) => {
    const { host, isName } = machines
    return { host, isName, tasks: tasksOn(machines, file.tasks) }
  })
}

/** The machines that a file names, in the order of namedHosts(). */
export function machinesOf(file: TasksFile): Machines[] {
  const groups = Object.entries(file.groups).map(([host, entries]) => {
    return {
      host,
      isName: false,
      key: `group ${host}`,
      matches: entries.flatMap(groupEntryMatches),
    }
  })
  const entries = [...entriesOf(file)].map(([key, [host, machine]]) => {
    return { host, isName: machine.kind === 'name', key, matches: [machine] }
  })
  const others = { host: everywhere, isName: false, key: everywhere, matches: undefined }
  return [others, ...groups, ...entries]
}

/** The enabled tasks that run on all or some of these machines. */
export function tasksOn({ matches }: Machines, tasks: readonly Task[]): NamedTask[] {
  // Most tasks of a file share their hosts with others.
  const known = new Map<string, Share>()
  return tasks.flatMap((task): NamedTask[] => {
    if (!task.enabled) return []
    const entries = (task.hostEntries ?? []).join('\n')
    const share = known.get(entries) ?? shareOfTask(task, matches)
    known.set(entries, share)
    return share === 'none' ? [] : [{ task, part: share === 'some' }]
  })
}

function shareOfTask({ hosts }: Task, matches: Machines['matches']): Share {
  if (matches !== undefined) return shareOf(hosts, matches)
  return runsOn(hosts, anyMachine) ? 'all' : 'none'
}

/** Every entry except groups, once for each meaning, as it is first written in the file. */
function entriesOf(file: TasksFile): Map<string, readonly [written: string, machine: HostMatch]> {
  const found = new Map<string, readonly [string, HostMatch]>()
  const add = (written: string, machines: readonly HostMatch[]): void => {
    for (const machine of machines) {
      const meaning = JSON.stringify(machine)
      if (!found.has(meaning)) found.set(meaning, [written.trim(), machine])
    }
  }
  for (const written of Object.values(file.groups).flat()) add(written, groupEntryMatches(written))
  for (const written of file.tasks.flatMap((task) => task.hostEntries ?? [])) {
    const { text } = bareEntry(written)
    const entry = parseHostEntry(text)
    // A bare word is a group, or a machine of a group.
    if (entry.kind === 'match') add(text, [entry.match])
  }
  return found
}

/** Machines that a file only excludes, and from which enabled tasks. */
export interface Exclusion {
  /** As the file writes it first, without the `!`. */
  readonly host: string
  readonly tasks: readonly Task[]
}

/**
 * The patterns and blocks that a file names only after `!`. They select no machine. A single machine
 * that is excluded is not among them: what is left for it is worth a look.
 */
export function exclusionsOf(file: TasksFile): Exclusion[] {
  const selected = new Set(Object.values(file.groups).flat().flatMap(meaningsOf))
  const excluded = new Map<string, { host: string; tasks: Task[] }>()
  for (const task of file.tasks) {
    for (const written of task.hostEntries ?? []) {
      const { text, negated } = bareEntry(written)
      for (const meaning of meaningsOf(text)) {
        if (!negated) {
          selected.add(meaning)
          continue
        }
        const known = excluded.get(meaning) ?? { host: text, tasks: [] }
        if (task.enabled) known.tasks.push(task)
        excluded.set(meaning, known)
      }
    }
  }
  return [...excluded].filter(([meaning]) => !selected.has(meaning)).map(([, each]) => each)
}

/** What an entry means, if it is a pattern or a block of several addresses. */
function meaningsOf(text: string): string[] {
  const entry = parseHostEntry(text)
  if (entry.kind !== 'match') return []
  const { match } = entry
  const isOne = match.kind === 'name' || (match.kind === 'network' && match.first === match.last)
  return isOne ? [] : [JSON.stringify(match)]
}

/** The groups of a file, as written. */
export type GroupEntries = Readonly<Record<string, readonly string[]>>

/** What an entry of a host group matches. A bare word in a group is a host name. */
function groupEntryMatches(written: string): HostMatch[] {
  const entry = parseHostEntry(written)
  if (entry.kind === 'match') return [entry.match]
  return entry.kind === 'word' ? [nameMatch(entry.word)] : []
}

/**
 * What an entry of a task's `hosts`, without its `!`, matches. A bare word there is a group, or one
 * machine of a group.
 */
export function taskEntryMatches(written: string, groups: GroupEntries): HostMatch[] {
  const entry = parseHostEntry(written)
  if (entry.kind === 'word' && Object.hasOwn(groups, entry.word))
    return (groups[entry.word] ?? []).flatMap(groupEntryMatches)
  return groupEntryMatches(written)
}

/** Hosts that run the same tasks, compared with `everywhere`. */
export interface HostBlock {
  readonly hosts: readonly NamedHost[]
  /** All tasks that they run. */
  readonly tasks: readonly NamedTask[]
  /** The tasks that do not run everywhere. In the block of `everywhere`: all tasks. */
  readonly own: readonly NamedTask[]
  /** How many of the tasks of `everywhere` run on all machines of the block. */
  readonly shared: number
  /** How many tasks `everywhere` has. */
  readonly common: number
  /** The tasks of `everywhere` that no machine of the block runs. */
  readonly lacks: readonly Task[]
}

/** Puts hosts with the same tasks together. The first host must be `everywhere`. */
export function blocksOf(hosts: readonly NamedHost[]): HostBlock[] {
  const [first] = hosts
  if (first === undefined) return []
  const common = new Set(first.tasks.map(({ task }) => task))
  const alike = grouped(hosts, ({ tasks }) =>
    tasks.map(({ task, part }) => task.name + (part ? '*' : '')).join(' '),
  )
  return [...alike.values()].map((same) => {
    const tasks = same[0]?.tasks ?? []
    if (same.includes(first)) return blockOf(same, tasks)
    const own = tasks.filter(({ task, part }) => part || !common.has(task))
    const here = new Set(tasks.map(({ task }) => task))
    const lacks = [...common].filter((task) => !here.has(task))
    const shared = tasks.length - own.length
    return { hosts: same, tasks, own, shared, common: common.size, lacks }
  })
}

/** A block that is not compared with `everywhere`. */
export function blockOf(hosts: readonly NamedHost[], tasks: readonly NamedTask[]): HostBlock {
  return { hosts, tasks, own: tasks, shared: 0, common: 0, lacks: [] }
}

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
