/** How a run ended, or that its slot had no run. */
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

/** Of runs that have ended and were not ok. Some `killed` ones are on purpose: isFailure() tells. */
export const badOutcomes = ['failed', 'timeout', 'killed', 'spawn-failed', 'unknown'] as const

export function isBad(outcome: Outcome): boolean {
  return badOutcomes.some((each) => each === outcome)
}

/** What caused a start. */
export type Trigger =
  'schedule' | 'after' | 'catchup' | 'retry' | 'manual' | 'reboot' | 'daemon' | 'message'

/**
 * One row of the history: a run, a skipped slot, or missed slots. Times are ISO 8601 in UTC; slots
 * have no fraction of a second. A field that does not apply is null.
 */
export interface HistoryRow {
  /** The run id; null for slots that did not start. */
  readonly run: string | null
  readonly task: string
  /** For missed slots the first one; null for daemon tasks, manual runs and starts after other tasks. */
  readonly slot: string | null
  readonly startedAt: string | null
  readonly endedAt: string | null
  readonly durationMs: number | null
  readonly outcome: Outcome
  readonly exitCode: number | null
  /** For example `SIGTERM`. */
  readonly signal: string | null
  readonly reason: string | null
  readonly trigger: Trigger | null
  readonly attempt: number | null
  readonly lateMs: number | null
  readonly host: string
  /** Git revision of the tasks file; ends in `-dirty` if the file has uncommitted changes. */
  readonly revision: string | null
  /** For missed slots: the last one, and how many there were. */
  readonly lastSlot: string | null
  readonly count: number | null
  /** For a run of a task with a script: which copy it got. */
  readonly script: RunScript | null
  /** Who started it by hand on this machine from elsewhere, such as `alice@db1`. Other rows do not have it. */
  readonly by?: string
  /** Of a run of a task that a fleet shares: its TORCH_TOKEN, which grows with each owner. Others do not have it. */
  readonly token?: number
}

/** The script of a run. */
export interface RunScript {
  readonly url: string
  /** null: there was no copy, so the run could not start. */
  readonly sha256: string | null
  /** Why the last look for a newer copy failed; null if it did not. */
  readonly stale: string | null
}
