import fs from 'node:fs'
import Database from 'libsql'
import { exitStatus, TorchError, messageOf } from '../../errors.ts'
import type { HistoryRow, Outcome } from '../../plan/history-row.ts'
import { finished, schemaVersion, selectRow } from './tables.ts'

export interface HistoryFilter {
  /** Any of these; undefined or empty: of all. */
  readonly tasks?: readonly string[] | undefined
  /** ISO 8601. */
  readonly since?: string | undefined
  readonly outcomes?: readonly Outcome[] | undefined
  /** The newest so many. */
  readonly limit: number
}

/** Reads history.db, beside a daemon that writes it or without one. Close it after use. */
export interface HistoryReader {
  /** Newest last. */
  rows(filter: HistoryFilter): HistoryRow[]
  /** By task: its last finished run; where there is none, its last skip or miss. */
  lastOfEach(): Map<string, HistoryRow>
  /** By its id, or by the first part of one. Throws TorchError `ambiguous-run` where several begin so. */
  run(idOrPrefix: string): HistoryRow | undefined
  /** The names of all tasks that have a row, sorted. */
  tasks(): string[]
  /** How long each of the tasks usually takes, in ms: the median of its last runs that were ok. */
  usual(tasks: readonly string[]): Map<string, number>
  close(): void
}

type Query = (sql: string, ...values: (string | number)[]) => unknown[]

/** A command may wait longer for a lock than the daemon does. */
const maxLockWaitMs = 2_000
const maxAmbiguousShown = 3
/** The median is of at most so many runs, all of them among the last so many that ended. */
export const maxUsualRuns = 20
const maxUsualLookedAt = 50

// One seek in the index per task, however many rows there are.
const allNames = `
  WITH RECURSIVE names (name) AS (
    SELECT min(task) FROM history
    UNION ALL
    SELECT (SELECT min(task) FROM history WHERE task > name) FROM names WHERE name IS NOT NULL
  )`
export const lastOfEachTask = `${allNames}
  ${selectRow} WHERE id IN (
    SELECT coalesce(
      (SELECT id FROM history WHERE task = name AND ${finished} ORDER BY at DESC, id DESC LIMIT 1),
      (SELECT id FROM history WHERE task = name AND outcome <> 'running' ORDER BY at DESC, id DESC LIMIT 1)
    ) FROM names
  )`

export const lastDurations = `
  SELECT task, outcome, duration_ms AS ms FROM json_each(?) AS names JOIN history ON history.id IN (
    SELECT id FROM history WHERE task = names.value AND ${finished}
    ORDER BY at DESC, id DESC LIMIT ${maxUsualLookedAt}
  ) ORDER BY at DESC, history.id DESC`

/** A missing file is an empty history. Throws TorchError `history-unreadable`. */
export function readHistory(path: string): HistoryReader {
  const { query, close } = openQuery(path)
  return {
    rows(filter) {
      const { sql, values } = rowsQuery(filter)
      return (query(sql, ...values) as HistoryRow[]).toReversed()
    },
    lastOfEach() {
      const rows = query(lastOfEachTask) as HistoryRow[]
      return new Map(rows.map((row) => [row.task, row]))
    },
    run: (idOrPrefix) => findRun(query, idOrPrefix),
    tasks() {
      const rows = query(`${allNames} SELECT name FROM names WHERE name IS NOT NULL`)
      return (rows as { name: string }[]).map((row) => row.name)
    },
    usual: (tasks) => usualOf(query(lastDurations, JSON.stringify(tasks)) as Duration[]),
    close,
  }
}

interface Duration {
  readonly task: string
  readonly outcome: Outcome
  readonly ms: number | null
}

function usualOf(durations: readonly Duration[]): Map<string, number> {
  const lists = new Map<string, number[]>()
  for (const { task, outcome, ms } of durations) {
    const list = lists.get(task) ?? []
    if (outcome === 'ok' && ms !== null && list.length < maxUsualRuns) list.push(ms)
    lists.set(task, list)
  }
  const medians = [...lists].map(([task, list]) => [task, median(list)] as const)
  return new Map(medians.flatMap(([task, ms]) => (ms === undefined ? [] : [[task, ms]])))
}

/** Of an even number the greater of the two in the middle; undefined of none. */
export function median(numbers: readonly number[]): number | undefined {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1]
}

