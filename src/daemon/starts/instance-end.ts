import {
  type EndedInstance,
  nextInstance,
  type PendingRestart,
} from '../../plan/daemon-instances.ts'
import { endedByTorch, notReady } from '../../plan/run-outcome.ts'
import type { RunConclusion, RunDescription } from '../../run/directory.ts'
import { isLive, type LiveRun } from '../../run/live-run.ts'
import { rebootReason } from '../../run/recover.ts'
import type { Task } from '../../tasks/task.ts'
import { leavePlace, maxFailedStarts } from '../fleet/task-places.ts'
import type { Notifications } from '../notify/notifications.ts'
import { gaveUpWords } from './closed-places.ts'
import { type DaemonTaskParts, keepInstances } from './daemon-tasks.ts'
import { couldNotReplace, failedWords, outdatedRuns, whyNotReady } from './replacement.ts'

interface InstanceEndParts extends DaemonTaskParts {
  readonly notifications: Pick<Notifications, 'gaveUp'>
}

/**
 * An instance has ended. It is replaced after its delay. If a reload ended it, it is replaced at once, or
 * not at all if the task is gone. That the engine of the fleet was away says nothing about the task either: it
 * is replaced as soon as its place is sure.
 */
export function replaceInstance(
  parts: InstanceEndParts,
  run: RunDescription,
  conclusion: RunConclusion,
): void {
  const { tasks, daemonTasks } = parts
  const { reason, endedMs } = conclusion
  const task = tasks.here.get(run.task)
  const isOnPurpose = reason === 'reload' || reason === 'removed' || reason === 'pause'
  const isReload = isOnPurpose || daemonTasks.mustGo.has(run.run)
  const isOfFleet = reason === 'fence' || reason === 'place lost'
  daemonTasks.forgetRun(run.run)
  if (task?.type === 'daemon' && !isReload && !isOfFleet) {
    const next = nextInstance(task.restart, endedInstance(run, conclusion))
    if (next.kind === 'restart') planRestart(parts, task, { run, conclusion }, next.restart)
    else if (run.definition === task.definition)
      closePlace(parts, task, run, { endedMs, kind: next.kind })
  }
  keepInstances(parts, run.task)
}

/** Whether nothing starts in the place of a run that a person ends: its task wants it so, and no successor waits for its end. */
export function staysEnded(
  { tasks, daemonTasks }: Pick<DaemonTaskParts, 'tasks' | 'daemonTasks'>,
  { description: { task: name, run, type, definition }, state }: LiveRun,
): boolean {
  const task = tasks.here.get(name)
  if (type !== 'daemon' || task?.restart.on === undefined) return false
  const isCurrent = definition === task.definition && !daemonTasks.mustGo.has(run)
  return isCurrent && state.kind === 'running'
}

function endedInstance(run: RunDescription, conclusion: RunConclusion): EndedInstance {
  const { reason, endedMs } = conclusion
  return {
    endedMs,
    // The time that it took to fail says nothing about how long it would have lived.
    lastedMs: reason === notReady ? 0 : endedMs - run.startedMs,
    delayMs: run.restartDelayMs,
    restarts: run.restarts ?? 0,
    starts: [...(run.starts ?? []), run.startedMs],
    how: howItEnded(conclusion),
  }
}

function howItEnded(conclusion: RunConclusion): EndedInstance['how'] {
  const { outcome, reason } = conclusion
  if (reason === rebootReason) return 'interrupted'
  if (endedByTorch(conclusion)) return reason === 'kill' ? 'killed' : 'interrupted'
  return outcome === 'ok' ? 'ok' : 'failed'
}

interface Ended {
  readonly run: RunDescription
  readonly conclusion: RunConclusion
}

function planRestart(
  parts: InstanceEndParts,
  task: Task,
  { run, conclusion }: Ended,
  next: PendingRestart,
): void {
  const { daemonTasks } = parts
  const { restarts = 0 } = next
  const pending = daemonTasks.restarts.get(run.task) ?? []
  daemonTasks.setRestarts(run.task, [...pending, next])
  if (restarts >= maxFailedStarts) leavePlace(parts, task, run)
  if (couldNotReplace(conclusion)) noteFailure(parts, task, { run, conclusion, restarts })
}

/** Nothing starts in the place of this run any more: its task does not want it, or it was started too often. */
function closePlace(
  parts: InstanceEndParts,
  task: Task,
  run: RunDescription,
  { endedMs, kind }: { readonly endedMs: number; readonly kind: 'ended' | 'gave-up' },
): void {
  const { closed, log } = parts
  const { name, definition } = task
  const why = kind === 'ended' ? 'ended' : 'limit'
  closed.close(name, { run: run.run, atMs: endedMs, why, definition })
  if (kind === 'ended')
    return log.info(
      'ended',
      { task: name, run: run.run },
      `${name} has ended, and restart.on does not start it again`,
    )
  log.warn('gave-up', { task: name, run: run.run }, `${name}: ${gaveUpWords(task)}`)
  parts.notifications.gaveUp(name, { run: run.run, atMs: endedMs, reason: gaveUpWords(task) })
  leavePlace(parts, task, run, true)
}

/** A successor was not ready. The old run continues, and the next successor comes after a delay. */
function noteFailure(
  { runs, daemonTasks, clock, log }: InstanceEndParts,
  task: Task,
  failed: { run: RunDescription; conclusion: RunConclusion; restarts: number },
): void {
  const { name } = task
  const { run, conclusion, restarts } = failed
  if (!outdatedRuns(task, runs.of(name), daemonTasks.mustGo).some(isLive)) return
  const sinceMs = daemonTasks.failed.get(name)?.sinceMs ?? clock.now()
  const failure = { failures: restarts, why: whyNotReady(run, conclusion), sinceMs }
  daemonTasks.setFailed(name, failure)
  log.warn('replace', { task: name, run: run.run, failures: restarts }, failedWords(name, failure))
}
