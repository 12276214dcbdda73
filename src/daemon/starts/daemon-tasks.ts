import type { Clock } from '../../host/clock.ts'
import {
  type PendingRestart,
  planInstances,
  restartDelay,
  restartsInARow,
} from '../../plan/daemon-instances.ts'
import type { RunConclusion, RunDescription } from '../../run/directory.ts'
import { endRun } from '../../run/end.ts'
import { requestStart, type StartParts } from './request-start.ts'

/** The restarts of daemon tasks that wait for their delay, and the timers that wake the daemon for them. */
export interface DaemonTasks {
  /** Pending restarts, by task. */
  readonly restarts: ReadonlyMap<string, readonly PendingRestart[]>
  setRestarts(task: string, restarts: readonly PendingRestart[]): void
  /** Calls back after that many milliseconds, in place of the timer before; undefined: not at all. */
  wakeIn(task: string, delayMs: number | undefined, wake: () => void): void
  cancelTimers(): void
}

/** No restart is pending. */
export function newDaemonTasks(clock: Clock): DaemonTasks {
  const restarts = new Map<string, readonly PendingRestart[]>()
  const timers = new Map<string, () => void>()
  return {
    restarts,
    setRestarts(task, pending) {
      if (pending.length === 0) restarts.delete(task)
      else restarts.set(task, pending)
    },
    wakeIn(task, delayMs, wake) {
      timers.get(task)?.()
      timers.delete(task)
      if (delayMs !== undefined) timers.set(task, clock.after(delayMs, wake))
    },
    cancelTimers() {
      for (const cancel of timers.values()) cancel()
      timers.clear()
    },
  }
}

export interface DaemonTaskParts extends StartParts {
  readonly clock: Clock
  readonly daemonTasks: DaemonTasks
}

/**
 * Brings a daemon task to the number of instances that the file asks for: called whenever its runs,
 * its definition or the time change.
 */
export function keepInstances(parts: DaemonTaskParts, name: string): void {
  const { phase, tasks, runs, daemonTasks, queue, clock, runContext } = parts
  if (phase.now !== 'running') return
  const found = tasks.here.get(name)
  const task = found?.type === 'daemon' ? found : undefined
  const instances = runs.of(name).filter((run) => run.description.type === 'daemon')
  const plan = planInstances(
    task,
    instances.map((run) => ({
      run: run.description.run,
      definition: run.description.definition,
      ending: run.state.kind === 'ending',
    })),
    daemonTasks.restarts.get(name) ?? [],
    clock.now(),
  )
  daemonTasks.setRestarts(name, plan.restarts)
  queue.saveSoon()
  for (const run of instances)
    if (plan.end.includes(run.description.run))
      endRun(runContext, run, task === undefined ? 'removed' : 'reload')
  for (const { delayMs, restarts = 0 } of plan.start)
    requestStart(
      parts,
      { task: name, slot: undefined, trigger: 'daemon', attempt: 1, dueMs: undefined },
      { restartDelayMs: delayMs, restarts },
    )
  const delayMs = plan.wakeMs && Math.max(plan.wakeMs - clock.now(), 0)
  daemonTasks.wakeIn(name, delayMs, () => keepInstances(parts, name))
}

/**
 * An instance has ended. It is replaced after its delay. If a reload ended it, it is replaced at once, or
 * not at all if the task is gone.
 */
export function replaceInstance(
  parts: DaemonTaskParts,
  run: RunDescription,
  { reason, endedMs }: RunConclusion,
): void {
  const { tasks, daemonTasks } = parts
  const task = tasks.here.get(run.task)
  const isReload = reason === 'reload' || reason === 'removed'
  if (task?.type === 'daemon' && !isReload) {
    const lastedMs = endedMs - run.startedMs
    const delayMs = restartDelay(task.restart, lastedMs, run.restartDelayMs)
    const restarts = restartsInARow(task.restart, lastedMs, run.restarts ?? 0)
    const pending = daemonTasks.restarts.get(run.task) ?? []
    const next = { notBeforeMs: endedMs + delayMs, delayMs, restarts }
    daemonTasks.setRestarts(run.task, [...pending, next])
  }
  keepInstances(parts, run.task)
}
