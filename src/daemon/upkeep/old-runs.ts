import path from 'node:path'
import type { Host } from '../../host/host.ts'
import type { Faults } from '../../run/faults.ts'
import { removeOldRuns } from '../../run/retention.ts'
import type { Phase } from '../phase.ts'
import type { HomePaths } from '../settings.ts'
import type { OutputPrinter } from '../output/print-output.ts'
import type { OpenOutputs } from './open-outputs.ts'
import type { RunTable } from '../starts/run-table.ts'
import type { StartQueue } from '../starts/start-queue.ts'
import type { TickClock } from '../starts/tick-clock.ts'
import type { TasksState } from '../tasks-file/tasks-state.ts'

/** Removes the directories of runs that are over and beyond what their task keeps. */
export interface OldRuns {
  /** Removes old runs of a task, once what is due now has started. */
  removeSoon(task: string): void
  /**
   * Looks at some folders of tasks, for runs that have become too old and for tasks that are gone
   * from the file; the next call looks at the next ones. Never throws.
   */
  sweep(): Promise<void>
  /** How many tasks are still to be looked at. */
  pending(): number
}

/** Folders of tasks that one sweep looks at: all of 10,000 tasks within two hours. */
const foldersPerSweep = 100

/** Nothing is removed while a burst of starts is in progress. */
const removeDelayMs = 300
const pauseMs = 20
const tasksPerStep = 10

interface OldRunsParts {
  readonly host: Host
  readonly paths: HomePaths
  readonly faults: Faults
  readonly phase: Phase
  readonly tasks: TasksState
  readonly runs: RunTable
  readonly queue: StartQueue
  readonly tickClock: TickClock
  readonly outputs: Pick<OpenOutputs, 'has'>
  /** Prints the output of runs; undefined: nobody wants that. */
  readonly printer: Pick<OutputPrinter, 'has'> | undefined
}

export function newOldRuns(parts: OldRunsParts): OldRuns {
  const { host, paths, faults, phase, queue } = parts
  const untidy = new Set<string>()
  let unseen: string[] = []

  function removeSoon(task: string): void {
    untidy.add(task)
    if (untidy.size === 1) host.clock.after(removeDelayMs, removeSome)
  }

  function removeSome(): void {
    if (phase.now === 'gone') return
    const some = queue.due.size > 0 ? [] : [...untidy].slice(0, tasksPerStep)
    for (const task of some) {
      untidy.delete(task)
      faults.attempt('remove old runs', () => removeOf(parts, task), task)
    }
    if (untidy.size > 0) host.clock.after(pauseMs, removeSome)
  }

  return {
    removeSoon,
    sweep: () =>
      faults.attemptAsync('look for old runs', async () => {
        if (unseen.length === 0) unseen = await host.files.listAsync(paths.runs)
        for (const task of unseen.splice(0, foldersPerSweep)) removeSoon(task)
      }),
    pending: () => untidy.size,
  }
}

/** What is kept of a task that is gone from the file: the defaults. */
const keepOfRemoved = { keepRuns: 20, keepForMs: 7 * 24 * 3600 * 1000 }

function removeOf(parts: OldRunsParts, task: string): void {
  const { host, paths, tasks, runs, tickClock, outputs, printer } = parts
  const limits = tasks.all.get(task)?.output ?? keepOfRemoved
  const keep = tickClock.mayTrustAges() ? limits : { ...limits, keepForMs: host.clock.now() }
  const isUnfinished = (run: string): boolean =>
    outputs.has(run) ||
    printer?.has(run) === true ||
    runs.of(task).some((each) => each.description.run === run)
  removeOldRuns(host, paths.home, task, keep, isUnfinished)
  const folder = path.join(paths.runs, task)
  if (!tasks.all.has(task) && host.files.list(folder).length === 0) host.files.remove(folder)
}
