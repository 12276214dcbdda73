import path from 'node:path'
import type { Start } from '../../plan/admit.ts'
import { maxStallSeconds } from '../../plan/tick.ts'
import {
  readTraces,
  type RunConclusion,
  type RunDescription,
  startOfRun,
} from '../../run/directory.ts'
import { isAllowedAt } from '../../schedule/every.ts'
import { runDirectory, runStamp } from '../../run/directory.ts'
import { recoverRuns } from '../../run/recover.ts'
import { hasStartedAfter, noteFinalEnd, restoreEnds, startAllAfter } from '../starts/start-after.ts'
import { retryOf, runEnded } from '../starts/after-run.ts'
import { keepInstances } from '../starts/daemon-tasks.ts'
import { replaceInstance } from '../starts/instance-end.ts'
import { settleFeed } from '../starts/feed.ts'
import { closeUnneeded } from '../starts/replacement.ts'
import { settleMessages, startForMessages } from '../starts/message-starts.ts'
import { bySlot, requestStart, requestStartLater } from '../starts/request-start.ts'
import { readPending } from '../starts/start-queue.ts'
import type { Daemon } from '../state.ts'
import { recoverMessages } from './recover-messages.ts'
import { resumeSchedule } from './resume-schedule.ts'
import { claimBoot } from './saved-state.ts'

/**
 * Continues where the previous daemon stopped: its runs first, then its pending starts, the schedule,
 * and what starts together with a daemon. Nothing that was started is started again.
 */
export function recover(daemon: Daemon): void {
  recoverStarts(daemon)
  resumeSchedule(daemon)
  startAllAfter(daemon)
  startFirst(daemon)
}

/** What runs is adopted, what ended is put on record with all that follows, what waited waits again. */
function recoverStarts(daemon: Daemon): void {
  const { runs, journal, history, log } = daemon
  const recovered = recoverRuns(daemon.runContext)
  const { adopted, ended, concluded, voided, failed } = recovered
  const pending = readPending(daemon.host, daemon.paths)
  recoverMessages(daemon, recovered, pending)
  for (const { run, reason } of failed)
    log.error('trouble', { run }, `a run of the previous daemon could not be examined: ${reason}`)
  for (const run of adopted) {
    runs.adopt(run)
    journal.adopted(run.description, run.recorder?.pid)
  }
  const known = knownStarts(daemon, [
    ...[...adopted, ...ended.map(({ run }) => run)].map(({ description }) => description),
    ...concluded.map(({ description }) => description),
  ])
  restoreEnds(daemon, pending.ends ?? [])
  recoverPending(daemon, known, pending)
  // AFTER it is known what else runs: a run that has ended makes room for a start that waits.
  for (const { run, conclusion } of ended) runEnded(daemon, run, conclusion)
  for (const { description, conclusion } of concluded)
    recoverConcluded(daemon, known, description, conclusion)
  daemon.outputs.recover(concluded.map(({ description }) => description))
  // LAST: a pending start is on disk until its run has started, so it was taken up above already.
  for (const run of voided) {
    // The previous daemon may have recorded that it runs.
    history.takeBack(run.run)
    if (!known.has(run)) startVoided(daemon, run)
  }
}

/** The outcome was written, but perhaps not what follows from it. */
function recoverConcluded(
  daemon: Daemon,
  known: KnownStarts,
  description: RunDescription,
  conclusion: RunConclusion,
): void {
  const { journal, daemonTasks, tasks, clock, notifications } = daemon
  journal.ended(description, conclusion)
  if (description.type === 'daemon') {
    notifications.ended(description, conclusion, false)
    const directory = runDirectory(daemon.paths.home, description.task, description.run)
    settleFeed(daemon, { description, directory })
    if (!daemonTasks.restarts.has(description.task))
      replaceInstance(daemon, description, conclusion)
    return
  }
  const retry = retryOf(tasks, description, conclusion)
  if (retry === undefined)
    noteFinalEnd(daemon, { ...description, conclusion }, (task) =>
      hasStartedAfter(daemon, task, description),
    )
  notifications.ended(description, conclusion, retry !== undefined)
  if (description.messages !== undefined)
    settleMessages(daemon, description, conclusion, retry !== undefined)
  if (retry !== undefined && known.addPending(retry))
    requestStartLater(daemon, retry, (retry.dueMs ?? 0) - clock.now())
}

