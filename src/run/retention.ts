import path from 'node:path'
import type { Host } from '../host/host.ts'
import type { Task } from '../tasks/task.ts'
import { isRunId, runStamp } from './id.ts'

/** How many run directories one pass removes at most: the loop must not stand still for it. */
const maxRemovalsPerPass = 50

/** A clock that is set back by less is corrected; the order of so few runs does not matter. */
const aheadMs = 60_000

/** What a tasks file keeps where a task says nothing, and what is kept of tasks that are gone. */
export type Keep = Pick<Task['output'], 'keepRuns' | 'keepForMs'>

/**
 * Removes the oldest finished runs of a task beyond what it keeps, by number and by age.
 * `isUnfinished` says of a run id that it is not to be touched yet.
 */
export function removeOldRuns(
  host: Host,
  home: string,
  task: string,
  keep: Keep,
  isUnfinished: (run: string) => boolean,
): void {
  const folder = path.join(home, 'runs', task)
  const now = host.clock.now()
  const names = host.files.list(folder).filter((name) => isRunId(name) && !isUnfinished(name))
  // Runs of the future are of a clock that was set back since: older than all that come now.
  const future = runStamp(now + aheadMs)
  const finished = [...names.filter((run) => run > future), ...names.filter((run) => run <= future)]
  const oldest = runStamp(now - keep.keepForMs)
  const surplus = finished.filter(
    (run, index) => index < finished.length - keep.keepRuns || run < oldest,
  )
  for (const run of surplus.slice(0, maxRemovalsPerPass)) host.files.remove(path.join(folder, run))
}

/** Leaves out the middle of a finished run's output where it is longer than allowed. */
export async function cutOutput(host: Host, directory: string, maxBytes: number): Promise<void> {
  const output = path.join(directory, 'output')
  const size = host.files.facts(output)?.size ?? 0
  if (size <= maxBytes) return
  const tail = Math.ceil(maxBytes / 2)
  const left = size - maxBytes
  await host.files.cutMiddle(
    output,
    maxBytes - tail,
    tail,
    `\n[torch: ${left} bytes left out here]\n`,
  )
}
