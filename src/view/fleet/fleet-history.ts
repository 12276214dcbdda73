import { type FleetReport, maxAskedRows } from '../../control/fleet-reports.ts'
import type { HostStatus } from '../../daemon/fleet/answer-asks.ts'
import {
  isGoneAfter,
  type MergeFacts,
  mergedRows,
  timeOfRow,
} from '../../plan/fleet/merged-rows.ts'
import type { HistoryRow, Outcome } from '../../plan/history-row.ts'
import { type AskFleet, rowsLeft, statusOfAll } from './fleet-status.ts'
import { readRows } from './read-answer.ts'

/** Which rows to show. Times are ISO 8601. */
export interface FleetFilter {
  readonly tasks?: readonly string[] | undefined
  readonly hosts?: readonly string[] | undefined
  readonly outcomes?: readonly Outcome[] | undefined
  readonly since?: string | undefined
  readonly limit: number
}

export interface FleetHistory {
  /** Newest first. */
  readonly rows: readonly HistoryRow[]
  readonly notes: readonly string[]
  /** The engine is away, so these are only the rows of this machine. */
  readonly isPart: boolean
}

/** The rows of all machines: from those that answer, and for the others what they left in the fleet. */
export async function fleetHistory(ask: AskFleet, filter: FleetFilter): Promise<FleetHistory> {
  const { tasks, since, limit } = filter
  const report = await ask('fleetState', {})
  const isUp = report.link.state === 'up'
  const notes: string[] = []
  const asked = isUp ? undefined : [report.host]
  const [answered, statuses, kept] = await Promise.all([
    rowsOfAll(ask, asked, filter, notes),
    statusOfAll((request) => ask('fleetAsk', request), asked, []),
    isUp
      ? rowsLeft(
          ask,
          { tasks, since, limit: Math.min(Math.max(limit * 2, maxAskedRows), 5_000) },
          notes,
        )
      : [],
  ])
  if (!isUp) notes.push(`only the rows of this machine: ${linkWords(report)}`)
  const others = kept.filter(({ host }) => !answered.has(host))
  const merged = mergedRows([...answered.values(), others], mergeFacts(report, statuses))
  const { hosts, outcomes } = filter
  const meant = merged.filter(
    (row) =>
      (hosts === undefined || row.host.split(', ').some((host) => hosts.includes(host))) &&
      (outcomes === undefined || outcomes.includes(row.outcome)) &&
      (since === undefined || timeOfRow(row) >= Date.parse(since)),
  )
  return { rows: meant.slice(0, limit), notes, isPart: !isUp }
}

/** Why the engine is not there, in words. */
function linkWords({ link }: Pick<FleetReport, 'link'>): string {
  const why = link.lastError ?? 'the connection is being made'
  return link.state === 'up' ? 'the fleet is connected' : `the fleet cannot be reached: ${why}`
}

/** By machine. */
async function rowsOfAll(
  ask: AskFleet,
  hosts: readonly string[] | undefined,
  { tasks, since, limit, outcomes }: FleetFilter,
  notes: string[],
): Promise<Map<string, readonly HistoryRow[]>> {
  // A miss of one machine may be a run of another one, so the outcome is no reason to leave a row out here.
  const isPlain = outcomes === undefined || outcomes.includes('missed')
  const question = {
    ...{ kind: 'history', limit: Math.min(limit, maxAskedRows) },
    ...(tasks !== undefined && { tasks }),
    ...(since !== undefined && { since }),
    ...(!isPlain && { outcomes }),
  }
  const { answers } = await ask('fleetAsk', { ...(hosts !== undefined && { hosts }), question })
  const rows = new Map<string, readonly HistoryRow[]>()
  for (const answer of answers) {
    if ('error' in answer) notes.push(`${answer.host}: ${answer.error.message}`)
    else rows.set(answer.host, await allRows(ask, answer.host, answer.value, { question, limit }))
  }
  return rows
}

/** A machine looks at a bounded number of rows for each answer, so the next part may have what this one has not. */
async function allRows(
  ask: AskFleet,
  host: string,
  first: unknown,
  { question, limit }: { readonly question: object; readonly limit: number },
): Promise<readonly HistoryRow[]> {
  let part = readRows(host, first)
  const rows = [...part.rows]
  while (part.more !== null && rows.length < limit) {
    const asked = { ...question, before: part.more }
    const { answers } = await ask('fleetAsk', { hosts: [host], question: asked })
    const [answer] = answers
    if (answer === undefined || 'error' in answer) break
    part = readRows(host, answer.value)
    rows.push(...part.rows)
  }
  return rows
}

function mergeFacts(
  { members }: FleetReport,
  statuses: ReadonlyMap<string, HostStatus>,
): MergeFacts {
  const ages = new Map(
    members.map(({ host, isLive, heardAgoMs }) => [host, isLive ? 0 : heardAgoMs]),
  )
  const shared = new Set(
    [...statuses.values()].flatMap(({ report }) => report.tasks.map(({ name }) => name)),
  )
  return {
    isGone: (host) => isGoneAfter(ages.get(host)),
    isOfFleet: (task) => shared.has(task),
  }
}
