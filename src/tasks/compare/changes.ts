import { unorderedRule } from '../definition.ts'
import type { PartialTasks } from '../file/partial.ts'
import { keysAt } from '../file/schema.ts'
import { entryMeaning } from '../host-entry.ts'
import { type FileNotify, noFileNotify } from '../notify.ts'
import type { Task, TasksFile } from '../task.ts'
import { type Written, writtenKeys } from './written.ts'
import { fileKeys } from './written-targets.ts'

/** What an edit of a tasks file means. */
export interface Change {
  /** In the order of the new file. */
  readonly added: readonly Task[]
  /** In the order of the old file. */
  readonly removed: readonly Task[]
  readonly renamed: readonly Pair[]
  /** In the order of the new file; may include renamed tasks. */
  readonly changed: readonly TaskChange[]
  /** Changed groups. What they mean for single tasks is not part of the changes. */
  readonly groups: readonly GroupChange[]
  /** Names of tasks that cannot be compared, because one of the files is wrong there. */
  readonly unreadable: readonly string[]
  /** What was compared: both files without the tasks that are unreadable in one of them. */
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
  /** As in the file; within a map with a dot: `retry.attempts`. */
  readonly key: string
  readonly old: Written
  readonly new: Written
}

/** A group whose entries changed. If it is new or removed, all its entries are listed. */
interface GroupChange {
  readonly group: string
  /** As they are written. */
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/**
 * Compares two files by what they mean. How a value is written, the order of keys, and whether a
 * default is written make no difference. A file that cannot be read at all is undefined. `folder`
 * is the folder of the file: see writtenKeys().
 */
export function compareFiles(
  before: PartialTasks | undefined,
  after: PartialTasks | undefined,
  folder: string,
): Change {
  const unreadable = unreadableNames(before, after)
  if (before === undefined || after === undefined) return { ...noChange, unreadable }

  const hidden = {
    tasks: new Set(unreadable),
    groups: new Set([...before.unreadableGroups, ...after.unreadableGroups]),
  }
  const [old, now] = [without(before.file, hidden), without(after.file, hidden)]
  const { added, removed, kept } = matchNames(old, now)
  const renamed = renamedPairs(removed, added, folder)
  const paired = new Set(renamed.flatMap((pair) => [pair.before, pair.after]))
  const order = new Map(now.tasks.map((task, at) => [task, at]))
  return {
    added: added.filter((task) => !paired.has(task)),
    removed: removed.filter((task) => !paired.has(task)),
    renamed,
    changed: [...kept, ...renamed]
      .map((pair) => ({ ...pair, keys: changedKeys(pair, folder) }))
      .filter(({ keys }) => keys.length > 0)
      .toSorted((a, b) => (order.get(a.after) ?? 0) - (order.get(b.after) ?? 0)),
    groups: groupChanges(old.groups, now.groups),
    unreadable,
    before: old,
    after: now,
  }
}

const emptyFile: TasksFile = { tasks: [], groups: {}, notify: noFileNotify }
const noChange = {
  ...{ added: [], removed: [], renamed: [], changed: [], groups: [] },
  ...{ before: emptyFile, after: emptyFile },
}

/** If one file cannot be read at all, no task of the other one can be compared. */
function unreadableNames(...sides: readonly (PartialTasks | undefined)[]): string[] {
  const isComparable = sides.every((side) => side !== undefined)
  const names = sides.flatMap((side) => [
    ...(isComparable ? [] : (side?.file.tasks ?? []).map(({ name }) => name)),
    ...(side?.unreadable ?? []),
  ])
  return [...new Set(names)]
}

function without(
  { tasks, groups, notify }: TasksFile,
  hidden: { readonly tasks: ReadonlySet<string>; readonly groups: ReadonlySet<string> },
): TasksFile {
  return {
    notify,
    tasks: tasks.filter(({ name }) => !hidden.tasks.has(name)),
    groups: Object.fromEntries(Object.entries(groups).filter(([name]) => !hidden.groups.has(name))),
  }
}

function matchNames(
  before: TasksFile,
  after: TasksFile,
): { added: Task[]; removed: Task[]; kept: Pair[] } {
  const old = new Map(before.tasks.map((task) => [task.name, task]))
  const names = new Set(after.tasks.map((task) => task.name))
  const added: Task[] = []
  const kept: Pair[] = []
  for (const task of after.tasks) {
    const was = old.get(task.name)
    if (was === undefined) added.push(task)
    else kept.push({ before: was, after: task })
  }
  return { added, removed: before.tasks.filter((task) => !names.has(task.name)), kept }
}

/** Pairs removed and added tasks that are equal except for name, description, labels and messages, in file order. */
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

/** What a task does, without description, labels, messages and pings. Hosts as written, because groups may change too. */
function identityOf(task: Task, folder: string): string {
  const keys = [...writtenKeys(task, folder)].filter(
    ([key]) => !/^(description|(labels|notify|ping)\.)/.test(key),
  )
  return JSON.stringify(keys.map(([key, { meaning }]) => [key, meaning]))
}

function changedKeys({ before, after }: Pair, folder: string): KeyChange[] {
  const isSame = before.definition === after.definition
  if (isSame && besideDefinition(before) === besideDefinition(after)) return []
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

/** What differs in who gets messages and how, apart from the tasks: targets, the heartbeat and the page. */
export function messageChanges(before: FileNotify, after: FileNotify): KeyChange[] {
  const old = new Map(fileKeys(before).map((each) => [each.key, each]))
  const now = new Map(fileKeys(after).map((each) => [each.key, each]))
  return [...new Set([...now.keys(), ...old.keys()])].flatMap((key) => {
    const [from, to] = [old.get(key), now.get(key)]
    if (from?.meaning === to?.meaning) return []
    return [{ key, old: from?.shown ?? null, new: to?.shown ?? null }]
  })
}

const schemaOrder = keysAt(['tasks', ''])

function rankOf(key: string): number {
  if (key.startsWith('calendars.')) return schemaOrder.indexOf('except')
  if (key.startsWith('pools.')) return schemaOrder.indexOf('pool')
  return schemaOrder.indexOf(key.split('.', 1)[0] ?? '')
}

/** The keys that are not in the definition: a change of them leaves what runs alone. */
function besideDefinition({ description, labels, script, notify, ping }: Task): string {
  const messages = [notify, ping ?? null]
  return JSON.stringify([description ?? null, Object.entries(labels), script ?? null, messages])
}

function hostsOf({ hosts }: Task): string {
  return hosts === undefined ? '' : JSON.stringify(unorderedRule(hosts))
}

/** The groups that name other machines now: first the groups of the new file, then removed ones. */
function groupChanges(before: TasksFile['groups'], after: TasksFile['groups']): GroupChange[] {
  return Object.keys({ ...after, ...before })
    .map((group) => {
      const [old = [], now = []] = [before[group], after[group]]
      return { group, added: entriesNotIn(old, now), removed: entriesNotIn(now, old) }
    })
    .filter(({ added, removed }) => added.length + removed.length > 0)
}

/** Case does not matter: a bare word in a group is a host name. */
function entriesNotIn(others: readonly string[], entries: readonly string[]): string[] {
  const known = new Set(others.map((entry) => entryMeaning(entry.toLowerCase())))
  return entries.filter((entry) => !known.has(entryMeaning(entry.toLowerCase())))
}
