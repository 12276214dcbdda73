/** What is left of a run that an earlier daemon began and did not see the end of. */
export interface LeftOver {
  /** run.json is there and readable. */
  readonly described: boolean
  /** Its outcome is already on record in its directory. */
  readonly concluded: boolean
  /** Who won the claim: the recorder, a daemon that voided it, or nobody yet. */
  readonly claim: 'recorder' | 'void' | 'none'
  readonly sameBoot: boolean
  /** The recorder wrote the exit status. */
  readonly exited: boolean
  /** By pid and start time. */
  readonly recorderAlive: boolean
  readonly commandAlive: boolean
}

/**
 * - forget: nothing was begun, or all is on record already
 * - void: prepared, never started: take the claim, so that it never will
 * - adopt: it runs; watch it as our own
 * - record: it ended meanwhile, its status is there
 * - unknown: recorder and command are both gone without a word
 * - lost: the machine was rebooted under it
 */
export type Recovery = 'forget' | 'void' | 'adopt' | 'record' | 'unknown' | 'lost'

/** What to do about a run that was left over: decided from the facts on disk and in the process table. */
export function planRecovery(left: LeftOver): Recovery {
  if (!left.described) return 'forget'
  if (left.concluded) return 'record'
  if (left.exited) return 'record'
  if (left.claim === 'none') return left.sameBoot ? 'void' : 'lost'
  if (left.claim === 'void') return 'void'
  if (!left.sameBoot) return 'lost'
  return left.recorderAlive || left.commandAlive ? 'adopt' : 'unknown'
}
