import type { FileNotify, Target } from '../tasks/notify.ts'
import { grouped } from '../text/grouped.ts'
import { addedMs, type Entry, heartbeatRecipient, isTarget, pingedTask } from './entry-file.ts'
import type { LastResult, Results } from './results.ts'
import { roomOf } from './target-rate.ts'

export interface NotifyReport {
  readonly targets: readonly TargetReport[]
  /** Entries of the outbox. */
  readonly waiting: number
}

export interface TargetReport {
  /** `ping TASK` for a ping, `(heartbeat)` for the heartbeat. */
  readonly name: string
  readonly kind: Target['kind'] | 'ping' | 'heartbeat'
  readonly waiting: number
  /** When the oldest that waits was added, ISO 8601 in UTC. */
  readonly oldest: string | null
  /** When the next of them is tried, ISO 8601 in UTC; the time of this report if that is now. null: none waits. */
  readonly next: string | null
  readonly last: LastResult | null
}

/** How each target does: what waits, and what came of it last. Of pings, those that do not arrive. */
export function reportOf(
  { targets, heartbeat }: Pick<FileNotify, 'targets' | 'heartbeat'>,
  entries: readonly Entry[],
  results: Pick<Results, 'all' | 'sentMs'>,
  nowMs: number,
): NotifyReport {
  const lasts = results.all()
  const bad = Object.entries(lasts).flatMap(([name, { result }]) =>
    result === 'delivered' ? [] : [name],
  )
  const waiting = grouped(entries, ({ recipient }) => recipient)
  const pings = [...new Set([...waiting.keys(), ...bad])].filter(
    (each) => pingedTask(each) !== undefined,
  )
  const known = [
    ...targets.map(({ name, kind }) => ({ name, kind })),
    ...(heartbeat === undefined ? [] : [{ name: heartbeatRecipient, kind: 'heartbeat' } as const]),
    ...pings.map((name) => ({ name, kind: 'ping' }) as const),
  ]
  return {
    targets: known.map(({ name, kind }) => {
      const own = waiting.get(name) ?? []
      return {
        name,
        kind,
        waiting: own.length,
        oldest: own[0] === undefined ? null : new Date(addedMs(own[0])).toISOString(),
        next: own.length === 0 ? null : new Date(nextMs(own, results, nowMs)).toISOString(),
        last: lasts[name] ?? null,
      }
    }),
    waiting: entries.length,
  }
}

/** When one of these may be sent, which wait for one recipient. Those about one task wait for the first of them. */
function nextMs(own: readonly Entry[], { sentMs }: Pick<Results, 'sentMs'>, nowMs: number): number {
  const firsts = [...grouped(own, ({ task }) => task ?? '').values()].flatMap(
    ([first]) => first ?? [],
  )
  const dueMs = Math.min(...firsts.map((entry) => entry.nextMs ?? nowMs))
  const recipient = own[0]?.recipient ?? ''
  const { left, moreInMs } = roomOf(sentMs(recipient), nowMs)
  const roomMs = isTarget(recipient) && left === 0 ? nowMs + moreInMs : nowMs
  return Math.max(dueMs, roomMs)
}
