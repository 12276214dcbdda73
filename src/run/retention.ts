import path from 'node:path'
import type { Host } from '../host/host.ts'
import type { Task } from '../tasks/task.ts'
import { isRunId, runsFolder } from './directory.ts'
import { agesOf, inOrder } from './order.ts'

/** How many finished runs are kept, and for how long. */
export type Retention = Pick<Task['output'], 'keepRuns' | 'keepForMs'>

/** The most run directories that one call removes, because the event loop must not be blocked. */
const maxRemovalsPerPass = 50

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
  const names = host.files.list(folder).filter((name) => isRunId(name) && !isUnfinished(name))
  const finished = inOrder(host, home, task, names)
  const ages = agesOf(host, home, finished)
  const surplus = finished.filter(
    (_, index) =>
      index < finished.length - retention.keepRuns || (ages[index] ?? 0) > retention.keepForMs,
  )
  for (const { run } of surplus.slice(0, maxRemovalsPerPass))
    host.files.remove(path.join(folder, run))
}
