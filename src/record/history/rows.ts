import type { HistoryRow } from '../../plan/history-row.ts'
import type { Start } from '../../plan/admit.ts'
import type { PausedSlots } from '../../plan/pauses.ts'
import type { Miss } from '../../plan/tick.ts'
import { type RunConclusion, type RunDescription, secondText } from '../../run/directory.ts'

/** Where a row comes from: the host and the revision of its tasks file. */
export interface Origin {
  readonly host: string
  readonly revision: string | null
}

/** Has all keys, so that every row shows them in the documented order. */
const empty: HistoryRow = {
  run: null,
  task: '',
  slot: null,
  startedAt: null,
  endedAt: null,
  durationMs: null,
  outcome: 'unknown',
  exitCode: null,
  signal: null,
  reason: null,
  trigger: null,
  attempt: null,
  lateMs: null,
  host: '',
  revision: null,
  lastSlot: null,
  count: null,
  script: null,
}

/** The row of a run that is running or, with a conclusion, has ended. */
export function runRow(run: RunDescription, conclusion?: RunConclusion): HistoryRow {
  return {
    ...empty,
    run: run.run,
    task: run.task,
    slot: slotText(run.slot),
    startedAt: timeText(run.startedMs),
    endedAt: conclusion === undefined ? null : timeText(conclusion.endedMs),
    durationMs: conclusion === undefined ? null : Math.max(conclusion.endedMs - run.startedMs, 0),
    outcome: conclusion?.outcome ?? 'running',
    exitCode: conclusion?.exitCode ?? null,
    signal: conclusion?.signal ?? null,
    reason: conclusion?.reason ?? (run.claim?.mayOverlap ? 'may have overlapped' : null),
    trigger: run.trigger,
    attempt: run.attempt,
    lateMs: latenessOf(run),
    host: run.host,
    revision: run.revision,
    script: run.script ?? null,
    ...(run.by !== undefined && { by: run.by }),
    ...(run.token !== undefined && { token: run.token }),
  }
}

/** How many milliseconds after its due time a run started; null if it had no due time. */
export function latenessOf(run: RunDescription): number | null {
  return run.dueMs === null ? null : Math.max(run.startedMs - run.dueMs, 0)
}

/** The row of a start that was due and did not happen. */
export function skipRow(start: Start, reason: string, nowMs: number, origin: Origin): HistoryRow {
  return {
    ...empty,
    ...origin,
    task: start.task,
    slot: slotText(start.slot ?? null),
    endedAt: timeText(nowMs),
    outcome: 'skipped',
    reason,
    trigger: start.trigger,
    attempt: start.attempt,
    ...(start.by !== undefined && { by: start.by }),
  }
}

/** One row for all slots of a task that one gap has missed. */
export function missRow(miss: Miss, nowMs: number, origin: Origin): HistoryRow {
  return { ...gapRow(miss, nowMs, origin), outcome: 'missed', reason: miss.reason }
}

/** One row for all slots of a task that passed in one pause. */
export function pausedRow(slots: PausedSlots, nowMs: number, origin: Origin): HistoryRow {
  return { ...gapRow(slots, nowMs, origin), outcome: 'skipped', reason: 'paused' }
}

function gapRow(
  { task, first, last, count, trigger }: PausedSlots,
  nowMs: number,
  origin: Origin,
): HistoryRow {
  return {
    ...empty,
    ...origin,
    task,
    slot: slotText(first),
    lastSlot: slotText(last),
    count,
    endedAt: timeText(nowMs),
    trigger: trigger ?? 'schedule',
  }
}

/** ISO 8601 in UTC, to the second. */
export function slotText(slot: number | null): string | null {
  return slot === null ? null : secondText(slot)
}

/** ISO 8601 in UTC, to the millisecond. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString()
}
