import { type HostChange, hostChanges, isOther, type Starts } from '../host-changes.ts'
import { localText } from '../../schedule/timezone.ts'
import {
  type Change,
  compareFiles,
  type KeyChange,
  messageChanges,
} from '../../tasks/compare/changes.ts'
import { isHashed } from '../../tasks/host-schedules.ts'
import { collide } from '../../tasks/sockets.ts'
import type { PartialTasks } from '../../tasks/file/partial.ts'
import type { Problem } from '../../tasks/file/problem.ts'
import type { Task } from '../../tasks/task.ts'
import { grouped } from '../../text/grouped.ts'
import { counted, someOf } from '../../text/plural.ts'
import { plainLine } from '../../text/sanitize.ts'

/** One end of a comparison: a commit, or the working copy. */
export type End = Commit | { readonly kind: 'working-copy' }

export interface Commit {
  readonly kind: 'commit'
  /** As the user typed it; the short hash if the user did not name it. */
  readonly revision: string
  readonly commit: string
}

/** What is compared with what. */
export interface Ends {
  readonly from: End
  readonly to: End
  /** Both ends in one line: `HEAD (4f2a91c03b1e) -> working copy`. */
  readonly name: string
}

/** The tasks file at one end of a comparison, read without other files (env files, the host). */
export interface Side {
  readonly end: End
  /** A file that does not exist counts as a valid file without tasks. */
  readonly isThere: boolean
  readonly isValid: boolean
  /** The tasks that could be read; undefined if none could. */
  readonly tasks: PartialTasks | undefined
  /** Empty if the file is valid. */
  readonly problems: readonly Problem[]
}

/** The tasks of a file at two moments, compared. */
export interface TaskComparison {
  readonly from: SideTasks
  readonly to: SideTasks
  readonly change: Change
  /** Changed targets of messages, heartbeat and page. Empty if one of the files is not valid. */
  readonly messages: readonly KeyChange[]
  /** Names of daemon tasks whose definition differs: a daemon restarts their runs. */
  readonly restarts: readonly string[]
  /** Those of them that keep their sockets: the next run is ready before the previous one ends. */
  readonly withoutGap: readonly string[]
}

type SideTasks = Pick<Side, 'isValid' | 'tasks'>

/** Two revisions of a tasks file, compared. The text and the Markdown both show it. */
export interface Comparison extends TaskComparison {
  /** The file as the user names it, and a line that says what is compared with what. */
  readonly path: string
  readonly name: string
  readonly from: Side
  readonly to: Side
  readonly hosts: readonly HostChange[]
  /** Also true if only one of the two files is valid. */
  readonly isChanged: boolean
}

/** The longest list of tasks that could not be compared; the rest is counted. */
const maxUnreadableNames = 20
/** A change that this many tasks share is shown once, with their names. */
const minTasksToShare = 3

/** Compares two sides; starts are counted in the 24 hours after `from`, in seconds since the epoch. */
export function compare(
  { path, folder, name }: { path: string; folder: string } & Pick<Ends, 'name'>,
  sides: { readonly from: Side; readonly to: Side },
  from: number,
): Comparison {
  const { from: old, to: now } = sides
  const tasks = compareTasks(old, now, folder)
  const { change, messages } = tasks
  const renamed = new Map(change.renamed.map(({ before, after }) => [before.name, after.name]))
  const hosts = hostChanges(change.before, change.after, { renamed, from })
  const { added, removed, changed, groups } = change
  const edits = [added, removed, change.renamed, changed, groups, hosts, messages]
  return {
    ...{ ...tasks, path, name, ...sides, hosts },
    isChanged: edits.some((list) => list.length > 0) || old.isValid !== now.isValid,
  }
}

/** Compares the tasks alone, without what that means for hosts. `folder` is the folder of the tasks file. */
export function compareTasks(from: SideTasks, to: SideTasks, folder: string): TaskComparison {
  const change = compareFiles(from.tasks, to.tasks, folder)
  const { before, after } = change
  // A target with a problem is missing, as if it was removed.
  const isWhole = from.isValid && to.isValid
  const messages = isWhole ? messageChanges(before.notify, after.notify) : []
  return { from, to, change, messages, ...restartsOf(change) }
}

