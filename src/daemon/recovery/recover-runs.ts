import path from 'node:path'
import type { Start } from '../../plan/admit.ts'
import { maxStallSeconds } from '../../plan/tick.ts'
import { runRow } from '../../record/history/rows.ts'
import { readTraces, type RunDescription, runStamp } from '../../run/directory.ts'
import { recoverRuns } from '../../run/recover.ts'
import { leavePlace, recordEnd, retryOf, runEnded } from '../starts/after-run.ts'
import { type Pending, readPending } from '../starts/pending.ts'
import { offer, offerLater, record } from '../starts/request-start.ts'
import { runsOf, type Torch } from '../state.ts'

/**
 * Takes up all that an earlier daemon left: what runs is adopted, what ended is put on record with
 * all that follows from it, what waited waits again. Nothing that was started is started again.
 */
export function recover(torch: Torch): void {
  const pending = readPending(torch.host, torch.paths)
  // Ends that are found now are dealt with when it is known what runs: they make room for others.
  const held: NonNullable<Torch['held']> = []
  torch.held = held
  const { adopted, concluded, voided, failed } = recoverRuns(torch.room)
  for (const { run, reason } of failed)
    torch.log.error('trouble', { run }, `a run that was left could not be looked at: ${reason}`)
  torch.held = undefined
  for (const run of adopted) {
    const { description } = run
    torch.runs.set(description.task, [...runsOf(torch, description.task), run])
    record(torch, runRow(description))
    const facts = { task: description.task, run: description.run, group: run.recorder?.pid }
    torch.log.info('adopt', facts, `${description.task} still runs, adopted`)
  }
  const descriptions = [...adopted, ...held.map((end) => end.run)].map((run) => run.description)
  const started = new Set(
    [...descriptions, ...concluded.map((each) => each.description)].map(keyOf),
  )
  takeUp(torch, pending, started)
  for (const { run, conclusion } of held) runEnded(torch, run, conclusion)
  for (const { description, conclusion } of concluded) {
    recordEnd(torch, description, conclusion)
    if (description.type === 'daemon') {
      if (!torch.vacancies.has(description.task)) leavePlace(torch, description, conclusion)
      continue
    }
    const retry = retryOf(torch, description, conclusion)
    if (retry === undefined || started.has(keyOf(retry)) || hasRun(torch, retry)) continue
    offerLater(torch, retry, (retry.dueMs ?? 0) - torch.host.clock.now())
    started.add(keyOf(retry))
  }
  // What was pending is on disk until its run has started: it was taken up above already.
  for (const run of voided) {
    // The daemon before may have said that it runs.
    torch.history.takeBack(run.run)
    if (!started.has(keyOf(run))) restart(torch, run)
  }
}

/** What says that two starts are one and the same. */
function keyOf(start: { task: string; slot?: number | null | undefined; attempt: number }): string {
  return `${start.task} ${start.slot ?? 'none'} ${start.attempt}`
}

function takeUp(torch: Torch, pending: Pending, started: Set<string>): void {
  const now = torch.host.clock.now()
  for (const [task, vacancies] of pending.vacancies) torch.vacancies.set(task, vacancies)
  for (const { start, atMs } of pending.timed) {
    if (started.has(keyOf(start)) || hasRun(torch, start)) continue
    started.add(keyOf(start))
    offerLater(torch, start, atMs - now)
  }
  for (const start of pending.waiting) {
    if (started.has(keyOf(start)) || hasRun(torch, start)) continue
    started.add(keyOf(start))
    offer(torch, start)
  }
}

/** Timers fire a little early, and clocks are corrected. */
const toleranceMs = 1000

/** Whether that start has a run already, which is on record and no longer among the active ones. */
function hasRun(torch: Torch, start: Start): boolean {
  const dueMs = start.dueMs ?? (start.slot === undefined ? undefined : start.slot * 1000)
  if (dueMs === undefined) return false
  const folder = path.join(torch.paths.runs, start.task)
  const oldest = runStamp(dueMs - toleranceMs)
  return torch.host.files
    .list(folder)
    .filter((run) => run >= oldest)
    .some((run) => {
      const found = readTraces(torch.host, path.join(folder, run)).description
      return found !== undefined && keyOf(found) === keyOf(start)
    })
}

/** Prepared in the last moment of the daemon before us, and never started: now, if it is still due. */
function restart(torch: Torch, run: RunDescription): void {
  const facts = { task: run.task, run: run.run }
  torch.log.warn('void', facts, `${run.task} was prepared and never started`)
  const oldest = torch.host.clock.now() - maxStallSeconds * 1000
  // A daemon task's place is empty, and filled as any other.
  if (run.type === 'daemon' || run.trigger === 'manual' || run.startedMs < oldest) return
  offer(torch, {
    task: run.task,
    slot: run.slot ?? undefined,
    trigger: run.trigger,
    attempt: run.attempt,
    dueMs: run.dueMs ?? undefined,
  })
}