function recoverPending(
  daemon: Daemon,
  known: KnownStarts,
  pending: ReturnType<typeof readPending>,
): void {
  const { daemonTasks, clock } = daemon
  const now = clock.now()
  for (const [task, restarts] of pending.vacancies) daemonTasks.setRestarts(task, restarts)
  for (const run of pending.mustGo ?? []) daemonTasks.addMustGo(run)
  // What waits asks for its runs again.
  const timed = pending.timed.filter(({ start }) => start.trigger !== 'message')
  for (const { start, atMs } of timed)
    if (known.addPending(start)) requestStartLater(daemon, start, atMs - now)
  for (const start of pending.waiting.toSorted(bySlot))
    if (known.addPending(start)) requestStart(daemon, start)
}

/** The starts that were made or taken up already: none of them is made twice. */
interface KnownStarts {
  has(start: StartKey): boolean
  /** Adds a start that is still to be made. False if it is known, or if a run on record was started for it. */
  addPending(start: Start): boolean
}

type StartKey = Pick<RunDescription, 'task' | 'attempt' | 'after'> & {
  readonly slot?: number | null | undefined
  readonly retryOf?: string | undefined
}

function knownStarts(daemon: Daemon, runs: readonly StartKey[]): KnownStarts {
  const known = new Set(runs.map(keyOf))
  const has = (start: StartKey): boolean => known.has(keyOf(start))
  return {
    has,
    addPending(start) {
      const isNew = !has(start) && !hasRun(daemon, start)
      if (isNew) known.add(keyOf(start))
      return isNew
    },
  }
}

/** Two starts with the same key are one and the same. */
function keyOf(start: StartKey): string {
  return `${start.task} ${start.slot ?? 'none'} ${start.attempt} ${start.retryOf ?? ''} ${start.after?.join(' ') ?? ''}`
}

/** Timers fire a little early, and clocks are corrected. */
const toleranceMs = 1000

/** Whether that start has a run that is on record and no longer among the active ones. */
function hasRun({ host, paths }: Pick<Daemon, 'host' | 'paths'>, start: Start): boolean {
  const dueMs = start.dueMs ?? (start.slot === undefined ? undefined : start.slot * 1000)
  if (dueMs === undefined) return false
  const folder = path.join(paths.runs, start.task)
  const oldest = runStamp(dueMs - toleranceMs)
  return host.files
    .list(folder)
    .filter((run) => run >= oldest)
    .some((run) => {
      const found = readTraces(host, path.join(folder, run)).description
      return found !== undefined && keyOf(found) === keyOf(start)
    })
}

/** The previous daemon prepared it in its last moment and never started it: now, if it is still due. */
function startVoided(daemon: Daemon, run: RunDescription): void {
  const { log, clock } = daemon
  const { task, trigger, attempt, claim, retryOf: before, after } = run
  log.warn('void', { task, run: run.run }, `${task} was prepared and never started`)
  const oldest = clock.now() - maxStallSeconds * 1000
  // A daemon task lacks an instance, and gets it as usual.
  if (run.type === 'daemon') return
  if (trigger === 'after') {
    // It is due however long it takes, but what it comes after may have started it again.
    const [first = ''] = after ?? []
    if (hasStartedAfter(daemon, task, { run: first, startedMs: startOfRun(first) })) return
  } else if (run.startedMs < oldest) return
  // Its messages wait again, and start a run as usual.
  if (trigger === 'manual' || trigger === 'message') return
  const slot = run.slot ?? undefined
  const dueMs = run.dueMs ?? undefined
  requestStart(daemon, {
    ...{ task, slot, trigger, attempt, dueMs },
    ...(claim !== undefined && { claim }),
    ...(before !== undefined && { retryOf: before }),
    ...(after !== undefined && { after }),
  })
}

/** What starts together with a daemon: @reboot tasks, once per boot and home, and daemon tasks. */
function startFirst(daemon: Daemon): void {
  const { tasks, runs } = daemon
  const isReboot = claimBoot(daemon)
  const now = Math.floor(daemon.clock.now() / 1000)
  for (const task of tasks.here.values()) {
    if (
      isReboot &&
      task.schedules.some(({ kind, limits }) => kind === 'reboot' && isAllowedAt(limits, now))
    )
      requestStart(daemon, {
        task: task.name,
        slot: undefined,
        trigger: 'reboot',
        attempt: 1,
        dueMs: undefined,
      })
    if (task.type === 'daemon') keepInstances(daemon, task.name)
    startForMessages(daemon, task.name)
  }
  // Adopted instances of daemon tasks that are gone from the file, or no longer run on this host.
  for (const task of runs.tasks()) if (!tasks.here.has(task)) keepInstances(daemon, task)
  // Inherited ones: the file may have changed while this daemon was prepared.
  closeUnneeded(daemon)
}
