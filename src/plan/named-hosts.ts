import { everyone, type HostMatch } from '../tasks/hosts.ts'
import { runsOn, type Share, shareOf } from '../tasks/share.ts'
import type { Task, TasksFile } from '../tasks/task.ts'
import { bareEntry, inGroup, inTask } from './machines.ts'

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

/** What the machines are called that match nothing named. */
export const everywhere = 'everywhere'

/**
 * Who runs what, from the file alone: first the machines that match nothing that it names, then
 * each group in the order of the file, then each address, block, host name and pattern in the order
 * in which they appear, in groups before tasks.
 */
export function namedHosts(file: TasksFile): NamedHost[] {
  const tasks = file.tasks.filter((task) => task.enabled)
  const groups = Object.entries(file.groups).map(
    ([name, entries]) => [name, entries.flatMap(inGroup)] as const,
  )
  return [
    namedHost(everywhere, tasks, (task) => (runsOn(task.hosts, everyone) ? 'all' : 'none')),
    ...groups.map(([name, machines]) =>
      namedHost(name, tasks, (task) => shareOf(task.hosts, machines)),
    ),
    ...entriesOf(file).map(([written, machine]) => ({
      ...namedHost(written, tasks, (task) => shareOf(task.hosts, [machine])),
      isName: machine.kind === 'name',
    })),
  ]
}

function namedHost(
  host: string,
  tasks: readonly Task[],
  shareOfTask: (task: Task) => Share,
): NamedHost {
  // Most tasks of a file have their hosts in common with others.
  const known = new Map<string, Share>()
  const found = tasks.flatMap((task): NamedTask[] => {
    const entries = (task.hostEntries ?? []).join('\n')
    const share = known.get(entries) ?? shareOfTask(task)
    known.set(entries, share)
    return share === 'none' ? [] : [{ task, part: share === 'some' }]
  })
  return { host, isName: false, tasks: found }
}

/** All entries but groups, each once, by the words in which it appears first. */
function entriesOf(file: TasksFile): (readonly [written: string, machine: HostMatch])[] {
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
  return [...found.values()]
}
