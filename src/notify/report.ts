import type { FileNotify, Target } from '../tasks/notify.ts'
import { grouped } from '../text/grouped.ts'
import { addedMs, type Entry, heartbeatRecipient, pingedTask } from './entry-file.ts'
import type { LastResult } from './results.ts'

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
  readonly last: LastResult | null
}

/** How each target does: what waits, and what came of it last. Of pings, those that do not arrive. */
export function reportOf(
  { targets, heartbeat }: Pick<FileNotify, 'targets' | 'heartbeat'>,
  entries: readonly Entry[],
  results: Readonly<Record<string, LastResult>>,
): NotifyReport {
  const bad = Object.entries(results).flatMap(([name, { result }]) =>
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
        last: results[name] ?? null,
      }
    }),
    waiting: entries.length,
  }
}
