import type { Task } from '../../tasks/task.ts'
import { whyNotStarted } from '../../text/why-not-started.ts'
import type { HistoryRow } from '../history-row.ts'
import { isFailure } from '../run-outcome.ts'
import {
  type Decision,
  isTimeToRepeat,
  isWanted,
  moreSince,
  newNotice,
  type Notice,
  type TaskTrouble,
  without,
} from './notice.ts'

/** The parts of a task that decide. */
export type NotifiedTask = Pick<Task, 'name' | 'type' | 'notify' | 'restart'>

/** What to send when a run has ended. `hasRetry`: another attempt follows, so nothing is certain yet. */
export function afterEnd(
  task: NotifiedTask,
  trouble: TaskTrouble,
  row: HistoryRow,
  hasRetry: boolean,
): Decision {
  const atMs = timeOf(row.endedAt)
  if (row.outcome === 'ok') return afterSuccess(task, trouble, row, atMs)
  const left = withoutStuck(trouble, row.run)
  if (hasRetry || !isFailure(row) || !isWanted(task.notify, 'failed'))
    return { trouble: left, notices: [] }
  const run = row.run ?? ''
  const { failing } = left
  // Known already: it is sent again by time, see timed-notices.ts.
  if (failing !== undefined && failing.toldMs !== null)
    return { trouble: { ...left, failing: { ...failing, run } }, notices: [] }
  const sinceMs = failing?.sinceMs ?? atMs
  return {
    trouble: { ...left, failing: { sinceMs, run, toldMs: atMs } },
    notices: [failedNotice(row, { sinceMs, atMs, key: `failed/${row.task}/${run}` })],
  }
}

/** The message about a run that failed. */
export function failedNotice(
  row: HistoryRow,
  facts: { readonly sinceMs: number; readonly atMs: number; readonly key: string },
): Notice {
  const { task, run, exitCode, signal, outcome } = row
  return newNotice({
    ...{ kind: 'failed', task, run, exitCode, signal, outcome, reason: whyFailed(row) },
    ...facts,
  })
}

function afterSuccess(
  task: NotifiedTask,
  trouble: TaskTrouble,
  { run, exitCode, outcome, durationMs }: HistoryRow,
  atMs: number,
): Decision {
  const { name, notify } = task
  const isInTime = (durationMs ?? Infinity) < (notify.stuckAfterMs ?? Infinity)
  const since = [
    trouble.failing?.toldMs == null ? undefined : trouble.failing.sinceMs,
    trouble.stuck?.[run ?? '']?.sinceMs,
    trouble.noSuccess?.sinceMs,
  ].filter((each) => each !== undefined)
  const others = without(
    withoutStuck(trouble, run),
    ...(['failing', 'noSuccess', 'isNoSuccessKnown', 'seenMs'] as const),
  )
  // In good time after the one before it: the next time without success is a new trouble.
  const hadSuccess = trouble.noSuccess === undefined && trouble.isNoSuccessKnown !== true
  const rest = hadSuccess ? without(others, 'noSuccessToldMs') : others
  // The next run that takes too long is a new trouble.
  const isQuick = isInTime && rest.stuck === undefined
  const left = isQuick ? without(rest, 'stuckToldMs', 'stuckMore') : rest
  if (since.length === 0 || !isWanted(notify, 'recovered')) return { trouble: left, notices: [] }
  const sinceMs = Math.min(...since)
  const key = `recovered/${name}/${run}`
  const facts = { task: name, run, exitCode, outcome, atMs, sinceMs, key }
  return { trouble: left, notices: [newNotice({ kind: 'recovered', ...facts })] }
}

/** A daemon task has no end that is a success: it has recovered when a run lasts. */
export function afterLastingRun(
  task: NotifiedTask,
  trouble: TaskTrouble,
  run: string,
  nowMs: number,
): Decision {
  const { failing } = trouble
  if (failing === undefined) return { trouble, notices: [] }
  const left = without(trouble, 'failing')
  if (failing.toldMs === null || !isWanted(task.notify, 'recovered'))
    return { trouble: left, notices: [] }
  const facts = { task: task.name, run, atMs: nowMs, sinceMs: failing.sinceMs }
  const key = `recovered/${task.name}/${run}`
  return { trouble: left, notices: [newNotice({ kind: 'recovered', ...facts, key })] }
}

