import type { Trigger } from './history-row.ts'

/** Something that ought to start: from a slot, a retry, a person, or a daemon task's place. */
export interface Start {
  readonly task: string
  /** Seconds since the epoch; undefined for daemon tasks and manual runs. */
  readonly slot: number | undefined
  readonly trigger: Trigger
  /** From 1. */
  readonly attempt: number
  /** When it ought to have started, in milliseconds since the epoch: what lateness is measured from. */
  readonly dueMs: number | undefined
}

/** Slots that are over and had no run: one record per task and gap. Seconds since the epoch. */
export interface Miss {
  readonly task: string
  readonly first: number
  readonly last: number
  readonly count: number
  readonly reason: 'down' | 'clock'
}
