/** What an earlier daemon left of a run that it did not conclude. */
export interface UnfinishedRun {
  /** run.json exists and is readable. */
  readonly described: boolean
  /** Its outcome is already written in its directory. */
  readonly concluded: boolean
  /** Who claimed the run: the recorder, a daemon that voided it, or nobody yet. */
  readonly claim: 'recorder' | 'void' | 'none'
  /** The machine has not rebooted since the run was prepared. */
  readonly sameBoot: boolean
  /** The recorder wrote the exit status. */
  readonly exited: boolean
  /** A process with the recorded pid and start time exists. */
  readonly recorderAlive: boolean
  readonly commandAlive: boolean
}

/**
 * - forget: there is nothing to recover; remove the entry
 * - void: it was prepared and never started; claim it, so that it never starts
 * - adopt: it still runs; watch it like a run of this daemon
 * - record: it has ended and its status is written
 * - unknown: recorder and command are gone and left no status
 * - lost: the machine rebooted while it ran
 */
export type Recovery = 'forget' | 'void' | 'adopt' | 'record' | 'unknown' | 'lost'

/** Decides what to do with an unfinished run, from its files and the process table. */
export function planRecovery(run: UnfinishedRun): Recovery {
  if (!run.described) return 'forget'
  if (run.concluded || run.exited) return 'record'
  if (run.claim === 'none') return run.sameBoot ? 'void' : 'lost'
  if (run.claim === 'void') return 'void'
  if (!run.sameBoot) return 'lost'
  return run.recorderAlive || run.commandAlive ? 'adopt' : 'unknown'
}
