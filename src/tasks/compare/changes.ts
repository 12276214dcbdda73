import { unorderedRule } from '../definition.ts'
import { differenceOf } from './difference.ts'
import { groupChanges, type GroupChange } from './group-changes.ts'
import type { PartialTasks } from '../file/partial.ts'
import { keysAt } from '../file/schema.ts'
import type { Task, TasksFile } from '../task.ts'
import { type Written, writtenKeys } from './written.ts'

/** What an edit of a tasks file means. */
export interface Change {
  /** In the order of the new file. */
  readonly added: readonly Task[]
  /** In the order of the old one. */
  readonly removed: readonly Task[]
  readonly renamed: readonly Pair[]
  /** In the order of the new file; what was renamed too. */
  readonly changed: readonly TaskChange[]
  /** What other entries of a group mean for tasks is not told task by task. */
  readonly groups: readonly GroupChange[]
  /** Names of tasks of which nothing can be said, as one of the files is wrong there. */
  readonly unreadable: readonly string[]
  /** What was compared: both files without what is unreadable in one of them. */
  readonly before: TasksFile
  readonly after: TasksFile
}

interface Pair {
  readonly before: Task
  readonly after: Task
}

interface TaskChange extends Pair {
  /** In the order of the schema; at least one. */
  readonly keys: readonly KeyChange[]
}

export interface KeyChange {
  /** As in the file, within maps with a dot: `retry.attempts`. */
  readonly key: string
  readonly old: Written
  readonly new: Written
}

/**
 * Compares two files, as far as they can be read (undefined: not at all), by what they mean: how a
 * value is written, in which order, and whether a default is spelled out, is no change. `folder` is
 * that of the file: see writtenKeys().
 */
export function changeOf(
  before: PartialTasks | undefined,
  after: PartialTasks | undefined,
  folder: string,
): Change {
  const unreadable = unreadableNames(before, after)
  if (before === undefined || after === undefined) return { ...nothing, unreadable }

  const hidden = {
    tasks: new Set(unreadable),
    groups: new Set([...before.unreadableGroups, ...after.unreadableGroups]),
  }
  const old = without(before.file, hidden)
  const now = without(after.file, hidden)
  const { added, removed, changed, unchanged } = differenceOf(old, now)
  const was = new Map(old.tasks.map((task) => [task.name, task]))
  const same = unchanged.map((task) => ({ before: was.get(task.name) ?? task, after: task }))
  const renamed = renamedPairs(removed, added, folder)
  const moved = new Set(renamed.flatMap((pair) => [pair.before, pair.after]))
  const places = new Map(now.tasks.map((task, at) => [task, at]))
  return {
    added: added.filter((task) => !moved.has(task)),
    removed: removed.filter((task) => !moved.has(task)),
    renamed,
    changed: [...changed, ...same, ...renamed]
      .map((pair) => ({ ...pair, keys: changedKeys(pair, folder) }))
      .filter(({ keys }) => keys.length > 0)
      .toSorted((a, b) => (places.get(a.after) ?? 0) - (places.get(b.after) ?? 0)),
    groups: groupChanges(old.groups, now.groups),
    unreadable,
    before: old,
    after: now,
  }
}

const emptyFile: TasksFile = { tasks: [], groups: {} }
const nothing = {
  ...{ added: [], removed: [], renamed: [], changed: [], groups: [] },
  ...{ before: emptyFile, after: emptyFile },
}

/** A file that cannot be read at all says nothing of any task of the other one. */
function unreadableNames(...sides: readonly (PartialTasks | undefined)[]): string[] {
  const known = sides.every((side) => side !== undefined)
  const names = sides.flatMap((side) => [
    ...(known ? [] : (side?.file.tasks ?? []).map(({ name }) => name)),
    ...(side?.unreadable ?? []),
  ])
  return [...new Set(names)]
}

function without(
  { tasks, groups }: TasksFile,
  hidden: { readonly tasks: ReadonlySet<string>; readonly groups: ReadonlySet<string> },
): TasksFile {
  return {
    tasks: tasks.filter(({ name }) => !hidden.tasks.has(name)),
    groups: Object.fromEntries(Object.entries(groups).filter(([name]) => !hidden.groups.has(name))),
  }
}

/** Tasks that are the same but for their names, paired in the order of the files. */
function renamedPairs(removed: readonly Task[], added: readonly Task[], folder: string): Pair[] {
  const waiting = new Map<string, Task[]>()
  for (const task of removed) {
    const identity = identityOf(task, folder)
    waiting.set(identity, [...(waiting.get(identity) ?? []), task])
  }
  return added.flatMap((after) => {
    const before = waiting.get(identityOf(after, folder))?.shift()
    return before === undefined ? [] : [{ before, after }]
  })
}

/** What it does, not what is said about it; hosts as they are written, so that a group may change too. */
function identityOf(task: Task, folder: string): string {
  const keys = [...writtenKeys(task, folder)].filter(
    ([key]) => !/^(description|labels\.)/.test(key),
  )
  return JSON.stringify(keys.map(([key, { meaning }]) => [key, meaning]))
}

function changedKeys({ before, after }: Pair, folder: string): KeyChange[] {
  if (before.definition === after.definition && wordsOf(before) === wordsOf(after)) return []
  const old = writtenKeys(before, folder)
  const now = writtenKeys(after, folder)
  const sameHosts = hostsOf(before) === hostsOf(after)
  const keys = [...new Set([...old.keys(), ...now.keys()])]
  return keys
    .toSorted((a, b) => rankOf(a) - rankOf(b))
    .flatMap((key) => {
      const [from, to] = [old.get(key), now.get(key)]
      if (from?.meaning === to?.meaning || (key === 'hosts' && sameHosts)) return []
      return [{ key, old: from?.value ?? null, new: to?.value ?? null }]
    })
}

const order = keysAt(['tasks', ''])

function rankOf(key: string): number {
  return order.indexOf(key.split('.', 1)[0] ?? '')
}

/** What is only shown is not in the definition. */
function wordsOf({ description, labels }: Task): string {
  return JSON.stringify([description ?? null, Object.entries(labels)])
}

function hostsOf({ hosts }: Task): string {
  return hosts === undefined ? '' : JSON.stringify(unorderedRule(hosts))
}
