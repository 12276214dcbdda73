import type { HistoryRow, Outcome } from '../../plan/history-row.ts'
import { openQuery, type Query } from './read-only.ts'
import { type PlacedRow, rowFrom, selectPlacedRow } from './tables.ts'

/** Which rows to read, newest first. Times are ISO 8601. */
export interface PageFilter {
  /** Any of these tasks; undefined or empty: all tasks. */
  readonly tasks?: readonly string[] | undefined
  readonly outcomes?: readonly Outcome[] | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
  /** The `more` of the page before. */
  readonly before?: string | undefined
  readonly limit: number
}

export interface HistoryPage {
  readonly rows: HistoryRow[]
  /** Give it as `before` for the next page, which may have rows, even if this one has none. null: that was all. */
  readonly more: string | null
}

/** The most rows that are looked at for one page: some 5 ms, however many rows there are. */
const maxLookedAt = 2_000
/** Short: waiting for a lock blocks the whole daemon. */
export const shortLockWaitMs = 50

/** The form of `more`: the place of a row in order, and its id. */
const placePattern = /^(\d{1,15})\.(\d{1,15})$/

type Place = Pick<PlacedRow, 'at' | 'id'>

/** Reads a page in a time with a bound. Throws TorchError `history-unreadable`. */
export function readHistoryPage(path: string, filter: PageFilter): HistoryPage {
  const { query, close } = openQuery(path, shortLockWaitMs)
  try {
    const range = rangeOf(filter)
    const [last] = places(query, range)
    const rest = last === undefined ? [] : atLeast(last)
    const wanted = [...range, ...oneOf('task', filter.tasks), ...oneOf('outcome', filter.outcomes)]
    const { where, values } = joined([...wanted, ...rest])
    const sql = `${selectPlacedRow} ${where} ORDER BY at DESC, id DESC LIMIT ?`
    const found = query(sql, ...values, filter.limit) as PlacedRow[]
    const isFull = found.length === filter.limit
    return { rows: found.map(rowOf), more: placeText(isFull ? found.at(-1) : last) }
  } finally {
    close()
  }
}

interface Condition {
  readonly sql: string
  readonly values: readonly (string | number)[]
}

/** What an index can tell: the time, the place, and a task or an outcome if it is the only one. */
function rangeOf({ tasks = [], outcomes = [], since, until, before }: PageFilter): Condition[] {
  const [, at, id] = placePattern.exec(before ?? '') ?? []
  return [
    ...(tasks.length === 1 ? oneOf('task', tasks) : []),
    ...(tasks.length !== 1 && outcomes.length === 1 ? oneOf('outcome', outcomes) : []),
    ...(since === undefined ? [] : [{ sql: 'at >= ?', values: [Date.parse(since)] }]),
    ...(until === undefined ? [] : [{ sql: 'at <= ?', values: [Date.parse(until)] }]),
    ...(at === undefined ? [] : [{ sql: '(at, id) < (?, ?)', values: [Number(at), Number(id)] }]),
  ]
}

/** The place of the last row that is looked at; none if the range has fewer rows. */
function places(query: Query, range: readonly Condition[]): Place[] {
  const { where, values } = joined(range)
  const sql = `SELECT at, id FROM history ${where} ORDER BY at DESC, id DESC LIMIT 1 OFFSET ?`
  return query(sql, ...values, maxLookedAt - 1) as Place[]
}

function atLeast({ at, id }: Place): Condition[] {
  return [{ sql: '(at, id) >= (?, ?)', values: [at, id] }]
}

function oneOf(column: 'task' | 'outcome', wanted: readonly string[] = []): Condition[] {
  const [first, second] = wanted
  if (first === undefined) return []
  // With one value, the index returns the rows in order and SQLite does not sort.
  if (second === undefined) return [{ sql: `${column} = ?`, values: [first] }]
  const sql = `${column} IN (SELECT value FROM json_each(?))`
  return [{ sql, values: [JSON.stringify(wanted)] }]
}

function joined(conditions: readonly Condition[]): { where: string; values: (string | number)[] } {
  const where =
    conditions.length === 0 ? '' : `WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}`
  return { where, values: conditions.flatMap(({ values }) => values) }
}

function rowOf({ at: _at, id: _id, ...row }: PlacedRow): HistoryRow {
  return rowFrom(row)
}

function placeText(place: Place | undefined): string | null {
  return place === undefined ? null : `${place.at}.${place.id}`
}
