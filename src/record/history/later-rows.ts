import type { HistoryRow } from '../../plan/history-row.ts'
import { openQuery } from './read-only.ts'
import { shortLockWaitMs } from './history-page.ts'
import { type PlacedRow, rowFrom, selectPlacedRow } from './tables.ts'

/** A place in the history: everything up to it is known. */
export interface HistoryPlace {
  /** The id of the last row. */
  readonly id: number
  /** Its time in order; a history that was rebuilt has other ids. */
  readonly at: number
}

/** What came behind a place. */
export interface LaterRows {
  /** In the order in which they were added. */
  readonly rows: readonly HistoryRow[]
  /** Behind the last of them. */
  readonly place: HistoryPlace
  /** How many rows are left behind that, about. */
  readonly left: number
  /** How many rows were left out before the first, because too many wait. */
  readonly dropped: number
}

interface Bounds {
  readonly limit: number
  /** If more rows wait, the oldest are left out. */
  readonly maxWaiting: number
}

/**
 * Reads the rows behind a place; undefined as place: only what comes from now on. The end of a run replaces the row
 * of its start, at the same place: ask for it with `currentRows`. Throws TorchError `history-unreadable`.
 */
export function rowsBehind(
  file: string,
  from: HistoryPlace | undefined,
  { limit, maxWaiting }: Bounds,
): LaterRows {
  const { query, close } = openQuery(file, shortLockWaitMs)
  try {
    const [end] = query('SELECT id, at FROM history ORDER BY id DESC LIMIT 1') as HistoryPlace[]
    const last = end ?? { id: 0, at: 0 }
    if (from === undefined) return { rows: [], place: last, left: 0, dropped: 0 }
    const known = from.id > last.id ? rebuiltPlace(from) : from
    const first = Math.max(known.id, last.id - maxWaiting)
    const sql = `${selectPlacedRow} WHERE id > ? AND at > ? ORDER BY id LIMIT ?`
    const found = query(sql, first, known === from ? -1 : known.at, limit) as PlacedRow[]
    const [tail] = found.slice(-1)
    const isAll = found.length < limit
    const place = isAll || tail === undefined ? last : { id: tail.id, at: tail.at }
    return { rows: found.map(rowOf), place, left: last.id - place.id, dropped: first - known.id }
  } finally {
    close()
  }
}

/** The rows of these runs, as they are now. Throws TorchError `history-unreadable`. */
export function currentRows(file: string, runs: readonly string[]): HistoryRow[] {
  const { query, close } = openQuery(file, shortLockWaitMs)
  try {
    const sql = `${selectPlacedRow} WHERE run IN (SELECT value FROM json_each(?))`
    return (query(sql, JSON.stringify(runs)) as PlacedRow[]).map(rowOf)
  } finally {
    close()
  }
}

/** The history was lost and rebuilt: only the time tells what is new. */
function rebuiltPlace({ at }: HistoryPlace): HistoryPlace {
  return { id: 0, at }
}

function rowOf({ at: _at, id: _id, ...row }: PlacedRow): HistoryRow {
  return rowFrom(row)
}
