import path from 'node:path'
import { isSelected } from '../tasks/select.ts'
import { grouped } from '../text/grouped.ts'
import { followEvents } from './events.ts'
import { type HomeFiles, type KeptRun, keptRuns, keptTasks } from './kept-runs.ts'

/** Finds runs that start while somebody looks. */
export interface NewRuns {
  /** The runs that are new since the last call, oldest first. */
  find(): KeptRun[]
  close(): void
}

/** A folder read within this time after its change may change again with the same mtime. */
const mtimeMs = 50
/** The most task folders that the system watches for one reader. More of them are found by polls alone. */
const maxWatched = 1_000

/** After this many runs the folders are read again, so that those which are gone can be forgotten. */
const maxRemembered = 10_000

/**
 * Finds new runs of the tasks with these names or patterns, also of tasks that run for the first time.
 * Runs in `known` are not new. The daemon says what starts. While none says it, and once when one begins
 * to, the folders are read. Calls `onChange` when there may be something to find; that is best effort: the
 * caller polls too.
 */
export function newRunsOf(
  home: HomeFiles,
  names: readonly string[],
  known: readonly KeptRun[],
  onChange: () => void,
): NewRuns {
  const seen = newSeenRuns(known)
  const folders = folderReader(home, names, onChange)
  const stop = new AbortController()
  const started: KeptRun[] = []
  let isHeard = false
  let mustRead = false
  const listen = async (): Promise<void> => {
    const { clock } = home.host
    const { socket } = home.paths
    const listening = { clock, socket, tasks: names, signal: stop.signal }
    for await (const event of followEvents(listening)) {
      isHeard = event.kind !== 'lost'
      if (event.kind === 'dropped' || (event.kind === 'hello' && !event.isComplete)) mustRead = true
      if (event.kind === 'start') started.push({ task: event.row.task, run: event.row.run ?? '' })
      if (event.kind !== 'end') onChange()
    }
  }
  void listen()
  return {
    find() {
      const isRead = !isHeard || mustRead || seen.added() > maxRemembered
      mustRead = false
      const heard = started.splice(0).filter(({ task }) => isSelected(names, task))
      const fromEvents = heard.filter((run) => seen.add(run))
      return [...fromEvents, ...(isRead ? folders.changed().flatMap(seen.replace) : [])]
    },
    close() {
      stop.abort()
      folders.close()
    },
  }
}

interface SeenRuns {
  /** false if it was seen before. */
  add(run: KeptRun): boolean
  /** These are all kept runs of a task now. Returns those that were not seen before. */
  replace(this: void, task: TaskRuns): readonly KeptRun[]
  /** How many were added one by one since the last replace(). */
  added(): number
}

interface TaskRuns {
  readonly task: string
  readonly runs: readonly KeptRun[]
}

/** Compares ids one by one: if the clock was set back, a new run is not the last one. */
function newSeenRuns(known: readonly KeptRun[]): SeenRuns {
  const seen = new Map(
    [...grouped(known, ({ task }) => task)].map(([task, runs]) => [task, idsOf(runs)]),
  )
  let added = 0
  return {
    add({ task, run }) {
      const before = seen.get(task) ?? new Set()
      if (before.has(run)) return false
      seen.set(task, before.add(run))
      added++
      return true
    },
    replace({ task, runs }) {
      const before = seen.get(task)
      seen.set(task, idsOf(runs))
      added = 0
      return runs.filter(({ run }) => before?.has(run) !== true)
    },
    added: () => added,
  }
}

/** Reads a folder only if it has changed, and calls `onChange` when the system reports a change. */
function folderReader(
  home: HomeFiles,
  names: readonly string[],
  onChange: () => void,
): { changed(): TaskRuns[]; close(): void } {
  const { host, paths } = home
  const watches = [host.watchNames(paths.runs, onChange)]
  const tasks = whenChanged(home, paths.runs, () => keptTasks(home, names))
  const looks = new Map<string, () => KeptRun[] | undefined>()
  const addTask = (task: string): void => {
    const folder = path.join(paths.runs, task)
    if (watches.length <= maxWatched) watches.push(host.watchNames(folder, onChange))
    looks.set(
      task,
      whenChanged(home, folder, () => keptRuns(home, task)),
    )
  }
  return {
    changed() {
      for (const task of tasks() ?? []) if (!looks.has(task)) addTask(task)
      return [...looks].flatMap(([task, look]) => {
        const runs = look()
        return runs === undefined ? [] : [{ task, runs }]
      })
    },
    close() {
      for (const stop of watches) stop()
    },
  }
}

function idsOf(runs: readonly KeptRun[]): Set<string> {
  return new Set(runs.map(({ run }) => run))
}

/** Reads a folder if it has changed since the last time; else undefined. */
function whenChanged<T>({ host }: HomeFiles, folder: string, read: () => T): () => T | undefined {
  let known: number | undefined
  return () => {
    const changedMs = host.files.facts(folder)?.mtimeMs
    if (changedMs === known) return undefined
    known = host.clock.now() - (changedMs ?? 0) < mtimeMs ? undefined : changedMs
    return read()
  }
}
