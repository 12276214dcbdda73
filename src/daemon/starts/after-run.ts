import path from 'node:path'
import { restartDelay } from '../../plan/daemon-instances.ts'
import { retryDelay } from '../../plan/retry.ts'
import type { Host } from '../../host/host.ts'
import type { HistoryRow } from '../../plan/history-row.ts'
import type { Start } from '../../plan/admit.ts'
import { runRow } from '../../record/history/rows.ts'
import type { RunConclusion, RunDescription } from '../../run/directory.ts'
import type { Faults } from '../../run/faults.ts'
import type { LiveRun } from '../../run/live-run.ts'
import { cutMiddle } from '../../run/output.ts'
import { fillPlaces } from './daemon-tasks.ts'
import { offer, offerLater, offerWaiting, record } from './request-start.ts'
import type { HomePaths } from '../settings.ts'
import { tidySoon } from '../upkeep/old-runs.ts'
import { runsOf, type Torch } from '../state.ts'

/** What follows when a run is over: record, tidy, then whatever its end makes room for. */
export function runEnded(torch: Torch, run: LiveRun, conclusion: RunConclusion): void {
  const { task } = run.description
  const left = runsOf(torch, task).filter((each) => each !== run)
  if (left.length === 0) torch.runs.delete(task)
  else torch.runs.set(task, left)
  if (run.state.kind === 'killing-stragglers') torch.remains.add(run)
  recordEnd(torch, run.description, conclusion)
  tidy(torch, run)
  if (run.description.type === 'daemon') leavePlace(torch, run.description, conclusion)
  else {
    const retry = retryOf(torch, run.description, conclusion)
    if (retry !== undefined) retryLater(torch, retry)
  }
  offerWaiting(torch, task)
}

/** When it is due; in a stop it has nothing to wait for, but to be put on record. */
function retryLater(torch: Torch, retry: Start): void {
  if (torch.phase === 'draining') offer(torch, retry)
  else offerLater(torch, retry, (retry.dueMs ?? 0) - torch.host.clock.now())
}

/** Into the history and the log. */
export function recordEnd(torch: Torch, run: RunDescription, conclusion: RunConclusion): void {
  const row = runRow(run, conclusion)
  record(torch, row)
  if (conclusion.outcome !== 'ok' && !endedByTorch(conclusion)) torch.counters.count('failed')
  const { outcome, exitCode, signal, reason, stragglers } = conclusion
  const facts = {
    task: run.task,
    run: run.run,
    slot: row.slot,
    outcome,
    exitCode,
    signal,
    reason,
    durationMs: row.durationMs,
    ...(stragglers > 0 ? { stragglers } : {}),
  }
  const words = `${run.task} ended: ${outcome}${reason === null ? '' : ` (${reason})`}`
  if (outcome === 'ok') torch.log.info('end', facts, words)
  else torch.log.warn('end', facts, words)
}

function tidy(torch: Torch, run: LiveRun): void {
  const { task, maxOutputBytes } = run.description
  tidySoon(torch, task)
  void torch.faults.attemptAsync('cut outputs', () =>
    cutMiddle(torch.host, run.directory, maxOutputBytes),
  )
}

/** By a person, a stop, a reload: a timeout is a failure all the same. */
function endedByTorch({ outcome, reason }: RunConclusion): boolean {
  return outcome === 'killed' && reason !== 'not by torch'
}

/** The next attempt that a run asks for by its end; undefined where there is none. */
export function retryOf(
  torch: Torch,
  run: RunDescription,
  conclusion: RunConclusion,
): Start | undefined {
  const task = torch.here.get(run.task)
  if (task === undefined || run.trigger === 'manual') return undefined
  const { outcome } = conclusion
  const byTorch = endedByTorch(conclusion)
  const delayMs = retryDelay(task.retry, { attempt: run.attempt, outcome, byTorch })
  if (delayMs === undefined) return undefined
  return {
    task: run.task,
    slot: run.slot ?? undefined,
    trigger: 'retry',
    attempt: run.attempt + 1,
    dueMs: conclusion.endedMs + delayMs,
  }
}

/** A place that a reload or a stop emptied is filled, or not, without a delay. */
export function leavePlace(torch: Torch, run: RunDescription, conclusion: RunConclusion): void {
  const task = torch.here.get(run.task)
  const isReload = conclusion.reason === 'reload' || conclusion.reason === 'removed'
  if (task?.type === 'daemon' && !isReload) {
    const livedMs = conclusion.endedMs - run.startedMs
    const delayMs = restartDelay(task.restart, livedMs, run.restartDelayMs)
    const vacancies = torch.vacancies.get(run.task) ?? []
    torch.vacancies.set(run.task, [
      ...vacancies,
      { notBeforeMs: conclusion.endedMs + delayMs, delayMs },
    ])
  }
  fillPlaces(torch, run.task)
}

/** The entries in `active` of runs that the history has: the run is on record for good. */
export function forgetActive(
  host: Host,
  paths: HomePaths,
  faults: Faults,
  rows: readonly HistoryRow[],
): void {
  for (const { run, outcome } of rows) {
    if (run === null || outcome === 'running') continue
    faults.insist('remove entries in active', () => host.files.remove(path.join(paths.active, run)))
  }
}
