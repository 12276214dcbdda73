import type { TasksFile } from '../tasks/task.ts'
import { type Forecast, forecastOf } from './forecast.ts'
import { everywhere, type Machines, machinesOf, type NamedTask, tasksOn } from './named-hosts.ts'

/** What an edit of a tasks file changes for some machines that it names. */
export interface HostChange {
  /** The name that namedHosts() gives them. */
  readonly host: string
  /** Names of the tasks that these machines start to run, and of those that they stop running. */
  readonly gains: readonly string[]
  readonly loses: readonly string[]
  /** The names above that affect only some of the machines. */
  readonly part: readonly string[]
  /** Names of the tasks that run on more of the machines than before, or on fewer. */
  readonly more: readonly string[]
  readonly fewer: readonly string[]
  /** The starts before and after; undefined if there are too many to count. */
  readonly starts: readonly [Starts, Starts] | undefined
}

/** What a host starts in a window of time. */
export interface Starts {
  readonly count: number
  readonly busiest: Forecast['busiest']
  /** Some tasks have `H` or jitter and start at other times on each of the machines. */
  readonly varies: boolean
}

/** The most forecasts of tasks with `H` or jitter, over all hosts: each one takes about 0.1 ms. */
const maxHashed = 20_000

/**
 * The hosts that two files give different tasks or different numbers of starts, in the order of
 * namedHosts(), those of the new file first. `renamed` maps old task names to new ones: a renamed
 * task is neither gained nor lost. Starts count in the `seconds` after `from`.
 */
export function hostChanges(
  before: TasksFile,
  after: TasksFile,
  { renamed, from, seconds }: Options,
): HostChange[] {
  const old = new Map(machinesOf(before).map((machines) => [machines.key, machines]))
  const now = new Map(machinesOf(after).map((machines) => [machines.key, machines]))
  // A machine may have the same name as a group.
  const others = new Set([everywhere, ...Object.keys({ ...before.groups, ...after.groups })])
  const hostOf = ({ host, isName }: Machines): string =>
    isName && others.has(host) ? `${host} (host name)` : host
  const startsBefore = startsCounter(from, seconds)
  const startsAfter = startsCounter(from, seconds)
  // The order of the new file first, and the names of the new file.
  return [...new Map([...now, ...old, ...now])].flatMap(([key, machines]): HostChange[] => {
    // A group may hold other machines in each file. If one file lacks it, compare the same machines.
    const ran = tasksOn(old.get(key) ?? machines, before.tasks)
    const runs = tasksOn(now.get(key) ?? machines, after.tasks)
    const { isTouched, ...moves } = movesOf(ran, runs, renamed)
    if (!isTouched) return []
    const [was, is] = [startsBefore(machines.host, ran), startsAfter(machines.host, runs)]
    const starts = was === undefined || is === undefined ? undefined : ([was, is] as const)
    const isMoved = Object.values(moves).some((names) => names.length > 0)
    return isMoved || isOther(was, is) ? [{ host: hostOf(machines), ...moves, starts }] : []
  })
}

interface Options {
  readonly renamed: ReadonlyMap<string, string>
  /** Seconds since the epoch. */
  readonly from: number
  readonly seconds?: number
}

function movesOf(
  ran: readonly NamedTask[],
  runs: readonly NamedTask[],
  renamed: ReadonlyMap<string, string>,
) {
  const before = new Map(ran.map((each) => [renamed.get(each.task.name) ?? each.task.name, each]))
  const pairs = runs.map((each) => ({ now: each, was: before.get(each.task.name) }))
  const kept = new Set(pairs.map(({ was }) => was))
  const gained = pairs.flatMap(({ now, was }) => (was === undefined ? [now] : []))
  const lost = ran.filter((each) => !kept.has(each))
  const others = pairs.filter(({ now, was }) => was !== undefined && was.part !== now.part)
  return {
    gains: namesOf(gained),
    loses: namesOf(lost),
    part: namesOf([...gained, ...lost].filter(({ part }) => part)),
    more: namesOf(others.flatMap(({ now }) => (now.part ? [] : [now]))),
    fewer: namesOf(others.flatMap(({ now }) => (now.part ? [now] : []))),
    isTouched: lost.length > 0 || pairs.some(({ now, was }) => !isSame(was, now)),
  }
}

function isSame(was: NamedTask | undefined, { task, part }: NamedTask): boolean {
  return (
    was?.part === part && was.task.name === task.name && was.task.definition === task.definition
  )
}

function namesOf(tasks: readonly NamedTask[]): string[] {
  return tasks.map(({ task }) => task.name)
}

/** True if the number of starts differs, in the whole window or in the busiest second. */
export function isOther(was: Starts | undefined, is: Starts | undefined): boolean {
  return was?.count !== is?.count || was?.busiest?.starts !== is?.busiest?.starts
}

/** Counts the starts of hosts with the tasks of one file. Hosts with the same tasks share a count. */
function startsCounter(from: number, seconds: number | undefined) {
  const known = new Map<string, Starts>()
  let hashed = 0
  return (host: string, tasks: readonly NamedTask[]): Starts | undefined => {
    const key = namesOf(tasks).join(' ')
    if (known.has(key)) return known.get(key)
    if (hashed > maxHashed) return undefined
    const all = tasks.map(({ task }) => task)
    const { starts: count, busiest, tasks: forecasts } = forecastOf(all, host, from, seconds)
    const varying = forecasts.filter(({ varies }) => varies).length
    hashed += varying
    const starts = { count, busiest, varies: varying > 0 }
    if (varying === 0) known.set(key, starts)
    return starts
  }
}
