import type { HistoryRow, Outcome, RunScript } from '../../plan/history-row.ts'

/** The `user_version` of the file. A file with a greater one is from a newer torch. */
export const schemaVersion = 1

/** The keys of a row, each with its column. */
const columns = [
  ['run', 'run'],
  ['task', 'task'],
  ['slot', 'slot'],
  ['startedAt', 'started_at'],
  ['endedAt', 'ended_at'],
  ['durationMs', 'duration_ms'],
  ['outcome', 'outcome'],
  ['exitCode', 'exit_code'],
  ['signal', 'signal'],
  ['reason', 'reason'],
  ['trigger', 'trigger'],
  ['attempt', 'attempt'],
  ['lateMs', 'late_ms'],
  ['host', 'host'],
  ['revision', 'revision'],
  ['lastSlot', 'last_slot'],
  ['count', 'count'],
  ['script', 'script'],
  ['by', 'started_by'],
  ['token', 'token'],
] as const satisfies readonly (readonly [keyof HistoryRow, string])[]

/** Outcomes that say nothing about how the task is doing: it is still running, or did not start. */
const openOutcomes = ['running', 'skipped', 'missed'] as const satisfies readonly Outcome[]
/** A condition. Use this text in the index and in queries: SQLite uses the index only if both are the same. */
export const finished = `outcome NOT IN ('${openOutcomes.join(`', '`)}')`

/**
 * Rows are sorted by `at`, the place of the event in order (run/order.ts) in milliseconds since the
 * epoch: its time, unless the clock was set back. It is never less than its time. ISO texts do not sort
 * (`07:00:00.003Z` comes before `07:00:00Z`) and take four times the space in each index.
 */
export const createSchema = `
  CREATE TABLE history (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL,
    run TEXT UNIQUE, task TEXT NOT NULL, slot TEXT, started_at TEXT, ended_at TEXT,
    duration_ms INTEGER, outcome TEXT NOT NULL, exit_code INTEGER, signal TEXT, reason TEXT,
    "trigger" TEXT, attempt INTEGER, late_ms INTEGER, host TEXT NOT NULL, revision TEXT,
    last_slot TEXT, count INTEGER, script TEXT, started_by TEXT, token INTEGER
  );
  CREATE INDEX history_by_time ON history (at);
  CREATE INDEX history_by_task ON history (task, at);
  CREATE INDEX history_by_outcome ON history (outcome, at);
  CREATE INDEX history_finished ON history (task, at) WHERE ${finished};
  PRAGMA user_version = ${schemaVersion};
`

/** Columns that files of earlier versions lack. */
export const laterColumns = ['script', 'started_by', 'token'] as const
type LaterColumn = (typeof laterColumns)[number]

/**
 * Adds what a file of an earlier version lacks. Not a new version: that daemon can still use the file after
 * a downgrade, because it names the columns that it writes.
 */
export function addColumns(missing: readonly LaterColumn[]): string {
  const types = { script: 'TEXT', started_by: 'TEXT', token: 'INTEGER' } as const
  return missing.map((each) => `ALTER TABLE history ADD COLUMN ${each} ${types[each]};`).join(' ')
}

/** The same for a connection that only reads: the view hides the table of the same name. */
export function addColumnsInView(missing: readonly LaterColumn[]): string {
  return `PRAGMA temp_store = MEMORY;
  CREATE TEMP VIEW history AS SELECT *, ${missing.map((each) => `NULL AS ${each}`).join(', ')} FROM main.history`
}

/** A run is written at its start and at its end: the second row replaces the first. */
export const upsertRow = `
  INSERT INTO history (at, ${columns.map(([, column]) => quoted(column)).join(', ')})
  VALUES (?, ${columns.map(() => '?').join(', ')})
  ON CONFLICT (run) DO UPDATE SET at = excluded.at, ${columns
    .map(([, column]) => `${quoted(column)} = excluded.${quoted(column)}`)
    .join(', ')}
`

/** Deletes the row of a run only while that row says `running`. */
export const deleteRunning = "DELETE FROM history WHERE run = ? AND outcome = 'running'"

/** Its rows are StoredRows. */
export const selectRow = `SELECT ${columns
  .map(([key, column]) => `${quoted(column)} AS "${key}"`)
  .join(', ')} FROM history`

/** The same with `at` and `id`, by which rows are sorted. Its rows are PlacedRows. */
export const selectPlacedRow = selectRow.replace('SELECT ', 'SELECT at, id, ')

/** A row as it is in the file: with the JSON of its script. */
export type StoredRow = Omit<HistoryRow, 'script' | 'by' | 'token'> & {
  readonly script: string | null
  readonly by: string | null
  readonly token: number | null
}

export type PlacedRow = StoredRow & { readonly at: number; readonly id: number }

export function rowFrom(stored: StoredRow): HistoryRow {
  const { by, token, ...row } = stored
  const script = stored.script === null ? null : (JSON.parse(stored.script) as RunScript)
  return { ...row, script, ...(by !== null && { by }), ...(token !== null && { token }) }
}

/** A row with its place in order, if that is not its time. */
export interface OrderedRow extends HistoryRow {
  readonly orderMs?: number
}

/** The time of a row in SQL, as ISO 8601. */
export const timeOfRow = 'coalesce(started_at, ended_at, last_slot, slot)'

/** The values for `upsertRow`. */
export function valuesOf(row: OrderedRow): (string | number | null)[] {
  const stored = { ...row, script: row.script === null ? null : JSON.stringify(row.script) }
  return [row.orderMs ?? timeOf(row), ...columns.map(([key]) => stored[key] ?? null)]
}

/** When torch learned of it: a miss of last night has the time of the morning when torch found it. */
function timeOf(row: HistoryRow): number {
  const text = row.startedAt ?? row.endedAt ?? row.lastSlot ?? row.slot
  const at = text === null ? Number.NaN : Date.parse(text)
  return Number.isNaN(at) ? 0 : at
}

/** `trigger` is a keyword of SQL. */
function quoted(column: string): string {
  return `"${column}"`
}
