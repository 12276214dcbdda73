import path from 'node:path'
import { grouped } from '../text/grouped.ts'
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

/**
 * Finds new runs of the tasks with these names or patterns, also of tasks that run for the first time.
 * Runs in `known` are not new. It reads a folder only if it has changed, and calls `onChange` when the
 * system reports a change. That is best effort: the caller polls too.
 */
export function newRunsOf(
  home: HomeFiles,
  names: readonly string[],
  known: readonly KeptRun[],
  onChange: () => void,
): NewRuns {
  const { host, paths } = home
  // Compare ids one by one: if the clock was set back, a new run is not the last one.
  const seen = new Map(
    [...grouped(known, ({ task }) => task)].map(([task, runs]) => [task, idsOf(runs)]),
  )
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
    find() {
      for (const task of tasks() ?? []) if (!looks.has(task)) addTask(task)
      return [...looks].flatMap(([task, look]) => {
        const runs = look()
        if (runs === undefined) return []
        const before = seen.get(task)
        seen.set(task, idsOf(runs))
        return runs.filter(({ run }) => before?.has(run) !== true)
      })
    },
    close() {
      for (const stop of watches) stop()
    },
  }
}

function idsOf(runs: readonly KeptRun[]): ReadonlySet<string> {
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
