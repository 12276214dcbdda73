import { bareEntry } from '../host-entry.ts'
import type { MergedFile } from './merge.ts'
import type { Path } from './key-path.ts'
import type { Source } from './source.ts'
import type { Task, TasksFile } from '../task.ts'

/** What can be read of a file that is not valid. */
export interface PartialTasks {
  /** With the tasks in which nothing is wrong, nor in what they take from elsewhere in the file. */
  readonly file: TasksFile
  /** The names of all others, in the order of the file. */
  readonly unreadable: readonly string[]
  /** Names of groups in which something is wrong. */
  readonly unreadableGroups: readonly string[]
}

/**
 * Parts the tasks of a file with errors; undefined where not even their names are certain. What is
 * said of the readable ones has to be true: in doubt a task is not one of them.
 */
export function partialOf(
  merged: MergedFile,
  tasks: readonly Task[],
  sources: readonly Source[],
): PartialTasks | undefined {
  const spoilt = sources.flatMap((source) => source.errors.map((error) => spoiltBy(source, error)))
  if (spoilt.some(({ what }) => what === 'names')) return undefined

  const all = spoilt.some(({ what }) => what === 'all')
  const namesOf = (kind: Spoilt['what']): Set<string> =>
    new Set(spoilt.flatMap(({ what, names }) => (what === kind ? names : [])))
  const [own, keys, groups] = [namesOf('tasks'), namesOf('keys'), namesOf('groups')]
  const inputs = new Map(merged.tasks.map(({ name, input }) => [name, input]))
  const isSpoilt = ({ name, hostEntries = [] }: Task): boolean => {
    const input: Readonly<Record<string, unknown>> = inputs.get(name) ?? {}
    const takes = (key: string): boolean => input[key] === undefined || mergedKeys.has(key)
    const isIn = (entry: string): boolean => groups.has(bareEntry(entry).text)
    return all || own.has(name) || [...keys].some(takes) || hostEntries.some(isIn)
  }
  const readable = tasks.filter((task) => !isSpoilt(task))
  const known = new Set(readable.map(({ name }) => name))
  const names = new Set(sources.flatMap((source) => source.keys(['tasks'])))
  return {
    file: { tasks: readable, groups: merged.groupEntries },
    unreadable: [...names].filter((name) => !known.has(name)),
    unreadableGroups: all ? sources.flatMap((source) => source.keys(['hosts'])) : [...groups],
  }
}

/** Of these a task takes from the defaults what it does not say itself, key by key: see defaults.ts. */
const mergedKeys = new Set(['retry', 'restart', 'limits', 'output', 'env', 'labels'])

/** What an error makes unreadable: which tasks there are, all of them, or those that take this. */
interface Spoilt {
  readonly what: 'names' | 'all' | 'tasks' | 'keys' | 'groups'
  readonly names: readonly string[]
}

function spoiltBy(source: Source, { path, line }: Source['errors'][number]): Spoilt {
  if (path.length === 0) return spoiltAt(source, line)
  const [top, second] = path
  const names = second === undefined ? [] : [String(second)]
  if (top === 'timezone') return { what: 'keys', names: ['timezone'] }
  if (top === 'tasks') return { what: second === undefined ? 'names' : 'tasks', names }
  if (second === undefined) return { what: 'all', names }
  return { what: top === 'defaults' ? 'keys' : top === 'hosts' ? 'groups' : 'all', names }
}

/** An error against YAML itself has no path: it belongs to the last key that begins before it. */
function spoiltAt(source: Source, line: number): Spoilt {
  const lastLine = (paths: readonly Path[]): number =>
    paths.reduce((last, path) => {
      const begin = source.line(path)
      return begin > line ? last : Math.max(last, begin)
    }, 0)
  const tops = source.keys([]).map((name): Path => [name])
  const tasks = source.keys(['tasks']).map((name): Path => ['tasks', name])
  const last = lastLine(tasks)
  if (last < lastLine(tops)) return { what: 'all', names: [] }
  const names = tasks.filter((path) => source.line(path) === last).map(([, name]) => String(name))
  return { what: names.length === 0 ? 'names' : 'tasks', names }
}