function restartsOf({ before, after }: Change): Pick<TaskComparison, 'restarts' | 'withoutGap'> {
  const old = new Map(before.tasks.map((task) => [task.name, task]))
  const pairs = after.tasks.flatMap((task) => {
    const was = old.get(task.name)
    const isDaemon = was?.type === 'daemon' && task.type === 'daemon' && was.enabled && task.enabled
    return isDaemon && was.definition !== task.definition ? [{ was, task }] : []
  })
  const withoutGap = pairs.filter(({ was, task }) => keepsSockets(was, task))
  return { restarts: namesOf(pairs), withoutGap: namesOf(withoutGap) }
}

function namesOf(pairs: readonly { readonly task: Task }[]): string[] {
  return pairs.map(({ task }) => task.name)
}

/** A new address that collides with an old one is opened only after the old runs have ended. */
function keepsSockets(was: Task, task: Task): boolean {
  if (was.listen.length === 0 || task.listen.length === 0) return false
  const known = new Set(was.listen.map(({ text }) => text))
  return task.listen.every(
    (address) => known.has(address.text) || !was.listen.some((other) => collide(other, address)),
  )
}

/** `web (replaced without a gap)` */
export function restartWords({ restarts, withoutGap }: TaskComparison): string[] {
  const gapless = new Set(withoutGap)
  return restarts.map((name) => (gapless.has(name) ? `${name} (replaced without a gap)` : name))
}

/** The result in one line: `2 tasks added, 1 removed, 3 changed`; `no change in meaning`. */
export function verdictWords({ change, messages, from, to }: TaskComparison): string {
  const { added, removed, renamed, changed, groups } = change
  const counts: [number, string][] = [
    [added.length, 'added'],
    [removed.length, 'removed'],
    [renamed.length, 'renamed'],
    [changed.length, 'changed'],
  ]
  const tasks = counts
    .filter(([count]) => count > 0)
    .map(([count, what], at) => `${at === 0 ? counted(count, 'task') : count} ${what}`)
  const others = [
    ...(groups.length > 0 ? [`${counted(groups.length, 'host group')} changed`] : []),
    ...(messages.length > 0 ? [`${counted(messages.length, 'key')} of messages changed`] : []),
  ]
  const words = [...tasks, ...others].join(', ')
  if (words !== '') return words
  if (from.tasks === undefined || to.tasks === undefined) return 'nothing could be compared'
  if (!from.isValid || !to.isValid) return 'no change in the tasks that are valid on both sides'
  return 'no change in meaning'
}

/** Notes that limit the comparison: a file that does not exist or is not valid. */
export function noteWords({ path, from, to, change }: Comparison): string[] {
  const missing = [from, to].filter(({ isThere }) => !isThere)
  const invalid = [from, to].filter(({ isValid }) => !isValid)
  return [
    ...missing.map((side) => `${path} does not exist in ${sideName(side)}: compared as empty`),
    ...invalid.map((side) => `${path} is not valid in ${sideName(side)}`),
    ...unreadableWords(change),
  ]
}

/** A line with the tasks that could not be compared, if there are any. */
export function unreadableWords({ unreadable }: Change): string[] {
  const names = someOf(unreadable.map(plainLine), maxUnreadableNames)
  return names === '' ? [] : [`not compared because of problems in the file: ${names}`]
}

function sideName({ end }: Side): string {
  return end.kind === 'commit' ? end.revision : 'the working copy'
}

/** Says whether a new name moves the starts of a task; empty if it does not. */
export function renameWords({ before, after }: { before: Task; after: Task }): string {
  const hashed = [
    ...([before, after].some(({ schedules }) => schedules.some(isHashed)) ? ['H'] : []),
    ...(after.jitterMs > 0 || before.jitterMs > 0 ? ['jitter'] : []),
  ]
  if (hashed.length === 0) return ''
  const depend = hashed.length === 1 ? 'depends' : 'depend'
  return `start times move: ${hashed.join(' and ')} ${depend} on the name`
}

