import type { SkipReason, Start } from '../../plan/admit.ts'
import type { Task } from '../../tasks/task.ts'
import { giveBackUnused } from '../fleet/unused-places.ts'
import { fullPool, runsInTheWay } from './pools.ts'
import type { StartParts } from './start-parts.ts'

/** Puts on record why a start does not happen, unless another machine of the fleet makes it. `task`: undefined if it is gone. */
export function skipStart(
  parts: StartParts,
  task: Task | undefined,
  start: Start,
  reason: SkipReason,
): { readonly kind: 'skipped'; readonly reason: string } {
  if (task !== undefined && isForOthers(parts, task, start, reason))
    return { kind: 'skipped', reason: 'elsewhere' }
  if (reason === 'pool' && task !== undefined) noteFullPool(parts, task, start)
  else if (reason === 'paused') notePaused(parts, start)
  else parts.journal.skipped(start, reason)
  return { kind: 'skipped', reason }
}

/**
 * A slot of the fleet that a pause keeps this machine from: another one starts it, or records why not. After a claim of
 * this machine no other one will.
 */
function isForOthers(
  { fleet }: StartParts,
  { hosts, fleet: shared }: Task,
  { trigger, claim }: Start,
  reason: SkipReason,
): boolean {
  if (fleet === undefined || shared === undefined || trigger === 'manual') return false
  if (reason !== 'paused' || claim?.sequence !== undefined) return false
  const candidates = fleet.membership.candidates({ hosts, ...shared })
  return candidates.some(({ host }) => host !== fleet.host)
}

/** The log names some of the runs that take the places. A place in the fleet is for another start. */
function noteFullPool(parts: StartParts, task: Task, start: Start): void {
  const pool = fullPool(parts, task) ?? ''
  parts.journal.skipped(start, 'pool', runsInTheWay(parts, pool))
  if (start.claim?.holding !== undefined) giveBackUnused(parts)
}

/**
 * All slots that pass in one pause become one row; for a task that starts after others, all seconds in which it was to
 * start. A slot from before the pause, which would only start late, is not one of them.
 */
function notePaused({ pauses, journal }: StartParts, start: Start): void {
  const { task, trigger } = start
  const second = secondOf(start)
  if (second === undefined || pauses.isBefore(start)) return journal.skipped(start, 'paused')
  const slots = { task, first: second, last: second, count: 1 }
  pauses.pass(trigger === 'after' ? { ...slots, trigger } : slots)
  journal.passed(task, 1)
}

function secondOf({ trigger, slot, dueMs }: Start): number | undefined {
  if (trigger === 'after') return dueMs && Math.floor(dueMs / 1000)
  return trigger === 'schedule' || trigger === 'catchup' ? slot : undefined
}
