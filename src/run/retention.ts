import path from 'node:path'
import type { Host } from '../host/host.ts'
import type { Task } from '../tasks/task.ts'
import { isRunId, runsFolder, runStamp } from './directory.ts'

/** How many finished runs are kept, and for how long. */
export type Retention = Pick<Task['output'], 'keepRuns' | 'keepForMs'>

/** The most run directories that one call removes, because the event loop must not be blocked. */
const maxRemovalsPerPass = 50

/** A clock that was ahead by less was only corrected; then the order of a few runs does not matter. */
const aheadMs = 60_000

/**
 * Removes the oldest finished runs of a task: those beyond its keep_runs and those older than its
 * keep_for. `isUnfinished` says which runs must not be touched yet.
 */
export function removeOldRuns(
  host: Host,
  home: string,
  task: string,
  retention: Retention,
  isUnfinished: (run: string) => boolean,
): void {
  const folder = runsFolder(home, task)
  const now = host.clock.now()
  const names = host.files.list(folder).filter((name) => isRunId(name) && !isUnfinished(name))
  // Runs from the future were started before the clock was set back: they are older than all others.
  const future = runStamp(now + aheadMs)
  const finished = [...names.filter((run) => run > future), ...names.filter((run) => run <= future)]
  const oldest = runStamp(now - retention.keepForMs)
  const surplus = finished.filter(
    (run, index) => index < finished.length - retention.keepRuns || run < oldest,
  )
  for (const run of surplus.slice(0, maxRemovalsPerPass)) host.files.remove(path.join(folder, run))
}
