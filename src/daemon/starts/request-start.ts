import { admit, type SkipReason, type Start, type TaskActivity } from '../../plan/admit.ts'
import type { HistoryRow } from '../../plan/history-row.ts'
import { latenessOf, runRow, skipRow, slotText } from '../../record/history/rows.ts'
import { concludeIfExited } from '../../run/conclude.ts'
import { endRun } from '../../run/end.ts'
import { launchRun } from '../../run/launch.ts'
import type { LiveRun } from '../../run/live-run.ts'
import { matchHosts } from '../../tasks/hosts.ts'
import type { Task } from '../../tasks/task.ts'
import { keepPending } from './pending.ts'
import { runsOf, type Torch } from '../state.ts'

/** How an offer was answered. */
export type Offered =
  | { readonly answer: 'started'; readonly run: LiveRun; readonly elsewhere: boolean }
  | { readonly answer: 'waits' }
  | { readonly answer: 'skipped'; readonly reason: string }

/** Starts something if it may start, lets it wait, or puts on record why it does not. */
export function offer(
  torch: Torch,
  start: Start,
  options: { forced?: boolean; restartDelayMs?: number } = {},
): Offered {
  // A timer or a reload that comes to its end after the home was handed over.
  if (torch.phase === 'gone') return { answer: 'skipped', reason: 'draining' }
  if (torch.phase === 'leaving' && start.trigger !== 'manual') return leaveToNext(torch, start)
  const here = torch.here.get(start.task)
  const task = here ?? torch.tasks.get(start.task)
  const admission = admit(task, activityOf(torch, start.task), start, {
    draining: torch.phase !== 'running',
    here: here !== undefined,
    forced: options.forced ?? false,
  })
  if (admission.answer !== 'start' && noticeEnds(torch, start.task))
    return offer(torch, start, options)
  if (task === undefined || admission.answer === 'skip') {
    const reason = admission.answer === 'skip' ? admission.reason : 'removed'
    skip(torch, start, reason)
    return { answer: 'skipped', reason }
  }
  if (admission.answer === 'start') {
    const run = begin(torch, task, start, options.restartDelayMs ?? 0)
    return { answer: 'started', run, elsewhere: !matchHosts(task.hosts, torch.facts) }
  }
  if (admission.displaced !== undefined) skip(torch, admission.displaced, 'max')
  torch.waiting.set(start.task, start)
  keepPending(torch)
  for (const run of runsOf(torch, start.task))
    if (admission.end.includes(run.description.run)) endRun(torch.room, run, 'replace')
  return { answer: 'waits' }
}

/**
 * In a burst ends may wait to be told: before a start is refused for what runs it is looked whether
 * that still runs. True where some does not.
 */
function noticeEnds(torch: Torch, task: string): boolean {
  let count = 0
  torch.faults.attempt('look whether runs go on', () => {
    for (const run of runsOf(torch, task)) if (concludeIfExited(torch.room, run)) count += 1
  })
  return count > 0
}

function leaveToNext(torch: Torch, start: Start): Offered {
  torch.due.add(start)
  keepPending(torch)
  return { answer: 'waits' }
}

/** Offers it after a while: a part of a second of jitter, or the delay of a retry. */
export function offerLater(torch: Torch, start: Start, delayMs: number): void {
  const cancel = torch.host.clock.after(delayMs, () => {
    offer(torch, start)
    // AFTER it started: a crash between must not lose it; the next daemon sees that it runs.
    torch.timed.delete(start)
    keepPending(torch)
  })
  torch.timed.set(start, { atMs: torch.host.clock.now() + delayMs, cancel })
  keepPending(torch)
}

/** Drops what waits or is timed to start of the tasks for which there is a reason, which goes on record. */
export function dropPending(
  torch: Torch,
  reasonFor: (task: string) => SkipReason | undefined,
): void {
  for (const [start, { cancel }] of torch.timed) {
    const reason = reasonFor(start.task)
    if (reason === undefined) continue
    cancel()
    torch.timed.delete(start)
    skip(torch, start, reason)
  }
  for (const start of torch.due) {
    const reason = reasonFor(start.task)
    if (reason === undefined) continue
    torch.due.delete(start)
    skip(torch, start, reason)
  }
  for (const [task, start] of torch.waiting) {
    const reason = reasonFor(task)
    if (reason === undefined) continue
    torch.waiting.delete(task)
    skip(torch, start, reason)
  }
  keepPending(torch)
}

/** Offers again what waits for a place: it may have one now. */
export function offerWaiting(torch: Torch, task: string): void {
  const waiting = torch.waiting.get(task)
  if (waiting === undefined) return
  torch.waiting.delete(task)
  offer(torch, waiting)
  keepPending(torch)
}

/** Puts a row into the history, and where status finds the last of each task. */
export function record(torch: Torch, row: HistoryRow): void {
  torch.history.add(row)
  if (row.outcome === 'running') return
  // A skip says less than the run before it.
  if (row.run !== null || (torch.last.get(row.task)?.run ?? null) === null)
    torch.last.set(row.task, row)
}

function activityOf(torch: Torch, task: string): TaskActivity {
  const running = runsOf(torch, task).map((run) => ({
    run: run.description.run,
    ending: run.state.kind === 'ending',
  }))
  return { running, waiting: torch.waiting.get(task) }
}

function begin(torch: Torch, task: Task, start: Start, restartDelayMs: number): LiveRun {
  const run = launchRun(torch.room, {
    task,
    start,
    revision: torch.loaded.revision,
    restartDelayMs,
  })
  const { description } = run
  torch.runs.set(task.name, [...runsOf(torch, task.name), run])
  const row = runRow(description)
  record(torch, row)
  torch.counters.count('started')
  const lateMs = latenessOf(description)
  if (lateMs !== null && start.trigger === 'schedule') torch.counters.late(lateMs)
  const facts = {
    task: task.name,
    run: description.run,
    slot: row.slot,
    trigger: start.trigger,
    attempt: start.attempt,
    lateMs,
    group: run.recorder?.pid,
  }
  torch.log.info('start', facts, `${task.name} started`)
  return run
}

function skip(torch: Torch, start: Start, reason: string): void {
  const origin = { host: torch.room.hostName, revision: torch.loaded.revision }
  record(torch, skipRow(start, reason, torch.host.clock.now(), origin))
  torch.counters.count('skipped')
  const facts = {
    task: start.task,
    slot: slotText(start.slot ?? null),
    trigger: start.trigger,
    reason,
  }
  torch.log.info('skip', facts, `${start.task} did not start: ${reason}`)
}
