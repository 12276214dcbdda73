import type { HistoryRow, Outcome } from '../../plan/history-row.ts'

/** Kept in the file as `user_version`. A file with a greater number was made by a newer torch. */
export const schemaVersion = 1

/** Keys of a row in the order of the columns that hold them. */
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
] as const satisfies readonly (readonly [keyof HistoryRow, string])[]

/** Outcomes that say nothing about how the task does: it runs still, or did not start. */
const openOutcomes = ['running', 'skipped', 'missed'] as const satisfies readonly Outcome[]
/** As a condition: the same text in the index and in a query, or SQLite does not use the index. */
export const finished = `outcome NOT IN ('${openOutcomes.join(`', '`)}')`

/**
 * `at` is when it happened, in milliseconds since the epoch: what rows are sorted by. ISO texts
 * would not sort (`07:00:00.003Z` is before `07:00:00Z`), and take four times the room in each index.
 */
export const createSchema = `
  CREATE TABLE history (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL,
    run TEXT UNIQUE, task TEXT NOT NULL, slot TEXT, started_at TEXT, ended_at TEXT,
    duration_ms INTEGER, outcome TEXT NOT NULL, exit_code INTEGER, signal TEXT, reason TEXT,
    "trigger" TEXT, attempt INTEGER, late_ms INTEGER, host TEXT NOT NULL, revision TEXT,
    last_slot TEXT, count INTEGER
  );
  CREATE INDEX history_by_time ON history (at);
  CREATE INDEX history_by_task ON history (task, at);
  CREATE INDEX history_by_outcome ON history (outcome, at);
  CREATE INDEX history_finished ON history (task, at) WHERE ${finished};
  PRAGMA user_version = ${schemaVersion};
`

/** A run is written at its start and again at its end: the second replaces the first. */
export const upsertRow = `
  INSERT INTO history (at, ${columns.map(([, column]) => quoted(column)).join(', ')})
  VALUES (?, ${columns.map(() => '?').join(', ')})
  ON CONFLICT (run) DO UPDATE SET at = excluded.at, ${columns
    .map(([, column]) => `${quoted(column)} = excluded.${quoted(column)}`)
    .join(', ')}
`

/** Of a run that is only said to run: what has ended stays. */
export const deleteRunning = "DELETE FROM history WHERE run = ? AND outcome = 'running'"

/** Gives rows that are HistoryRows as they come. */
export const selectRow = `SELECT ${columns
  .map(([key, column]) => `${quoted(column)} AS "${key}"`)
  .join(', ')} FROM history`

/** What upsertRow is to be run with. */
export function valuesOf(row: HistoryRow): (string | number | null)[] {
  return [timeOf(row), ...columns.map(([key]) => row[key])]
}

/** When it was known: a miss of last night belongs to the morning that found it. */
function timeOf(row: HistoryRow): number {
  const text = row.startedAt ?? row.endedAt ?? row.lastSlot ?? row.slot
  const at = text === null ? Number.NaN : Date.parse(text)
  return Number.isNaN(at) ? 0 : at
}

/** `trigger` is a word of SQL. */
function quoted(column: string): string {
  return `"${column}"`
}