/** What to send when a slot had no start: one row for skipped and missed ones. */
export function afterNoStart(task: NotifiedTask, trouble: TaskTrouble, row: HistoryRow): Decision {
  const none = { trouble, notices: [] }
  if (row.outcome === 'missed') return { trouble, notices: missedNotices(task, row) }
  const reason = row.reason ?? ''
  // Nobody waits for them: a person sees the answer, and the file says that they are over.
  if (row.trigger === 'manual' || row.trigger === 'daemon' || editReasons.has(reason)) return none
  // The failure before it is now the last one.
  if (row.trigger === 'retry') return afterLostRetry(task, trouble, row)
  // Whoever wants to know of pauses gets messages about these.
  if (reason === 'paused' || !isWanted(task.notify, 'skipped')) return none
  const atMs = timeOf(row.endedAt)
  const count = (trouble.skipped?.count ?? 0) + 1
  if (trouble.skipped !== undefined && !isTimeToRepeat(task.notify, trouble.skipped.toldMs, atMs))
    return { trouble: { ...trouble, skipped: { ...trouble.skipped, count } }, notices: [] }
  const key = `skipped/${row.task}/${row.slot ?? row.endedAt}`
  const facts = {
    task: row.task,
    atMs,
    outcome: row.outcome,
    reason: whyNotStarted(reason) + moreSince(count, 'skip', trouble.skipped?.toldMs),
    count,
    key,
  }
  return {
    trouble: { ...trouble, skipped: { count: 0, toldMs: atMs } },
    notices: [newNotice({ kind: 'skipped', ...facts })],
  }
}

/** The edit of a file ended these starts. */
const editReasons = new Set(['removed', 'hosts', 'enabled'])

function missedNotices(task: NotifiedTask, row: HistoryRow): Notice[] {
  if (!isWanted(task.notify, 'missed')) return []
  const { slot, lastSlot, count, outcome } = row
  const when = slot === lastSlot ? `due at ${slot}` : `due from ${slot} to ${lastSlot}`
  const isOutage = row.reason === 'down'
  // outage.ts says why torch was down, and when.
  const reason = isOutage ? when : `${whyNotStarted(row.reason ?? '', outcome)}; ${when}`
  const key = `missed/${row.task}/${slot}`
  const facts = {
    task: row.task,
    atMs: timeOf(row.endedAt),
    sinceMs: timeOf(slot),
    outcome,
    reason,
    key,
  }
  return [newNotice({ kind: 'missed', ...facts, count: count ?? 1, isOutage })]
}

function afterLostRetry(task: NotifiedTask, trouble: TaskTrouble, row: HistoryRow): Decision {
  if (!isWanted(task.notify, 'failed') || (trouble.failing?.toldMs ?? null) !== null)
    return { trouble, notices: [] }
  const atMs = timeOf(row.endedAt)
  const sinceMs = trouble.failing?.sinceMs ?? atMs
  const reason = `it failed, and its retry did not start: ${whyNotStarted(row.reason ?? '')}`
  const key = `failed/${row.task}/${row.slot ?? row.endedAt}/retry`
  return {
    trouble: { ...trouble, failing: { sinceMs, run: '', toldMs: atMs } },
    notices: [newNotice({ kind: 'failed', task: row.task, atMs, sinceMs, reason, key })],
  }
}

/**
 * What to send when a run has started: a scheduled one may be late. A start in time does not end the pause after a
 * message: every second start of a busy task may be late or skipped.
 */
