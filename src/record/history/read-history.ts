import { TorchError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import type { HistoryRow, Outcome } from '../../plan/history-row.ts'
import { ambiguousRun, maxAmbiguousShown } from '../../run/directory.ts'
import { byOrder } from '../../run/order.ts'
import { rowsOfRuns } from './rebuild.ts'
import { openQuery, type Query } from './read-only.ts'
import { timeText } from './rows.ts'
import { finished, rowFrom, selectRow, type StoredRow, timeOfRow } from './tables.ts'
import {
  countsOf,
  type Duration,
  maxFailuresCounted,
  maxUsualLookedAt,
  type Skips,
  type TaskCounts,
  usualDurations,
} from './task-habits.ts'

export interface HistoryFilter {
  /** Any of these tasks; undefined or empty: all tasks. */
  readonly tasks?: readonly string[] | undefined
  /** ISO 8601. */
  readonly since?: string | undefined
  readonly outcomes?: readonly Outcome[] | undefined
  /** At most this many rows, the newest. */
  readonly limit: number
}

/** Reads a history, whether a daemon writes to it or not. Close it after use. */
export interface HistoryReader {
  /** Newest last. */
  rows(filter: HistoryFilter): HistoryRow[]
  /**
   * The last finished run of each of these tasks (without `tasks`: of all) or, if it has none, its last
   * skip or miss.
   */
  lastOfEach(tasks?: readonly string[]): Map<string, HistoryRow>
  /** The counts of the tasks that have these last rows. */
  counts(last: ReadonlyMap<string, HistoryRow>): Map<string, TaskCounts>
  /** When the last `ok` run of each of the tasks that have these last rows ended: see `maxOkLookedAt`. */
  lastOk(last: ReadonlyMap<string, HistoryRow>): Map<string, string>
  /** A run by its id or the beginning of it. Throws TorchError `ambiguous-run` if several runs match. */
  run(idOrPrefix: string): HistoryRow | undefined
  /** The place in order of the last row, in milliseconds since the epoch; 0 if there is none. */
  lastMs(): number
  /** The names of all tasks with a row, sorted. */
  tasks(): string[]
  /** How long each of these tasks usually takes, in ms: the median of its last `ok` runs. */
  usual(tasks: readonly string[]): Map<string, number>
  close(): void
}

/** The last `ok` run of a task is looked for among this many runs that ended last. */
const maxOkLookedAt = 1_000

// One seek in the index for each task, however many rows there are.
const allNames = `
  WITH RECURSIVE names (name) AS (
    SELECT min(task) FROM history
    UNION ALL
    SELECT (SELECT min(task) FROM history WHERE task > name) FROM names WHERE name IS NOT NULL
  )`
const givenNames = 'WITH names (name) AS (SELECT value FROM json_each(?))'
const lastOfNames = `
  ${selectRow} WHERE id IN (
    SELECT coalesce(
      (SELECT id FROM history WHERE task = name AND ${finished} ORDER BY at DESC, id DESC LIMIT 1),
      (SELECT id FROM history WHERE task = name AND outcome <> 'running' ORDER BY at DESC, id DESC LIMIT 1)
    ) FROM names
  )`
export const lastOfEachTask = allNames + lastOfNames
export const lastOfGivenTasks = givenNames + lastOfNames

export const skipsOfTasks = `${givenNames}
  SELECT name AS task, (
    SELECT count(*) FROM history WHERE task = name AND outcome = 'skipped' AND at >= coalesce(
      (SELECT at FROM history WHERE task = name AND run IS NOT NULL ORDER BY at DESC, id DESC LIMIT 1), 0)
  ) AS skips FROM names`

const lastEnds = `${givenNames}
  SELECT task, outcome, reason, trigger FROM names JOIN history ON history.id IN (
    SELECT id FROM history WHERE task = name AND ${finished}
    ORDER BY at DESC, id DESC LIMIT ${maxFailuresCounted}
  ) ORDER BY at DESC, history.id DESC`

/** In ISO 8601; null if none of its last runs was ok. */
export const lastOkOfTasks = `${givenNames}
  SELECT name AS task, (
    SELECT ended FROM (
      SELECT outcome, ended_at AS ended FROM history WHERE task = name AND ${finished}
      ORDER BY at DESC, id DESC LIMIT ${maxOkLookedAt}
    ) WHERE outcome = 'ok' LIMIT 1
  ) AS ended FROM names`

export const lastDurations = `
  SELECT task, outcome, duration_ms AS ms FROM json_each(?) AS names JOIN history ON history.id IN (
    SELECT id FROM history WHERE task = names.value AND ${finished}
    ORDER BY at DESC, id DESC LIMIT ${maxUsualLookedAt}
  ) ORDER BY at DESC, history.id DESC`

/**
 * Reads the history of a home. If history.db is missing or damaged, reads the runs that still have a
 * directory instead, and calls `tell` with a note.
 */
export function readHistoryOrRuns(
  host: Host,
  paths: { readonly history: string; readonly runs: string },
  tell: (note: string) => void,
): HistoryReader {
  let problem = ''
  try {
    const size = host.files.facts(paths.history)?.size ?? -1
    if (size > 0) return readHistory(paths.history)
    problem = `${paths.history} ${size === 0 ? 'is empty' : 'does not exist'}`
  } catch (error) {
    if (!(error instanceof TorchError)) throw error
    problem = error.message
  }
  const runs = historyFromRuns(host, paths.runs)
  if (runs.tasks().length > 0) tell(`${problem}: showing only the runs that still have a directory`)
  return runs
}

/** Reads history.db. A missing file is an empty history. Throws TorchError `history-unreadable`. */
export function readHistory(path: string, lockWaitMs?: number): HistoryReader {
  const { query, close } = openQuery(path, lockWaitMs)
  return {
    rows(filter) {
      const { sql, values } = rowsQuery(filter)
      return rowsFrom(query(sql, ...values)).toReversed()
    },
    lastOfEach(tasks) {
      const rows =
        tasks === undefined ? query(lastOfEachTask) : query(lastOfGivenTasks, JSON.stringify(tasks))
      return new Map(rowsFrom(rows).map((row) => [row.task, row]))
    },
    counts(last) {
      const skips = query(skipsOfTasks, JSON.stringify([...last.keys()])) as Skips[]
      const failed = [...last.values()].filter((row) => row.run !== null && row.outcome !== 'ok')
      const names = JSON.stringify(failed.map(({ task }) => task))
      return countsOf(skips, failed.length === 0 ? [] : (query(lastEnds, names) as HistoryRow[]))
    },
    lastOk(last) {
      const failed = [...last.values()].filter(({ outcome }) => outcome !== 'ok')
      const names = JSON.stringify(failed.map(({ task }) => task))
      const found = failed.length === 0 ? [] : (query(lastOkOfTasks, names) as LastOk[])
      return new Map([
        ...okEnds(last.values()),
        ...found.flatMap(({ task, ended }) => (ended === null ? [] : [[task, ended] as const])),
      ])
    },
    run: (idOrPrefix) => theRun(idOrPrefix, findRuns(query, idOrPrefix)),
    lastMs() {
      const [row] = query('SELECT max(at) AS at FROM history') as { at: number | null }[]
      return row?.at ?? 0
    },
    tasks() {
      const rows = query(`${allNames} SELECT name FROM names WHERE name IS NOT NULL`)
      return (rows as { name: string }[]).map((row) => row.name)
    },
    usual: (tasks) => usualDurations(query(lastDurations, JSON.stringify(tasks)) as Duration[]),
    close,
  }
}

/**
 * The history of a home whose history.db is lost, until a daemon has rebuilt it: the runs that still
 * have their directory, without skips and misses.
 */
export function historyFromRuns(host: Host, runsFolder: string): HistoryReader {
  const ordered = [...rowsOfRuns(host, runsFolder)]
    .filter((each) => each !== undefined)
    .toSorted((a, b) => byOrder(a, b))
  const rows = ordered.map(({ row }) => row)
  const finishedRows = rows.filter(({ outcome }) => outcome !== 'running')
  return {
    rows({ tasks = [], outcomes = [], since, limit }) {
      const found = rows.filter(
        (row) =>
          (tasks.length === 0 || tasks.includes(row.task)) &&
          (outcomes.length === 0 || outcomes.includes(row.outcome)) &&
          (since === undefined || Date.parse(row.startedAt ?? '') >= Date.parse(since)),
      )
      return found.slice(Math.max(found.length - limit, 0))
    },
    lastOfEach: () => new Map(finishedRows.map((row) => [row.task, row])),
    counts(last) {
      const none = [...last.keys()].map((task) => ({ task, skips: 0 }))
      return countsOf(none, finishedRows.toReversed())
    },
    lastOk: () => new Map(okEnds(finishedRows)),
    run(idOrPrefix) {
      const found = rows.filter(({ run }) => run?.startsWith(idOrPrefix))
      return theRun(idOrPrefix, found)
    },
    lastMs: () => ordered.at(-1)?.orderMs ?? 0,
    tasks: () => [...new Set(rows.map((row) => row.task))].toSorted(),
    usual(tasks) {
      const ended = finishedRows.filter(({ task }) => tasks.includes(task)).toReversed()
      return usualDurations(ended.map((row) => ({ ...row, ms: row.durationMs })))
    },
    close() {},
  }
}

interface LastOk {
  readonly task: string
  readonly ended: string | null
}

/** The task and the end of each row of an `ok` run. */
function okEnds(rows: Iterable<HistoryRow>): (readonly [task: string, ended: string])[] {
  return [...rows].flatMap(({ task, outcome, endedAt }) =>
    outcome === 'ok' && endedAt !== null ? [[task, endedAt] as const] : [],
  )
}

/** The SQL is one of a few constant texts. What people type goes in as values only. */
export function rowsQuery(filter: HistoryFilter): { sql: string; values: (string | number)[] } {
  const conditions: string[] = []
  const values: (string | number)[] = []
  const addCondition = (condition: string, value: string | number): void => {
    conditions.push(condition)
    values.push(value)
  }
  const addOneOf = (column: 'task' | 'outcome', wanted: readonly string[] = []): void => {
    const [first, second] = wanted
    if (first === undefined) return
    // With one value, the index returns the rows in order and SQLite does not sort.
    if (second === undefined) addCondition(`${column} = ?`, first)
    else addCondition(`${column} IN (SELECT value FROM json_each(?))`, JSON.stringify(wanted))
  }
  addOneOf('task', filter.tasks)
  addOneOf('outcome', filter.outcomes)
  if (filter.since !== undefined) {
    const sinceMs = Date.parse(filter.since)
    // By the time of the row. Its place in order is never less, and has an index.
    addCondition('at >= ?', sinceMs)
    addCondition(`${timeOfRow} >= ?`, timeText(sinceMs))
  }
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''
  return {
    sql: `${selectRow} ${where} ORDER BY at DESC, id DESC LIMIT ?`,
    values: [...values, filter.limit],
  }
}

function findRuns(query: Query, idOrPrefix: string): HistoryRow[] {
  const sql = `${selectRow} WHERE run >= ?1 AND run < ?1 || char(0x10FFFF) ORDER BY run LIMIT ?2`
  return rowsFrom(query(sql, idOrPrefix, maxAmbiguousShown + 1))
}

function rowsFrom(found: unknown[]): HistoryRow[] {
  return (found as StoredRow[]).map(rowFrom)
}

/** The one run that is meant. They are sorted, so a run with exactly this id comes first. */
function theRun(idOrPrefix: string, found: readonly HistoryRow[]): HistoryRow | undefined {
  if (idOrPrefix === '') return undefined
  if (found.length <= 1 || found[0]?.run === idOrPrefix) return found[0]
  throw ambiguousRun(
    idOrPrefix,
    found.map(({ run }) => run ?? ''),
  )
}
