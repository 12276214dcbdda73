import { formatDuration } from '../../text/duration.ts'
import type { Start } from '../admit.ts'
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
import {
  afterLastingRun,
  failedNotice,
  isScheduled,
  late,
  type NotifiedTask,
} from './row-notices.ts'

/** What a task does now. */
export interface TaskNow {
  readonly nowMs: number
  readonly runs: readonly { readonly run: string; readonly startedMs: number }[]
  /** Its starts that wait. */
  readonly waiting: readonly Start[]
  readonly last: HistoryRow | undefined
  /** The end of its last run that ended `ok`. */
  readonly lastOkMs: number | undefined
}

/** What to send because time has passed: late, stuck, no success, trouble that lasts, a daemon task that is well. */
export function timedDecision(task: NotifiedTask, trouble: TaskTrouble, now: TaskNow): Decision {
  const steps = [lateStarts, stuckRuns, noSuccess, failsStill, lastsAgain]
  return inOrder(trouble, steps, (step, before) => step(task, before, now))
}

/** Decides about each item, with what the one before it has left. */
function inOrder<Item>(
  trouble: TaskTrouble,
  items: readonly Item[],
  decide: (item: Item, before: TaskTrouble) => Decision,
): Decision {
  return items.reduce<Decision>(
    (decided, item) => {
      const next = decide(item, decided.trouble)
      return { trouble: next.trouble, notices: [...decided.notices, ...next.notices] }
    },
    { trouble, notices: [] },
  )
}

function lateStarts(
  task: NotifiedTask,
  trouble: TaskTrouble,
  { waiting, nowMs }: TaskNow,
): Decision {
  const { lateAfterMs } = task.notify
  if (lateAfterMs === undefined) return { trouble, notices: [] }
  return inOrder(trouble, waiting, (start, before) => {
    if (start.slot === undefined || !isScheduled(start)) return { trouble: before, notices: [] }
    const slotMs = start.slot * 1000
    const dueMs = dueMsOf(start)
    return nowMs - dueMs < lateAfterMs
      ? { trouble: before, notices: [] }
      : late(task, before, { slotMs, dueMs, nowMs, run: null })
  })
}

/** When a start had to happen; never for one without a slot. */
export function dueMsOf({ slot, dueMs }: Start): number {
  return dueMs ?? (slot === undefined ? Infinity : slot * 1000)
}

/** A run is sent only if nothing was sent about another one within `repeat`: each run of a slow task is stuck. */
function stuckRuns(
  { name, type, notify }: NotifiedTask,
  trouble: TaskTrouble,
  { runs, nowMs }: TaskNow,
): Decision {
  const { stuckAfterMs } = notify
  if (stuckAfterMs === undefined || type === 'daemon' || !isWanted(notify, 'stuck'))
    return { trouble: without(trouble, 'stuck', 'stuckToldMs'), notices: [] }
  const known = Object.entries(trouble.stuck ?? {})
  let toldMs = trouble.stuckToldMs ?? known.at(-1)?.[1].toldMs
  const long = runs.filter(({ startedMs }) => nowMs - startedMs >= stuckAfterMs)
  const stuck = Object.fromEntries(known.filter(([id]) => long.some(({ run }) => run === id)))
  let more = moreStuck(trouble, long, stuck)
  const notices: Notice[] = []
  for (const { run, startedMs } of long) {
    if (toldMs !== undefined && !isTimeToRepeat(notify, toldMs, nowMs)) break
    const what = `it has been running for more than ${formatDuration(stuckAfterMs)}`
    const reason = what + moreSince(more.count, 'such run', toldMs)
    const facts = { run, atMs: nowMs, sinceMs: startedMs, outcome: 'running', reason }
    const key = again(`stuck/${name}/${run}`, stuck[run]?.toldMs)
    const count = Math.max(more.count, 1)
    notices.push(newNotice({ kind: 'stuck', task: name, ...facts, count, key }))
    stuck[run] = { sinceMs: startedMs, toldMs: nowMs }
    toldMs = nowMs
    more = { count: 0, runs: long.map((each) => each.run) }
  }
  const isOver = long.length === 0 && toldMs !== undefined && isTimeToRepeat(notify, toldMs, nowMs)
  const rest = without(trouble, 'stuck', 'stuckToldMs', 'stuckMore')
  if (toldMs === undefined || isOver) return { trouble: rest, notices }
  const isNone = Object.keys(stuck).length === 0
  if (isNone && trouble.stuck === undefined && more === (trouble.stuckMore ?? noMore))
    return { trouble, notices }
  const isMore = more.count > 0 || more.runs.length > 0
  return {
    trouble: {
      ...rest,
      ...(!isNone && { stuck }),
      ...(isMore && { stuckMore: more }),
      stuckToldMs: toldMs,
    },
    notices,
  }
}

