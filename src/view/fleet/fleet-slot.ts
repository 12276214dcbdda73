import type { ClaimReport } from '../../control/fleet-reports.ts'
import type { HostReason } from '../../daemon/fleet/answer-asks.ts'
import { TorchError } from '../../errors.ts'
import type { HistoryRow } from '../../plan/history-row.ts'
import { requireEngine } from './known.ts'
import { readReason } from './read-answer.ts'
import type { AskFleet } from './fleet-status.ts'

/** What is known about one slot of a task. */
export interface SlotReport {
  /** null: the engine did not say. */
  readonly claim: ClaimReport['tries'] | null
  readonly machines: readonly ({ readonly host: string } & HostReason)[]
  /** What machines that are down left in the fleet. */
  readonly rows: readonly HistoryRow[]
  readonly notes: readonly string[]
}

/** Asks all machines about a slot, in seconds since the epoch. Throws `no-engine` if the engine is away. */
export async function slotReport(ask: AskFleet, task: string, slot: number): Promise<SlotReport> {
  await requireEngine(ask)
  const notes: string[] = []
  const quietly = async <T>(promise: Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await promise
    } catch (error) {
      if (!(error instanceof TorchError)) throw error
      if (!notes.includes(error.message)) notes.push(error.message)
      return otherwise
    }
  }
  const since = new Date(slot * 1000 - 60_000).toISOString()
  const [claim, answers, left] = await Promise.all([
    quietly(ask('fleetClaim', { task, slot }), undefined),
    quietly(ask('fleetAsk', { question: { kind: 'why', task, slot } }), { answers: [] }),
    quietly(ask('fleetRows', { tasks: [task], since, limit: 5_000 }), { rows: [] }),
  ])
  const machines = answers.answers.flatMap((answer) => {
    if ('error' in answer) return []
    const { host, value } = answer
    const reason = readReason(host, value)
    if (reason === undefined) notes.push(`the answer of ${host} cannot be read`)
    return reason === undefined ? [] : [{ host, ...reason }]
  })
  const text = new Date(slot * 1000).toISOString().slice(0, 19)
  const known = new Set(machines.map(({ host }) => host))
  const rows = left.rows.filter((row) => row.slot?.slice(0, 19) === text && !known.has(row.host))
  return { claim: claim?.tries ?? null, machines, rows, notes }
}
