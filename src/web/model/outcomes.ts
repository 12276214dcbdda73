import type { Outcome } from './model.ts'

/** Of runs that have ended and were not ok. Some `killed` ones are on purpose. */
export const badOutcomes = [
  'failed',
  'timeout',
  'killed',
  'spawn-failed',
  'unknown',
] as const satisfies readonly Outcome[]

/** All of them, in the order in which a person chooses one. */
export const outcomes: readonly Outcome[] = ['ok', ...badOutcomes, 'skipped', 'missed', 'running']

export function isBad(outcome: Outcome): boolean {
  return badOutcomes.some((each) => each === outcome)
}
