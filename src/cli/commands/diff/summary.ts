import { grouped } from '../../../text/grouped.ts'
import { type HostChange, isOther, type Starts } from '../../../forecast/host-changes.ts'
import { localText } from '../../../schedule/timezone.ts'
import { counted, someOf } from '../../../text/plural.ts'
import { isHashed } from '../../../tasks/host-schedules.ts'
import type { Task } from '../../../tasks/task.ts'
import { plainLine } from '../../../text/sanitize.ts'
import type { Comparison } from './comparison.ts'
import type { Side } from './sides.ts'

/** So many tasks are named that cannot be compared; the rest is counted. */
const maxNames = 20

/** `2 tasks added, 1 removed, 3 changed`; `no change in meaning`. */
export function verdictWords({ change, from, to }: Comparison): string {
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
  const others = groups.length > 0 ? [`${counted(groups.length, 'host group')} changed`] : []
  const words = [...tasks, ...others].join(', ')
  if (words !== '') return words
  if (from.tasks === undefined || to.tasks === undefined) return 'nothing can be compared'
  if (!from.isValid || !to.isValid) return 'no change in what can be read of both'
  return 'no change in meaning'
}

/** What is to be known before the rest is believed: a file that is not there, or not valid. */
export function noteWords({ path, from, to, change }: Comparison): string[] {
  const missing = [from, to].filter(({ isThere }) => !isThere)
  const invalid = [from, to].filter(({ isValid }) => !isValid)
  const unreadable = change.unreadable.map(plainLine)
  return [
    ...missing.map((side) => `${path} is not in ${sideName(side)}: taken for a file without tasks`),
    ...invalid.map((side) => `${path} is not valid in ${sideName(side)}`),
    ...(unreadable.length > 0
      ? [`not compared, for what is wrong there: ${someOf(unreadable, maxNames)}`]
      : []),
  ]
}

/** Where a task moves in time by its new name, though nothing else changed. */
export function renameWords({ before, after }: { before: Task; after: Task }): string {
  const hashed = [
    ...([before, after].some(({ schedules }) => schedules.some(isHashed)) ? ['H'] : []),
    ...(after.jitterMs > 0 || before.jitterMs > 0 ? ['jitter'] : []),
  ]
  return hashed.length === 0 ? '' : `at other times: its name decides ${hashed.join(' and ')}`
}

/** `8640 -> 8652 (+12)`, or one number where it is the same; with `~` where they are not the same on each machine of that name. */
function startsWords([old, now]: readonly [Starts, Starts]): string {
  const about = (starts: Starts): string => (starts.varies ? '~' : '') + starts.count
  const more = now.count - old.count
  if (more === 0) return about(now)
  return `${about(old)} -> ${about(now)} (${more > 0 ? '+' : ''}${more})`
}

/**
 * `3 at 02:30:00 -> 4 at 02:30:00`: of the second in which the most start, by the clock of a zone.
 * Empty where no second has more than one.
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

/** A zone that is not told of each new task: that of the most tasks of the file. */
export function usualZone({ change }: Comparison): string {
  const zones = [...grouped(change.after.tasks, ({ timezone }) => timezone)]
  return zones.toSorted(([, a], [, b]) => b.length - a.length)[0]?.[0] ?? 'UTC'
}

/** Hosts for which the same comes and goes, together; without those for which nothing does. */
export function movedHosts({ hosts }: Comparison): { names: string[]; moves: HostChange }[] {
  const moved = hosts.filter(({ gains, loses, more, fewer }) =>
    [gains, loses, more, fewer].some((names) => names.length > 0),
  )
  return together(moved, ({ gains, loses, part, more, fewer }) =>
    JSON.stringify([gains, loses, part, more, fewer]),
  ).map(({ names, first }) => ({ names, moves: first }))
}

/** Hosts for which the numbers of starts change by the same, together. */
export function startingHosts(
  { hosts }: Comparison,
  zone: string,
): { names: string[]; starts: string; busiest: string }[] {
  const told = hosts.flatMap(({ host, starts }) => {
    if (starts === undefined || !isOther(...starts)) return []
    return [{ host, starts: startsWords(starts), busiest: busiestWords(starts, zone) }]
  })
  return together(told, ({ starts, busiest }) => `${starts} ${busiest}`).map(
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

function sideName({ end }: Side): string {
  return end.kind === 'commit' ? end.revision : 'the working copy'
}
