import type { Start } from '../../plan/admit.ts'
import { dueMsOf, timedDecision } from '../../plan/notify/timed-notices.ts'
import type { Decision } from '../../plan/notify/notice.ts'
import type { Task } from '../../tasks/task.ts'
import { grouped } from '../../text/grouped.ts'
import { type Deciding, tell } from './send-decided.ts'

/** A task about which only a repeated message, or one about no success, may be sent is looked at once in this many looks. */
const looksPerSweep = 10

/**
 * Looks at the tasks for which time decides: at those whose run is stuck or whose start is late now, and at a part of
 * the others. Called each second, number by number. With ten thousand tasks, no call takes longer than a few ms.
 */
export function lookAtTasks(state: Deciding, number: number): void {
  const part = number % looksPerSweep
  if (part === 0) forgetGone(state)
  // ONCE for all tasks: in a burst, thousands of starts may wait.
  const waiting = grouped(waitingStarts(state.queue), ({ task }) => task)
  for (const name of new Set([...namesNow(state, waiting), ...namesOfPart(state, part)]))
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

/** The tasks that have a stuck run or a late start now, whether a message was sent or not. */
function* namesNow(
  { runs, tasks, clock }: Deciding,
  waiting: ReadonlyMap<string, readonly Start[]>,
): Generator<string> {
  const nowMs = clock.now()
  for (const name of runs.tasks()) {
    const afterMs = tasks.here.get(name)?.notify.stuckAfterMs ?? Infinity
    if (runs.of(name).some(({ description }) => nowMs - description.startedMs >= afterMs))
      yield name
  }
  for (const [name, starts] of waiting) {
    const afterMs = tasks.here.get(name)?.notify.lateAfterMs ?? Infinity
    if (starts.some((start) => nowMs - dueMsOf(start) >= afterMs)) yield name
  }
}

/** The tasks of a part about which something is known, or that must succeed in time. */
function* namesOfPart({ tasks, kept }: Deciding, part: number): Generator<string> {
  let index = 0
  for (const { name, notify } of tasks.here.values())
    if (index++ % looksPerSweep === part)
      if (notify.noSuccessForMs !== undefined || kept.tasks.has(name)) yield name
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
