import { TorchError } from '../../errors.ts'
import type { Clock } from '../../host/clock.ts'
import { timeOfRow } from '../../plan/fleet/merged-rows.ts'
import { rowId } from '../../plan/fleet/shared-rows.ts'
import type { HistoryRow } from '../../plan/history-row.ts'
import type { PageFilter } from '../../record/history/history-page.ts'
import type { RowPage } from '../row-pages.ts'
import type { AskFleet } from './fleet-status.ts'
import { readRow } from './read-answer.ts'

/** The rows that all machines left in the fleet, the newest of them. */
export interface KeptRows {
  /** In any order, and of a run perhaps more than one. Without the engine: those that are known. */
  all(): Promise<readonly HistoryRow[]>
  /** Those of one task, further back. */
  of(task: string): Promise<readonly HistoryRow[]>
}

/** To read a row costs a request to the engine: the first time this many, then what has come since. */
const maxRead = 2_000
const maxKept = 2 * maxRead
/** How old they may be. */
const freshMs = 3_000
/** The clocks of the engine and of this machine may differ by this. */
const marginMs = 10_000

export function newKeptRows(ask: AskFleet, clock: Clock): KeptRows {
  let kept = new Map<string, HistoryRow>()
  let [readMs, reading]: [number | undefined, Promise<void> | undefined] = [undefined, undefined]

  async function read(): Promise<void> {
    const atMs = clock.now()
    const since = readMs === undefined ? {} : { since: new Date(readMs - marginMs).toISOString() }
    for (const row of await rowsOf(ask, { ...since, limit: maxRead }))
      kept.set(`${row.host} ${rowId(row)}`, row)
    if (kept.size > maxKept)
      kept = new Map(
        [...kept].toSorted((a, b) => timeOfRow(b[1]) - timeOfRow(a[1])).slice(0, maxRead),
      )
    readMs = atMs
  }

  return {
    async all() {
      if (readMs === undefined || clock.now() - readMs >= freshMs || clock.now() < readMs)
        await (reading ??= read()
          .catch(unlessSilent)
          .finally(() => (reading = undefined)))
      return [...kept.values()]
    },
    of: (task) => rowsOf(ask, { tasks: [task], limit: maxRead }),
  }
}

async function rowsOf(
  ask: AskFleet,
  query: Parameters<typeof ask<'fleetRows'>>[1],
): Promise<HistoryRow[]> {
  const { rows } = await ask('fleetRows', query)
  return rows.flatMap((row) => readRow(row.host, row) ?? [])
}

/** The page says by itself that the engine is away. */
function unlessSilent(error: unknown): void {
  if (!(error instanceof TorchError)) throw error
}

/** A page of rows, which are in order, newest first. Its `before` counts rows of the same millisecond. */
export function pageOfRows(rows: readonly HistoryRow[], filter: PageFilter): RowPage {
  const { tasks = [], outcomes = [], since, until, before, limit } = filter
  const [names, kinds] = [new Set(tasks), new Set<string>(outcomes)]
  const [fromMs, toMs] = [timeOr(since, -Infinity), timeOr(until, Infinity)]
  const fitting = rows.filter((row) => {
    const ms = timeOfRow(row)
    const isWanted = names.size === 0 || names.has(row.task)
    return isWanted && (kinds.size === 0 || kinds.has(row.outcome)) && ms >= fromMs && ms <= toMs
  })
  const [lastMs = Infinity, taken = 0] = before?.split('.').map(Number) ?? []
  let same = 0
  const rest = fitting.filter((row) => {
    const ms = timeOfRow(row)
    return ms < lastMs || (ms === lastMs && ++same > taken)
  })
  const page = rest.slice(0, limit)
  const last = page.at(-1)
  if (last === undefined || page.length === rest.length) return { rows: page, before: null }
  const ms = timeOfRow(last)
  const count = page.filter((row) => timeOfRow(row) === ms).length + (ms === lastMs ? taken : 0)
  return { rows: page, before: `${ms}.${count}` }
}

function timeOr(text: string | undefined, otherwise: number): number {
  return text === undefined ? otherwise : Date.parse(text)
}
