import type { WaitingStart } from '../../control/status-report.ts'
import { slotText } from '../../record/history/rows.ts'
import type { Task } from '../../tasks/task.ts'
import { fullPool } from '../starts/pools.ts'
import type { StartParts } from '../starts/start-parts.ts'

/** Thousands of tasks may wait for the same hundreds of runs. */
const maxRuns = 20

/** The start of a task that waits, and the runs that have the places for which it waits. */
export function waitingStart(
  daemon: Pick<StartParts, 'queue' | 'runs' | 'tasks'>,
  task: Task,
): WaitingStart | undefined {
  const start = daemon.queue.waiting.get(task.name)
  if (start === undefined) return undefined
  const own = daemon.runs.of(task.name)
  const isAtMax = own.length >= task.max
  const pool = isAtMax ? undefined : fullPool(daemon, task)
  const runs = pool === undefined ? own : [...daemon.runs.inPool(pool)]
  return {
    slot: slotText(start.slot ?? null),
    for: pool === undefined ? 'max' : 'pool',
    pool: pool ?? null,
    runs: runs
      .slice(0, maxRuns)
      .map(({ description }) => ({ task: description.task, run: description.run })),
  }
}
