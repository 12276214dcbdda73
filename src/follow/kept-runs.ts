import path from 'node:path'
import { deniedHome } from '../control/client.ts'
import { hasCode } from '../host/system-error.ts'
import type { Host } from '../host/host.ts'
import { isAlive } from '../host/processes.ts'
import { activeFolder, readActive } from '../run/active.ts'
import { isRunId, type RunTraces } from '../run/directory.ts'
import { inOrder, type OrderedRun } from '../run/order.ts'
import { isSelected } from '../tasks/select.ts'

/** A home whose runs somebody looks at. It needs no daemon. */
export interface HomeFiles {
  readonly host: Host
  readonly paths: {
    readonly home: string
    readonly runs: string
    readonly history: string
    readonly socket: string
  }
}

/** A run that still has its directory. */
export interface KeptRun {
  readonly task: string
  readonly run: string
}

/** The tasks with these names or patterns that have run directories in the home; sorted. */
export function keptTasks({ host, paths }: HomeFiles, names: readonly string[]): string[] {
  const tasks = readable(paths.home, () => host.files.list(paths.runs))
  return tasks.filter((task) => isSelected(names, task))
}

/** The kept runs of a task, oldest first. */
export function keptRuns({ host, paths }: HomeFiles, task: string): (KeptRun & OrderedRun)[] {
  const names = readable(paths.home, () => host.files.list(path.join(paths.runs, task)))
  return inOrder(host, paths.home, task, names.filter(isRunId)).map((run) => ({ task, ...run }))
}

function readable<T>(home: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw hasCode(error, 'EACCES', 'EPERM') ? deniedHome(home, error) : error
  }
}

/**
 * The runs of a home that are alive, by task, oldest first: from their records, without a daemon.
 * `isNew` adds those that are so new that no recorder has claimed them yet.
 */
export function liveRuns(
  host: Host,
  home: string,
  { isNew = false }: { readonly isNew?: boolean } = {},
): Map<string, string[]> {
  const folder = activeFolder(home)
  const living = new Map<string, string[]>()
  for (const run of host.files.list(folder).filter(isRunId)) {
    const { directory, ...traces } = readActive(host, home, run)
    const task = path.basename(path.dirname(directory))
    // At its very beginning a run has only its folder.
    const isBegun = traces.description === undefined && host.files.facts(directory) !== undefined
    if (isLive(host, traces, isNew) || (isNew && isBegun))
      living.set(task, [...(living.get(task) ?? []), run])
  }
  return living
}

/** The pids of a run from before the last boot mean nothing now. */
function isLive(
  host: Host,
  { description, conclusion, exit, claim, recorder, command }: RunTraces,
  isNew: boolean,
): boolean {
  if (description?.bootId !== host.processes.bootId) return false
  if (conclusion !== undefined || exit !== undefined) return false
  if (isNew && claim === 'none') return true
  return isAlive(host, recorder) || isAlive(host, command)
}
