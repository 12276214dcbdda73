import type { Start } from '../../plan/admit.ts'
import { timedDecision } from '../../plan/notify/timed-notices.ts'
import type { Decision } from '../../plan/notify/notice.ts'
import type { Task } from '../../tasks/task.ts'
import { grouped } from '../../text/grouped.ts'
import { type Deciding, tell } from './send-decided.ts'

/**
 * Looks at the tasks for which time decides. A sweep looks at all about which something may be sent; between
 * sweeps, only at those whose runs may be stuck and whose starts may be late.
 */
export function lookAtTasks(state: Deciding, isSweep: boolean): void {
  if (isSweep) forgetGone(state)
  // ONCE for all tasks: in a burst, thousands of starts may wait.
  const waiting = grouped(waitingStarts(state.queue), ({ task }) => task)
  const now = namesNow(state, waiting.keys())
  for (const name of isSweep ? namesOfSweep(state, now) : now)
    lookAt(state, name, waiting.get(name) ?? [])
}

function* waitingStarts({ waiting, due, held }: Deciding['queue']): Generator<Start> {
  yield* waiting.values()
  yield* due
  yield* held
}

/** Keeps what is known of a task from now on, and sends what was decided. */
export function decide(
  state: Deciding,
  task: Pick<Task, 'name' | 'notify'>,
  { trouble, notices }: Decision,
): void {
  const { tasks } = state.kept
  const before = tasks.get(task.name)
  if (trouble !== before) {
    if (Object.keys(trouble).length === 0) tasks.delete(task.name)
    else tasks.set(task.name, trouble)
    const isNew = before !== undefined || Object.keys(trouble).length > 0
    if (isNew && state.dirty === 'no') state.dirty = 'soon'
  }
  for (const notice of notices) tell(state, task.notify, notice)
}

/** The tasks to look at in each second: those whose runs may be stuck, and whose starts may be late. */
function namesNow({ runs, tasks }: Deciding, waiting: Iterable<string>): Set<string> {
  const names = new Set<string>()
  for (const name of runs.tasks())
    if (tasks.here.get(name)?.notify.stuckAfterMs !== undefined) names.add(name)
  for (const name of waiting)
    if (tasks.here.get(name)?.notify.lateAfterMs !== undefined) names.add(name)
  return names
}

function namesOfSweep(state: Deciding, now: ReadonlySet<string>): Set<string> {
  const names = new Set([...now, ...state.kept.tasks.keys()])
  for (const { name, notify } of state.tasks.here.values())
    if (notify.noSuccessForMs !== undefined) names.add(name)
  return names
}

function lookAt(state: Deciding, name: string, waiting: readonly Start[]): void {
  const { tasks, runs, clock, kept } = state
  const task = tasks.here.get(name)
  if (task === undefined) return
  const lastOk = runs.lastOk(name)
  const decision = timedDecision(task, kept.tasks.get(name) ?? {}, {
    nowMs: clock.now(),
    runs: runs.of(name).map(({ description: { run, startedMs } }) => ({ run, startedMs })),
    waiting,
    last: runs.last(name),
    lastOkMs: lastOk === undefined ? undefined : Date.parse(lastOk),
  })
  decide(state, task, decision)
}

/** A task that is no longer here is in no trouble. */
function forgetGone({ kept, tasks }: Deciding): void {
  for (const name of kept.tasks.keys()) if (!tasks.here.has(name)) kept.tasks.delete(name)
}
