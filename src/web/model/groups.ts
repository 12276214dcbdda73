import type { TaskView } from '../../http/api.ts'
import { type Group, groupNames, type PageAddress } from './address.ts'
import { taskKey } from './model.ts'

/** How a task stands, in one word: a group; the first that fits, in the order of urgency. */
export function standingOf(task: TaskView): Group {
  return groupNames.find((group) => isIn(task, group)) ?? 'waiting'
}

/** A task may be in more than one group: it can run again while it is failing. */
export function isIn(task: TaskView, group: Group): boolean {
  const { here, running, last, failures } = task
  switch (group) {
    case 'running':
      return running.length > 0
    case 'failing':
      return here && failures > 0
    case 'missed':
      return here && last?.outcome === 'missed'
    case 'skipped':
      return here && last?.outcome === 'skipped'
    case 'ok':
      return here && failures === 0 && last?.outcome === 'ok'
    case 'waiting':
      return here && last === null && running.length === 0
    case 'away':
      return !here
  }
}

/** The number of tasks in each group. */
export function groupCounts(tasks: Iterable<TaskView>): Record<Group, number> {
  const counts = { failing: 0, missed: 0, running: 0, skipped: 0, ok: 0, waiting: 0, away: 0 }
  for (const task of tasks)
    for (const group of groupNames) if (isIn(task, group)) counts[group] += 1
  return counts
}

/** The keys of the tasks to list, in their order. */
export function listedKeys(
  tasks: Iterable<TaskView>,
  { filter, group, order }: Pick<PageAddress, 'filter' | 'group' | 'order'>,
): string[] {
  const matches = matcherOf(filter)
  const listed = [...tasks].filter((task) => (group === null || isIn(task, group)) && matches(task))
  const sorted = order === 'name' ? listed.toSorted(byName) : byUrgency(listed)
  return sorted.map((task) => taskKey(task.host, task.name))
}

/**
 * Whether a task fits the text of the filter. Each word must be in its name, its description, or a label;
 * `key=value` must be a label, and its value may be cut short.
 */
export function matcherOf(filter: string): (task: TaskView) => boolean {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return () => true
  return ({ name, description, labels }) => {
    const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`.toLowerCase())
    const text = `${name}\n${description ?? ''}`.toLowerCase()
    return words.every((word) =>
      word.includes('=')
        ? pairs.some((pair) => pair.startsWith(word))
        : text.includes(word) || pairs.some((pair) => pair.includes(word)),
    )
  }
}

/**
 * First what a person must look at, then what runs, then what comes, then what always runs or never starts by
 * the clock. In each part by name, so that tasks keep their places; but what comes, by the next start.
 */
function byUrgency(tasks: readonly TaskView[]): TaskView[] {
  const ranked = tasks.map((task) => {
    const rank = rankOf(task)
    return { task, rank, startsAt: rank === comingRank ? (startMs(task) ?? 0) : 0 }
  })
  return ranked
    .toSorted((a, b) => a.rank - b.rank || a.startsAt - b.startsAt || byName(a.task, b.task))
    .map(({ task }) => task)
}

const comingRank = 4

function rankOf(task: TaskView): number {
  const standing = standingOf(task)
  switch (standing) {
    case 'failing':
      return 0
    case 'missed':
      return 1
    case 'running':
      return task.type === 'daemon' ? 5 : 2
    case 'skipped':
      return 3
    case 'ok':
    case 'waiting':
      return task.type === 'daemon' ? 3 : task.next === null ? 6 : comingRank
    case 'away':
      return 7
  }
}

/** When a task starts next, with its jitter, in ms since the epoch. */
export function startMs({ next, jitterMs, nextRestart }: TaskView): number | null {
  if (nextRestart !== null) return Date.parse(nextRestart)
  return next === null ? null : Date.parse(next) + jitterMs
}

function byName(a: TaskView, b: TaskView): number {
  return compare(a.name, b.name) || compare(a.host, b.host)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/**
 * An order that disturbs nobody who reads: what is listed stays where it is, and what is new comes at the end.
 * Tasks that exist no longer leave.
 */
export function settledKeys(
  before: readonly string[],
  wanted: readonly string[],
  exists: (key: string) => boolean,
): string[] {
  const known = new Set(before)
  return [...before.filter(exists), ...wanted.filter((key) => !known.has(key))]
}
