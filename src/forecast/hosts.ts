import { bareEntry } from '../tasks/host-entry.ts'
import { everyone, type HostMatch } from '../tasks/hosts.ts'
import { runsOn, type Share, shareOf } from '../tasks/share.ts'
import type { Task, TasksFile } from '../tasks/task.ts'
import { inGroup, inTask } from './machines.ts'

/** Some machines that a tasks file names, and what they run as far as that is known of them. */
export interface NamedHost {
  /** `everywhere`, a group's name, or an entry as it is written, without the `!`. */
  readonly host: string
  /** One machine by its host name: `H` and jitter are those of it. */
  readonly isName: boolean
  /** The enabled ones, in the order of the file. */
  readonly tasks: readonly NamedTask[]
}

export interface NamedTask {
  readonly task: Task
  /** Only some of these machines run it. */
  readonly part: boolean
}

/** The machines that a file has a name for. */
export interface Machines extends Omit<NamedHost, 'tasks'> {
  /** The same in two files exactly where they are the same by their name. */
  readonly key: string
  /** undefined: those that match nothing named. */
  readonly matches: readonly HostMatch[] | undefined
}

/** What the machines are called that match nothing named. */
export const everywhere = 'everywhere'

/**
 * Who runs what, from the file alone: first the machines that match nothing that it names, then
 * each group in the order of the file, then each address, block, host name and pattern in the order
 * in which they appear, in groups before tasks.
 */
export function namedHosts(file: TasksFile): NamedHost[] {
  return machinesOf(file).map((machines) => {
    const { host, isName } = machines
    return { host, isName, tasks: tasksOn(machines, file.tasks) }
  })
}

/** Those that it names, in the order of namedHosts(). */
export function machinesOf(file: TasksFile): Machines[] {
  const groups = Object.entries(file.groups).map(([host, entries]) => {
    return { host, isName: false, key: `group ${host}`, matches: entries.flatMap(inGroup) }
  })
  const entries = [...entriesOf(file)].map(([key, [host, machine]]) => {
    return { host, isName: machine.kind === 'name', key, matches: [machine] }
  })
  const others = { host: everywhere, isName: false, key: everywhere, matches: undefined }
  return [others, ...groups, ...entries]
}

/** The enabled ones that they run, on all of them or on some. */
export function tasksOn({ matches }: Machines, tasks: readonly Task[]): NamedTask[] {
  // Most tasks of a file have their hosts in common with others.
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
  return runsOn(hosts, everyone) ? 'all' : 'none'
}

/** All entries but groups, each once, by what it means, with the words in which it appears first. */
function entriesOf(file: TasksFile): Map<string, readonly [written: string, machine: HostMatch]> {
  const found = new Map<string, readonly [string, HostMatch]>()
  const add = (written: string, machines: readonly HostMatch[]): void => {
    for (const machine of machines) {
      const meaning = JSON.stringify(machine)
      if (!found.has(meaning)) found.set(meaning, [written.trim(), machine])
    }
  }
  for (const written of Object.values(file.groups).flat()) add(written, inGroup(written))
  for (const written of file.tasks.flatMap((task) => task.hostEntries ?? [])) {
    const { text } = bareEntry(written)
    // Groups have rows of their own.
    add(text, inTask(text, {}))
  }
  return found
}
