import type { Replacement } from '../../plan/daemon-instances.ts'
import { notReady } from '../../plan/run-outcome.ts'
import type { Log } from '../../record/log.ts'
import type { RunConclusion, RunDescription } from '../../run/directory.ts'
import type { Faults } from '../../run/faults.ts'
import type { LiveRun } from '../../run/live-run.ts'
import {
  exhaustedCodes,
  type HeldSocket,
  openSockets,
  type TaskSockets,
} from '../../run/task-sockets.ts'
import { hasCode } from '../../host/system-error.ts'
import type { Task } from '../../tasks/task.ts'
import { formatDuration } from '../../text/duration.ts'
import { counted } from '../../text/plural.ts'
import type { TasksState } from '../tasks-file/tasks-state.ts'
import type { RunTable } from './run-table.ts'

/** Successors of a daemon task that were not ready, while its old runs continue. */
export interface FailedReplacement {
  readonly failures: number
  readonly why: string
  readonly sinceMs: number
}

/** The parts of a daemon that its sockets need. */
export interface SocketParts {
  readonly sockets: TaskSockets
  readonly tasks: TasksState
  readonly runs: RunTable
  readonly faults: Faults
  readonly log: Log
}

/** The sockets for a run of the task. Throws why they cannot be opened. */
export function socketsForRun(parts: SocketParts, task: Task): readonly HeldSocket[] {
  const { sockets, runs, faults } = parts
  if (task.listen.length === 0) return []
  let found: readonly HeldSocket[] = []
  let failure: Error | undefined
  const open = (): void => {
    try {
      found = openSockets(sockets, task, runs.of(task.name))
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error))
      if (hasCode(failure.cause, ...exhaustedCodes)) throw failure
    }
  }
  faults.attempt('open sockets', open, task.name)
  if (failure !== undefined) throw failure
  return found
}

/** How the runs of a daemon task are replaced now. It opens the sockets of the task, if it can. */
export function replacementOf(parts: SocketParts, task: Task): Replacement {
  if (task.listen.length === 0) return task.ready === undefined ? 'end-first' : 'end-first-and-wait'
  const answer = parts.sockets.open(task, parts.runs.of(task.name))
  return answer.kind === 'blocked' ? 'end-all' : 'start-first'
}

/** Closes the sockets that no task of this host asks for, once the runs that have them have ended. */
export function closeUnneeded({ sockets, tasks, runs }: SocketParts): void {
  if (sockets.held.size === 0) return
  sockets.close(({ task, address: { text } }) => {
    if (tasks.here.get(task)?.listen.some((address) => address.text === text) === true) return false
    return !runs.of(task).some((run) => run.sockets.some(({ address }) => address === text))
  })
}

/** Why the sockets of a task are not open; undefined if they are. Opens them, if it can. */
export function whyNotListening({ sockets, runs }: SocketParts, task: Task): string | undefined {
  const answer = sockets.open(task, runs.of(task.name))
  return answer.kind === 'failed' ? answer.error.message : undefined
}

/** The runs of a task that have to be replaced. */
export function outdatedRuns(
  task: Task,
  instances: readonly LiveRun[],
  mustGo: ReadonlySet<string>,
): readonly LiveRun[] {
  return instances.filter(
    ({ description: { definition, run } }) => definition !== task.definition || mustGo.has(run),
  )
}

/** Whether a run of this task ended before it was ready, and so cannot take the place of another one. */
export function couldNotReplace({ outcome, reason }: RunConclusion): boolean {
  return outcome === 'spawn-failed' || reason === notReady
}

/** Why a successor did not become ready, in a few words. */
export function whyNotReady(
  { ready, startedMs }: RunDescription,
  { outcome, exitCode, signal, reason, endedMs }: RunConclusion,
): string {
  if (outcome === 'spawn-failed' && reason !== null) return reason
  if (ready !== undefined && endedMs - startedMs >= ready.timeoutMs)
    return `it was not ready within ${formatDuration(ready.timeoutMs)}`
  const how = exitCode === null ? `by ${signal ?? 'an unknown signal'}` : `with status ${exitCode}`
  return `it ended ${how} before it was ready`
}

/** The line of `torch status` about a replacement that fails. */
export function failedWords(task: string, { failures, why }: FailedReplacement): string {
  return `replacing ${task} failed ${counted(failures, 'time')}: ${why}; the old run continues`
}