/** Splits changed keys into changes that several tasks share and changes of single tasks. */
export function shareChanges(changed: Change['changed']): {
  readonly shared: readonly { readonly change: KeyChange; readonly tasks: readonly string[] }[]
  readonly own: readonly { readonly task: string; readonly changes: readonly KeyChange[] }[]
} {
  const all = changed.flatMap(({ after, keys }) =>
    keys.map((change) => ({ task: after.name, change })),
  )
  const same = [...grouped(all, ({ change }) => JSON.stringify(change)).values()]
  const isShared = (each: readonly unknown[]): boolean => each.length >= minTasksToShare
  const shown = new Set(same.filter(isShared).flat())
  const own = grouped(
    all.filter((each) => !shown.has(each)),
    ({ task }) => task,
  )
  return {
    shared: same.filter(isShared).flatMap((each) => {
      const [first] = each
      return first ? [{ change: first.change, tasks: each.map(({ task }) => task) }] : []
    }),
    own: [...own].map(([task, each]) => ({ task, changes: each.map(({ change }) => change) })),
  }
}

/** The zone of most tasks of the file. An added task shows its zone only if it differs from this. */
export function usualZone({ change }: TaskComparison): string {
  const zones = [...grouped(change.after.tasks, ({ timezone }) => timezone)]
  return zones.toSorted(([, a], [, b]) => b.length - a.length)[0]?.[0] ?? 'UTC'
}

/** Hosts that gain or lose tasks; hosts with the same gains and losses are together. */
export function movedHosts({ hosts }: Comparison): { names: string[]; moves: HostChange }[] {
  const moved = hosts.filter(({ gains, loses, more, fewer }) =>
    [gains, loses, more, fewer].some((names) => names.length > 0),
  )
  return together(moved, ({ gains, loses, part, more, fewer }) =>
    JSON.stringify([gains, loses, part, more, fewer]),
  ).map(({ names, first }) => ({ names, moves: first }))
}

/** Hosts whose number of starts changes; hosts with the same numbers are together. */
export function startingHosts(
  { hosts }: Comparison,
  zone: string,
): { names: string[]; starts: string; busiest: string }[] {
  const counts = hosts.flatMap(({ host, starts }) => {
    if (starts === undefined || !isOther(...starts)) return []
    return [{ host, starts: startsWords(starts), busiest: busiestWords(starts, zone) }]
  })
  return together(counts, ({ starts, busiest }) => `${starts} ${busiest}`).map(
    ({ names, first: { starts, busiest } }) => ({ names, starts, busiest }),
  )
}

function together<T extends { readonly host: string }>(
  items: readonly T[],
  keyOf: (item: T) => string,
): { names: string[]; first: T }[] {
  return [...grouped(items, keyOf).values()].flatMap((same) => {
    const [first] = same
    return first === undefined ? [] : [{ names: same.map(({ host }) => host), first }]
  })
}

/** `8640 -> 8652 (+12)`; one number if both are equal; `~` if the number differs between machines. */
function startsWords([old, now]: readonly [Starts, Starts]): string {
  const about = (starts: Starts): string => (starts.varies ? '~' : '') + starts.count
  const more = now.count - old.count
  if (more === 0) return about(now)
  return `${about(old)} -> ${about(now)} (${more > 0 ? '+' : ''}${more})`
}

/**
 * The second with the most starts, in local time: `3 at 02:30:00 -> 4 at 02:30:00`. Empty if no
 * second has more than one start.
 */
function busiestWords([old, now]: readonly [Starts, Starts], zone: string): string {
  const words = ({ busiest }: Starts): string =>
    busiest === undefined ? 'none' : `${busiest.starts} at ${timeOfDay(zone, busiest.at)}`
  const most = [old, now].map(({ busiest }) => busiest?.starts ?? 0)
  if (most.every((starts) => starts <= 1)) return ''
  return most[0] === most[1] ? words(now) : `${words(old)} -> ${words(now)}`
}

function timeOfDay(zone: string, second: number): string {
  return localText(zone, second).slice('2026-03-08T'.length, '2026-03-08T02:30:00'.length)
}
