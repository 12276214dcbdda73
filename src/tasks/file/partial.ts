import { mergedKeys } from '../defaults.ts'
import { bareEntry } from '../host-entry.ts'
import type { Task, TasksFile } from '../task.ts'
import type { KeyPath } from './key-path.ts'
import type { MergedFile } from './merge.ts'
import type { Source } from './source.ts'

/** The readable part of a bad file. */
export interface PartialTasks {
  /** Contains the tasks that have no error of their own and inherit none from the file. */
  readonly file: TasksFile
  /** The names of all other tasks, in the order of the file. */
  readonly unreadable: readonly string[]
  /** The names of groups with an error. */
  readonly unreadableGroups: readonly string[]
}

/**
 * Separates the readable tasks of a bad file from the others; undefined if not even their names are
 * certain. A task that may be affected by an error counts as unreadable.
 */
export function partialOf(
  merged: MergedFile,
  tasks: readonly Task[],
  sources: readonly Source[],
): PartialTasks | undefined {
  if (!sources.some((source) => source.has(['tasks']))) return undefined
  const effects = sources.flatMap((source) => source.errors.map((error) => effectOf(source, error)))
  if (effects.some(({ affects }) => affects === 'names')) return undefined

  const all = effects.some(({ affects }) => affects === 'all')
  const namesOf = (kind: Effect['affects']): Set<string> =>
    new Set(effects.flatMap(({ affects, names }) => (affects === kind ? names : [])))
  const [own, keys, groups] = [namesOf('tasks'), namesOf('keys'), namesOf('groups')]
  const wrongSources = namesOf('sources')
  const wrongCalendars = namesOf('calendars')
  const wrongPools = namesOf('pools')
  const namesIn = (name: string) => ({ ...merged.defaults, ...inputs.get(name) })
  const inputs = new Map(merged.tasks.map(({ name, input }) => [name, input]))
  const isUnreadable = ({ name, hostEntries = [], fleet }: Task): boolean => {
    const input: Readonly<Record<string, unknown>> = inputs.get(name) ?? {}
    const inherits = (key: string): boolean => input[key] === undefined || isMerged(key)
    const isInGroup = (entry: string): boolean => groups.has(bareEntry(entry).text)
    const isFromWrong = wrongSources.has(inputs.get(name)?.script?.url.split(':', 1)[0] ?? '')
    const { only = [], except = [], pool = [] } = namesIn(name)
    const isOnWrong = [...only, ...except].some((each) => wrongCalendars.has(each))
    const entries = [...hostEntries, ...(fleet?.preferEntries ?? [])]
    return (
      isFromWrong ||
      isOnWrong ||
      pool.some((each) => wrongPools.has(each)) ||
      all ||
      own.has(name) ||
      [...keys].some(inherits) ||
      entries.some(isInGroup)
    )
  }
  const readable = tasks.filter((task) => !isUnreadable(task))
  const readableNames = new Set(readable.map(({ name }) => name))
  const names = new Set(sources.flatMap((source) => source.keys(['tasks'])))
  return {
    file: { tasks: readable, groups: merged.groupEntries, notify: merged.notify },
    unreadable: [...names].filter((name) => !readableNames.has(name)),
    unreadableGroups: all ? sources.flatMap((source) => source.keys(['hosts'])) : [...groups],
  }
}

/** A task inherits parts of these even if it sets them. */
function isMerged(key: string): boolean {
  return mergedKeys.some((merged) => merged === key)
}

/** What an error affects: the names of the tasks, all tasks, or the named tasks, keys, groups, sources, calendars or pools. */
interface Effect {
  readonly affects:
    'names' | 'all' | 'tasks' | 'keys' | 'groups' | 'sources' | 'calendars' | 'pools'
  readonly names: readonly string[]
}

function effectOf(source: Source, { path, line }: Source['errors'][number]): Effect {
  if (path.length === 0) return effectAtLine(source, line)
  const [top, second] = path
  const names = second === undefined ? [] : [String(second)]
  if (ofMessages.has(String(top))) return { affects: 'tasks', names: [] }
  if (top === 'timezone') return { affects: 'keys', names: ['timezone'] }
  if (top === 'tasks') return { affects: second === undefined ? 'names' : 'tasks', names }
  if (second === undefined) return { affects: 'all', names }
  return { affects: affectedBy[String(top)] ?? 'all', names }
}

/** Top-level keys that change nothing about what a task does. */
const ofMessages: ReadonlySet<string> = new Set(['notify', 'heartbeat', 'web_url'])

/** What a wrong key within a top-level key affects. */
const affectedBy: Readonly<Record<string, Effect['affects']>> = {
  defaults: 'keys',
  hosts: 'groups',
  sources: 'sources',
  calendars: 'calendars',
  pools: 'pools',
}

/** A YAML error has no path. It belongs to the last key that begins above it. */
function effectAtLine(source: Source, line: number): Effect {
  const lastLine = (paths: readonly KeyPath[]): number =>
    paths.reduce((last, path) => {
      const begin = source.line(path)
      return begin > line ? last : Math.max(last, begin)
    }, 0)
  const tops = source.keys([]).map((name): KeyPath => [name])
  const tasks = source.keys(['tasks']).map((name): KeyPath => ['tasks', name])
  const last = lastLine(tasks)
  if (last < lastLine(tops)) return { affects: 'all', names: [] }
  const names = tasks.filter((path) => source.line(path) === last).map(([, name]) => String(name))
  return { affects: names.length === 0 ? 'names' : 'tasks', names }
}