export function afterStart(task: NotifiedTask, trouble: TaskTrouble, row: HistoryRow): Decision {
  if (!isScheduled(row)) return { trouble, notices: [] }
  const { lateAfterMs } = task.notify
  const { lateMs, slot } = row
  const startMs = timeOf(row.startedAt)
  const isOver = (part: { readonly toldMs: number } | undefined): boolean =>
    part !== undefined && isTimeToRepeat(task.notify, part.toldMs, startMs)
  const left = isOver(trouble.skipped) ? without(trouble, 'skipped') : trouble
  if (lateAfterMs === undefined || lateMs === null || slot === null)
    return { trouble: left, notices: [] }
  if (lateMs >= lateAfterMs)
    return late(task, left, {
      slotMs: timeOf(slot),
      dueMs: startMs - lateMs,
      nowMs: startMs,
      run: row.run,
    })
  return { trouble: isOver(left.late) ? without(left, 'late') : left, notices: [] }
}

/** What to send about a slot that has waited too long, whether it has started now or not. */
export function late(
  task: NotifiedTask,
  trouble: TaskTrouble,
  {
    slotMs,
    dueMs,
    nowMs,
    run,
  }: {
    readonly slotMs: number
    readonly dueMs: number
    readonly nowMs: number
    readonly run: string | null
  },
): Decision {
  const before = trouble.late
  if (!isWanted(task.notify, 'late')) return { trouble, notices: [] }
  // The same slot comes here each second, and once more when it starts.
  const isNew = before === undefined || slotMs > (before.newest ?? before.slot)
  const count = (before?.count ?? 0) + (isNew ? 1 : 0)
  const isKnown =
    before !== undefined &&
    (before.slot === slotMs || !isTimeToRepeat(task.notify, before.toldMs, nowMs))
  if (isKnown) {
    const more = isNew ? { ...trouble, late: { ...before, count, newest: slotMs } } : trouble
    return { trouble: more, notices: [] }
  }
  const slot = new Date(slotMs).toISOString()
  const what = `the start of ${slot} ${run === null ? 'still waits' : 'came late'}`
  const reason = what + moreSince(count, 'late start', before?.toldMs)
  const facts = {
    task: task.name,
    run,
    atMs: nowMs,
    sinceMs: dueMs,
    reason,
    count: Math.max(count, 1),
    key: `late/${task.name}/${slot}`,
  }
  const newest = Math.max(slotMs, before?.newest ?? slotMs)
  return {
    trouble: { ...trouble, late: { slot: slotMs, toldMs: nowMs, count: 0, newest } },
    notices: [newNotice({ kind: 'late', ...facts })],
  }
}

/** Only a start of the schedule can be late: a retry and a person choose their own time. */
export function isScheduled({
  trigger,
  attempt,
}: {
  readonly trigger: string | null
  readonly attempt: number | null
}): boolean {
  return (trigger === 'schedule' || trigger === 'catchup') && attempt === 1
}

function whyFailed({ outcome, reason, attempt }: HistoryRow): string | null {
  const why = outcomeWords(outcome, reason)
  const attempts = (attempt ?? 1) > 1 ? `attempt ${attempt} was the last one` : null
  return [why, attempts].filter((each) => each !== null).join('; ') || null
}

function outcomeWords(outcome: HistoryRow['outcome'], reason: string | null): string | null {
  switch (outcome) {
    case 'timeout':
      return 'it took longer than its timeout'
    case 'spawn-failed':
      return `it could not be started: ${reason}`
    case 'unknown':
      return `nobody knows how it ended: ${reason}`
    case 'killed':
      return reason?.startsWith('limits.') === true
        ? `it reached ${reason}`
        : `killed ${reason ?? ''}`.trim()
    default:
      return reason
  }
}

/** A run that has ended is not stuck any more. */
function withoutStuck(trouble: TaskTrouble, run: string | null): TaskTrouble {
  if (trouble.stuck === undefined || run === null || !(run in trouble.stuck)) return trouble
  const others = Object.entries(trouble.stuck).filter(([each]) => each !== run)
  if (others.length === 0) return without(trouble, 'stuck')
  return { ...trouble, stuck: Object.fromEntries(others) }
}

function timeOf(iso: string | null): number {
  return iso === null ? 0 : Date.parse(iso)
}