const noMore: NonNullable<TaskTrouble['stuckMore']> = { count: 0, runs: [] }

/** With the runs that are stuck now and were not counted yet. The same object if nothing has changed. */
function moreStuck(
  { stuckMore = noMore }: TaskTrouble,
  long: TaskNow['runs'],
  sent: Readonly<Record<string, unknown>>,
): NonNullable<TaskTrouble['stuckMore']> {
  const runs = long.map(({ run }) => run)
  const added = runs.filter((run) => !stuckMore.runs.includes(run) && !(run in sent))
  const isSame = added.length === 0 && stuckMore.runs.every((run) => runs.includes(run))
  return isSame ? stuckMore : { count: stuckMore.count + added.length, runs }
}

const noSuccessKeys = ['seenMs', 'noSuccess', 'noSuccessToldMs', 'isNoSuccessKnown'] as const

function noSuccess(
  { name, type, notify }: NotifiedTask,
  trouble: TaskTrouble,
  now: TaskNow,
): Decision {
  const { noSuccessForMs } = notify
  if (noSuccessForMs === undefined || type === 'daemon' || notify.to.length === 0)
    return { trouble: without(trouble, ...noSuccessKeys), notices: [] }
  const { nowMs, lastOkMs } = now
  const sinceMs = lastOkMs ?? trouble.seenMs ?? nowMs
  const known = lastOkMs === undefined ? { ...trouble, seenMs: sinceMs } : trouble
  if (nowMs - sinceMs < noSuccessForMs) return { trouble: known, notices: [] }
  const toldMs = trouble.noSuccess?.toldMs ?? trouble.noSuccessToldMs
  // Each run of a slow task may end too late: then every `ok` would be a recovery, and be followed by this again.
  if (toldMs !== undefined && !isTimeToRepeat(notify, toldMs, nowMs)) {
    const isKnown = known.noSuccess !== undefined || known.isNoSuccessKnown === true
    return { trouble: isKnown ? known : { ...known, isNoSuccessKnown: true }, notices: [] }
  }
  const reason = `no run has ended ok for more than ${formatDuration(noSuccessForMs)}`
  const key = again(`no_success_for/${name}/${sinceMs}`, toldMs)
  const facts = { task: name, run: now.last?.run ?? null, atMs: nowMs, sinceMs, reason, key }
  return {
    trouble: {
      ...without(known, 'isNoSuccessKnown'),
      ...{ noSuccess: { sinceMs, toldMs: nowMs }, noSuccessToldMs: nowMs },
    },
    notices: [newNotice({ kind: 'no_success_for', ...facts })],
  }
}

function failsStill({ notify, name }: NotifiedTask, trouble: TaskTrouble, now: TaskNow): Decision {
  const { failing } = trouble
  if (failing === undefined) return { trouble, notices: [] }
  if (!isWanted(notify, 'failed')) return { trouble: without(trouble, 'failing'), notices: [] }
  const { sinceMs, toldMs } = failing
  if (toldMs === null || !isTimeToRepeat(notify, toldMs, now.nowMs)) return { trouble, notices: [] }
  const key = again(`failed/${name}/${failing.run}`, toldMs)
  const facts = { sinceMs, atMs: now.nowMs, key }
  const isLast = now.last !== undefined && now.last.run !== null && isFailure(now.last)
  const plain = { kind: 'failed', task: name, run: failing.run || null, ...facts } as const
  const notice = isLast && now.last !== undefined ? failedNotice(now.last, facts) : newNotice(plain)
  const reason = ['it still fails', notice.reason].filter((each) => each !== null).join('; ')
  return {
    trouble: { ...trouble, failing: { ...failing, toldMs: now.nowMs } },
    notices: [{ ...notice, reason }],
  }
}

/** A run that started after the failure and has lived for `reset_after`. */
function lastsAgain(task: NotifiedTask, trouble: TaskTrouble, { runs, nowMs }: TaskNow): Decision {
  const { failing } = trouble
  if (failing === undefined || task.type !== 'daemon') return { trouble, notices: [] }
  const lasting = runs.find(
    ({ startedMs }) =>
      startedMs >= failing.sinceMs && nowMs - startedMs >= task.restart.resetAfterMs,
  )
  return lasting === undefined
    ? { trouble, notices: [] }
    : afterLastingRun(task, trouble, lasting.run, nowMs)
}

/** The key of a message that is sent again: decided twice from the same state, it is the same. */
function again(key: string, toldMs: number | undefined): string {
  return toldMs === undefined ? key : `${key}/after-${toldMs}`
}