/** The SQL is one of a few constant texts; what people type goes in as values only. */
export function rowsQuery(filter: HistoryFilter): { sql: string; values: (string | number)[] } {
  const conditions: string[] = []
  const values: (string | number)[] = []
  const demand = (condition: string, value: string | number): void => {
    conditions.push(condition)
    values.push(value)
  }
  const demandOneOf = (column: 'task' | 'outcome', wanted: readonly string[] = []): void => {
    const [first, second] = wanted
    if (first === undefined) return
    // Of one value the rows come out of the index in their order, and nothing is sorted.
    if (second === undefined) demand(`${column} = ?`, first)
    else demand(`${column} IN (SELECT value FROM json_each(?))`, JSON.stringify(wanted))
  }
  demandOneOf('task', filter.tasks)
  demandOneOf('outcome', filter.outcomes)
  if (filter.since !== undefined) demand('at >= ?', Date.parse(filter.since))
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''
  return {
    sql: `${selectRow} ${where} ORDER BY at DESC, id DESC LIMIT ?`,
    values: [...values, filter.limit],
  }
}

function findRun(query: Query, idOrPrefix: string): HistoryRow | undefined {
  if (idOrPrefix === '') return undefined
  const sql = `${selectRow} WHERE run >= ?1 AND run < ?1 || char(0x10FFFF) ORDER BY run LIMIT ?2`
  const found = query(sql, idOrPrefix, maxAmbiguousShown + 1) as HistoryRow[]
  // Sorted: the run that has the whole of it as its id comes first.
  if (found.length <= 1 || found[0]?.run === idOrPrefix) return found[0]
  throw ambiguousRun(idOrPrefix, found)
}

/** The error for the first part of several run ids. */
export function ambiguousRun(
  prefix: string,
  found: readonly Pick<HistoryRow, 'run'>[],
): TorchError {
  const shown = found.slice(0, maxAmbiguousShown).map((row) => row.run)
  const more = found.length > maxAmbiguousShown ? ', ...' : ''
  return new TorchError(
    'ambiguous-run',
    `several runs begin with "${prefix}": ${shown.join(', ')}${more}`,
    { exit: exitStatus.usage, hint: 'give more of the run id' },
  )
}

function openQuery(path: string): { query: Query; close: () => void } {
  try {
    if (!holdsSomething(path)) return { query: () => [], close: () => undefined }
    const database = connect(path)
    const version = versionOf(database)
    if (version > schemaVersion) throw new Error('it was made by a newer torch')
    if (version === 0) return { query: () => [], close: () => database.close() }
    return { query: queryOf(database, path), close: () => database.close() }
  } catch (error) {
    throw unreadable(path, error)
  }
}

function holdsSomething(path: string): boolean {
  const found = fs.statSync(path, { throwIfNoEntry: false })
  return found !== undefined && found.size > 0
}

/**
 * SQLite reads a WAL file by way of a -shm file beside it, which it makes where it is missing. In a
 * folder that cannot be written it cannot; with nothing left in the -wal (the daemon ended in
 * good order) the file alone is complete, and `immutable` reads it so.
 * https://www.sqlite.org/wal.html#read_only_databases
 */
function connect(path: string): Database.Database {
  try {
    return opened(path, 'mode=ro')
  } catch (error) {
    if (holdsSomething(`${path}-wal`)) throw error
    return opened(path, 'immutable=1')
  }
}

/** libsql's option `readonly` does nothing; the mode in a URI does. */
function opened(path: string, mode: string): Database.Database {
  const escaped = path.replaceAll(/[%?#]/g, encodeURIComponent)
  const database = new Database(`file:${escaped}?${mode}`, { timeout: maxLockWaitMs })
  versionOf(database) // the first read is what fails
  return database
}

function versionOf(database: Database.Database): number {
  return Number(database.prepare('PRAGMA user_version').raw().all().flat()[0])
}

function queryOf(database: Database.Database, path: string): Query {
  return (sql, ...values) => {
    try {
      return database.prepare(sql).all(...values)
    } catch (error) {
      throw unreadable(path, error)
    }
  }
}

function unreadable(path: string, error: unknown): TorchError {
  return new TorchError('history-unreadable', `cannot read ${path}: ${messageOf(error)}`, {
    hint: 'the runs themselves are in the folder runs beside it; a damaged file is set aside by the daemon',
    cause: error,
  })
}
