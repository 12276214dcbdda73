/** How a run ended, or why a slot had none. */
export const outcomes = [
  'running',
  'ok',
  'failed',
  'timeout',
  'killed',
  'spawn-failed',
  'unknown',
  'skipped',
  'missed',
] as const
export type Outcome = (typeof outcomes)[number]

/** Why something was started. */
export type Trigger = 'schedule' | 'catchup' | 'retry' | 'manual' | 'reboot' | 'daemon'

/**
 * One row of the history: a run, a skip, or a miss. Times are ISO 8601 in UTC, those of slots
 * without a fraction of a second. null where it does not apply.
 */
export interface HistoryRow {
  /** The run id; null for slots that did not start. */
  readonly run: string | null
  readonly task: string
  /** The first one for a miss; null for daemon tasks and manual runs. */
  readonly slot: string | null
  readonly startedAt: string | null
  readonly endedAt: string | null
  readonly durationMs: number | null
  readonly outcome: Outcome
  readonly exitCode: number | null
  /** As `SIGTERM`. */
  readonly signal: string | null
  readonly reason: string | null
  readonly trigger: Trigger | null
  readonly attempt: number | null
  readonly lateMs: number | null
  readonly host: string
  /** Git revision of the tasks file, with `-dirty`. */
  readonly revision: string | null
  /** A miss: the last slot of the gap, and how many there were. */
  readonly lastSlot: string | null
  readonly count: number | null
}
