import { retryDelay } from '../../plan/retry.ts'
import { endedByTorch } from '../../plan/run-outcome.ts'
import type { Start } from '../../plan/admit.ts'
import { runsWithMessages } from '../../record/inbox/batch.ts'
import type { RunConclusion, RunDescription } from '../../run/directory.ts'
import type { LiveRun } from '../../run/live-run.ts'
import { removeInput } from '../../run/run-messages.ts'
import { giveBackUnused } from '../fleet/unused-places.ts'
import type { Notifications } from '../notify/notifications.ts'
import type { TasksState } from '../tasks-file/tasks-state.ts'
import type { OldRuns } from '../upkeep/old-runs.ts'
import type { OpenOutputs } from '../upkeep/open-outputs.ts'
import { noteFinalEnd } from './start-after.ts'
import type { DaemonTaskParts } from './daemon-tasks.ts'
import { settleFeed } from './feed.ts'
import { replaceInstance } from './instance-end.ts'
import { type MessageParts, settleMessages, startForMessages } from './message-starts.ts'
import { sharesPool } from './pools.ts'
import { requestStart, requestStartLater, requestWaitingFor } from './request-start.ts'

export interface AfterRunParts extends DaemonTaskParts, MessageParts {
  readonly oldRuns: OldRuns
  readonly outputs: OpenOutputs
  readonly notifications: Notifications
}

/** What follows when a run is over: it is recorded and tidied up, then the next run may start. */
export function runEnded(parts: AfterRunParts, run: LiveRun, conclusion: RunConclusion): void {
  const { phase, runs, journal, tasks, clock, oldRuns, outputs, notifications } = parts
  const { description } = run
  runs.end(run)
  journal.ended(description, conclusion)
  oldRuns.removeSoon(description.task)
  outputs.close(run)
  let isFinal = false
  if (description.type === 'daemon') {
    // FIRST: the next instance gets what this one has not read.
    settleFeed(parts, run)
    notifications.ended(description, conclusion, false)
    replaceInstance(parts, description, conclusion)
  } else {
    const planned = retryOf(tasks, { ...description, messages: run.messages }, conclusion)
    endMessages(parts, run, conclusion, planned !== undefined)
    const retry = planned && isWorthARetry(parts, run) ? planned : undefined
    // A stop comes before the retry.
    const hasRetry = retry !== undefined && phase.now !== 'draining'
    isFinal = retry === undefined
    notifications.ended(description, conclusion, hasRetry)
    // In a stop there is nothing to wait for: the skip is recorded now.
    if (retry !== undefined && phase.now === 'draining') requestStart(parts, retry)
    else if (retry !== undefined) requestStartLater(parts, retry, (retry.dueMs ?? 0) - clock.now())
  }
  giveBackUnused(parts)
  requestWaitingFor(parts, description.task)
  startForMessages(parts, description.task)
  const task = tasks.all.get(description.task)
  for (const other of tasks.queues)
    if (other !== task && sharesPool(task, other)) startForMessages(parts, other.name)
  // LAST: what waited for a place is older.
  if (isFinal) noteFinalEnd(parts, { ...description, conclusion })
}

function endMessages(
  parts: AfterRunParts,
  run: LiveRun,
  conclusion: RunConclusion,
  hasRetry: boolean,
): void {
  if (run.messages.length === 0) return
  settleMessages(parts, run.description, conclusion, hasRetry)
  removeInput(parts.runContext, run)
}

/** A manual task has nothing to do in a retry if all messages of the run are dead. */
function isWorthARetry(
  { messages }: AfterRunParts,
  { messages: had, description }: LiveRun,
): boolean {
  const { run, task, type } = description
  if (type !== 'manual' || had.length === 0 || messages.unsettled.has(run)) return true
  return runsWithMessages(messages.inbox, task).includes(run)
}

/** The next attempt after a run that failed; undefined if there is none. */
export function retryOf(
  tasks: TasksState,
  run: RunDescription,
  conclusion: RunConclusion,
): Start | undefined {
  const task = tasks.here.get(run.task)
  if (task === undefined || run.trigger === 'manual') return undefined
  const { outcome, exitCode, endedMs } = conclusion
  const byTorch = endedByTorch(conclusion)
  const delayMs = retryDelay(task.retry, { attempt: run.attempt, outcome, exitCode, byTorch })
  if (delayMs === undefined) return undefined
  return {
    task: run.task,
    slot: run.slot ?? undefined,
    trigger: 'retry',
    attempt: run.attempt + 1,
    dueMs: endedMs + delayMs,
    ...(run.after !== undefined && { after: run.after }),
    ...(tasks.followers.has(run.task) && { failedRun: run.run }),
    ...(run.claim !== undefined && { claim: run.claim }),
    ...(run.messages !== undefined && run.messages.length > 0 && { retryOf: run.run }),
  }
}
