import path from 'node:path'
import type { Host } from '../../host/host.ts'
import type { Start } from '../../plan/admit.ts'
import { endsFor, isEndFor } from '../../plan/after.ts'
import type { RunConclusion, RunDescription } from '../../run/directory.ts'
import { readTraces, runStamp, startOfRun } from '../../run/directory.ts'
import type { TaskAfter } from '../../tasks/task.ts'
import type { HomePaths } from '../settings.ts'
import type { SavedEnds } from './after-ends.ts'
import { requestStart } from './request-start.ts'
import type { StartParts } from './start-parts.ts'

/** An end that is final: no further attempt follows. */
interface FinalEnd {
  readonly task: string
  readonly run: string
  readonly conclusion: Pick<RunConclusion, 'outcome' | 'reason' | 'endedMs'>
}

/**
 * A run has ended for good: starts each task that comes after it and has seen all that it waits for. In a stop it is
 * only noted, and the next daemon starts them. `isUsed`: a task has started after that run already.
 */
export function noteFinalEnd(
  parts: StartParts,
  { task: first, run, conclusion }: FinalEnd,
  isUsed: (task: string) => boolean = () => false,
): void {
  const { tasks, queue } = parts
  for (const { name, after } of tasks.followers.get(first) ?? []) {
    if (after === undefined || !isEndFor(after, conclusion) || isUsed(name)) continue
    queue.afterEnds.note(name, after, first, { run, endedMs: conclusion.endedMs })
    queue.saveSoon()
    startAfter(parts, name, after)
  }
}

/** A retry that does not happen: the run before it was the last one, and it has failed. */
export function noteSkippedRetry(
  parts: StartParts,
  { task, failedRun }: Start,
  nowMs: number,
): void {
  if (failedRun === undefined) return
  const conclusion = { outcome: 'failed', reason: null, endedMs: nowMs } as const
  noteFinalEnd(parts, { task, run: failedRun, conclusion })
}

function startAfter(parts: StartParts, task: string, after: TaskAfter): void {
  const { phase, queue } = parts
  const ends = endsFor(after, queue.afterEnds.of(task))
  if (ends === undefined || phase.now !== 'running') return
  queue.afterEnds.forget(task)
  requestStart(parts, {
    ...{ task, slot: undefined, trigger: 'after', attempt: 1 },
    dueMs: Math.max(...ends.map(({ endedMs }) => endedMs)),
    after: ends.map(({ run }) => run),
  })
}

/** The tasks of the file have changed: what is no longer waited for is forgotten. */
export function forgetOldEnds({ tasks, queue }: StartParts): void {
  for (const [name, { after }] of queue.afterEnds.rounds)
    if (!isSame(after, tasks.here.get(name)?.after)) queue.afterEnds.forget(name)
}

function isSame(before: TaskAfter, now: TaskAfter | undefined): boolean {
  return JSON.stringify(before) === JSON.stringify(now)
}

interface RecoverParts extends StartParts {
  readonly host: Host
  readonly paths: HomePaths
}

/** Takes up what the previous daemon had seen, without the ends after which the task has started. */
export function restoreEnds(parts: RecoverParts, saved: SavedEnds): void {
  const { tasks, queue } = parts
  for (const [task, before, ends] of saved) {
    const after = tasks.here.get(task)?.after
    if (after === undefined || !isSame(before, after)) continue
    for (const [first, end] of ends)
      if (!hasStartedAfter(parts, task, { run: end.run, startedMs: startOfRun(end.run) }))
        queue.afterEnds.note(task, after, first, end)
  }
}

/** Starts what the previous daemon did not start any more, because it was stopping. */
export function startAllAfter(parts: StartParts): void {
  for (const name of parts.queue.afterEnds.rounds.keys()) {
    const after = parts.tasks.here.get(name)?.after
    if (after === undefined) parts.queue.afterEnds.forget(name)
    else startAfter(parts, name, after)
  }
}

/**
 * Whether a task has started after a run, or is about to: the previous daemon may have crashed between that start and
 * the moment in which the history had the end of the run.
 */
export function hasStartedAfter(
  { host, paths, queue }: RecoverParts,
  task: string,
  { run, startedMs }: Pick<RunDescription, 'run' | 'startedMs'>,
): boolean {
  const pending = [...queue.waiting.values(), ...queue.timed.keys(), ...queue.due, ...queue.held]
  if (pending.some((start) => start.task === task && start.after?.includes(run) === true))
    return true
  const folder = path.join(paths.runs, task)
  return host.files
    .list(folder)
    .filter((id) => id >= runStamp(startedMs))
    .some(
      (id) => readTraces(host, path.join(folder, id)).description?.after?.includes(run) === true,
    )
}
