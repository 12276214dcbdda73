import type { HistoryRow } from '../plan/history-row.ts'

/** A run has started. */
export interface RunStart {
  readonly event: 'start'
  readonly task: string
  /** The id of the run. */
  readonly run: string
  /** ISO 8601 in UTC. */
  readonly at: string
}

/** A run has printed a line, to standard output or standard error. */
export interface RunLine {
  readonly event: 'line'
  readonly task: string
  /** The id of the run. */
  readonly run: string
  /** Without its line break. Bytes that are not UTF-8 are replaced by U+FFFD. */
  readonly line: string
  /** When it came, ISO 8601 in UTC. A line that was there before counts as come when the output was last written. */
  readonly at: string
  /** Where the next line begins in the output, in bytes. */
  readonly next: number
  /** Only for a line over 16 MiB, which comes in parts: all of them but the last one have it. */
  readonly partial?: true
}

/** A run has ended. */
export interface RunEnd {
  readonly event: 'end'
  readonly task: string
  /** The id of the run. */
  readonly run: string
  /** Its row in the history: `outcome`, `exitCode`, `signal` and more. */
  readonly end: HistoryRow
}

/** What happens to a run, in this order: its start, its lines, its end. */
export type RunEvent = RunStart | RunLine | RunEnd
