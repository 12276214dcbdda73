import type { Task } from '../tasks/task.ts'
import { grouped } from '../text/grouped.ts'
import type { NamedHost, NamedTask } from './hosts.ts'

/** Hosts of a file that run the same tasks, by what they have beyond those of everywhere. */
export interface Block {
  readonly hosts: readonly NamedHost[]
  /** All that they run. */
  readonly tasks: readonly NamedTask[]
  /** Of these what not all machines run anyway. Of everywhere itself: all. */
  readonly own: readonly NamedTask[]
  /** How many tasks of everywhere all of these machines run, of how many. */
  readonly shared: number
  readonly common: number
  /** Those that none of these machines runs. */
  readonly lacks: readonly Task[]
}

/** The hosts of a file, of which the first is everywhere, those with the same tasks together. */
export function blocksOf(hosts: readonly NamedHost[]): Block[] {
  const [everywhere] = hosts
  if (everywhere === undefined) return []
  const common = new Set(everywhere.tasks.map(({ task }) => task))
  const alike = grouped(hosts, ({ tasks }) =>
    tasks.map(({ task, part }) => task.name + (part ? '*' : '')).join(' '),
  )
  return [...alike.values()].map((same) => {
    const tasks = same[0]?.tasks ?? []
    if (same.includes(everywhere)) return aloneBlock(same, tasks)
    const own = tasks.filter(({ task, part }) => part || !common.has(task))
    const here = new Set(tasks.map(({ task }) => task))
    const lacks = [...common].filter((task) => !here.has(task))
    const shared = tasks.length - own.length
    return { hosts: same, tasks, own, shared, common: common.size, lacks }
  })
}

/** A block that is not compared with everywhere. */
export function aloneBlock(hosts: readonly NamedHost[], tasks: readonly NamedTask[]): Block {
  return { hosts, tasks, own: tasks, shared: 0, common: 0, lacks: [] }
}
