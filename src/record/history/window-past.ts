import { badOutcomes, type Outcome } from '../../plan/history-row.ts'
import { grouped } from '../../text/grouped.ts'
import { asJson, type Query, rowsOfJson } from './read-only.ts'
import { finished } from './tables.ts'

/**
 * The part of a row that a timeline shows. `atMs` is its place in order: for a run its start, unless the
 * clock was set back. Slots are ISO 8601.
 */
export type TimelinePart = readonly [
  task: string,
  run: string | null,
  outcome: Outcome,
  atMs: number,
  durationMs: number | null,
  exitCode: number | null,
  signal: string | null,
  reason: string | null,
  attempt: number | null,
  lateMs: number | null,
  revision: string | null,
  slot: string | null,
  lastSlot: string | null,
  count: number | null,
  /** Only where rows are of several machines. */
  host?: string,
]

/**
 * Ended runs of a task that began in one part of the time, and how many did not end well. All counts of the
 * same part add up.
 */
export type RunCount = readonly [task: string, fromMs: number, runs: number, failed: number]

/** A stretch of time, in milliseconds since the epoch. */
export interface PastWindow {
  readonly from: number
  readonly to: number
  /** Empty: all tasks. */
  readonly tasks: readonly string[]
}

export interface PastLimits {
  /** Of rows in the whole answer. */
  readonly rows: number
  /** The ended runs of a task that has more in the window are only counted. */
  readonly runs: number
  /** They are counted for each of these parts of the window, from its start on, in milliseconds. */
  readonly stepMs: number
}

export interface WindowPast {
  /** Rows with a part in the window, newest first in each kind. */
  readonly parts: readonly TimelinePart[]
  /** The ended runs that began in the window, of tasks with many of them. They are not in `parts`. */
  readonly counted: ReadonlyMap<string, readonly RunCount[]>
  /** There are more rows: the oldest are left out. */
  readonly isCut: boolean
}

/** A run that began longer than this before a window is not in it, unless it is still running. */
const maxLongRunMs = 86_400_000

/** ?1 from, ?2 to. */
const inWindow = 'at BETWEEN ?1 AND ?2'
const windows = {
  inside: inWindow,
  /** Of the tasks whose ended runs are counted. */
  open: `outcome IN ('running', 'skipped', 'missed') AND ${inWindow}`,
  before: `at BETWEEN ?1 - ${maxLongRunMs} AND ?1 - 1 AND at + duration_ms >= ?1`,
  running: "outcome = 'running' AND at < ?1",
  // torch learns of missed slots later than they were due.
  missed: "outcome = 'missed' AND at > ?2 AND unixepoch(slot) * 1000 <= ?2",
} as const

/** Some tasks: those with these names, or all others. The names are ?4, as JSON. */
interface SomeTasks {
  readonly sql: string
  readonly names: readonly string[]
}
const only = (names: readonly string[]): SomeTasks => ({
  sql: 'AND task IN (SELECT value FROM json_each(?4))',
  names,
})
const allBut = (names: readonly string[]): SomeTasks => ({
  sql: 'AND task NOT IN (SELECT value FROM json_each(?4))',
  names,
})

const partColumns = `task, run, outcome, at, duration_ms, exit_code, signal, reason, attempt, late_ms, revision,
  slot, last_slot, count`

/** ?3 limit. */
const partsIn = (window: string, some: SomeTasks): string =>
  asJson(partColumns, `SELECT * FROM history WHERE ${window} ${some.sql} ORDER BY at DESC LIMIT ?3`)

/** Tasks with more than ?3 ended runs in the window: the index has everything that this reads. */
const busyTasks = (some: SomeTasks): string =>
  `SELECT task FROM history WHERE ${finished} AND ${inWindow} ${some.sql} GROUP BY task HAVING count(*) > ?3`

const bad = `outcome IN (${badOutcomes.map((each) => `'${each}'`).join(', ')})`

/**
 * ?3 the length of a part; libsql passes numbers as reals. Indexes have everything that is counted, except
 * the tasks of the failures, which are few. To look at each row would take three times as long.
 */
const runCounts = (some: SomeTasks): string => {
  const from = 'CAST((at - ?1) / ?3 AS INTEGER) * ?3 + ?1'
  const counted = (which: string, runs: string, failed: string): string =>
    `SELECT task, CAST(${from} AS INTEGER) AS begin, ${runs} AS runs, ${failed} AS failed
    FROM history WHERE ${which} AND ${inWindow} ${some.sql} GROUP BY task, begin`
  return asJson(
    'task, begin, runs, failed',
    `${counted(finished, 'count(*)', '0')} UNION ALL ${counted(bad, '0', 'count(*)')}`,
  )
}

/** Reads what has a part in a window. A task with many runs costs no more than to count them. */
export function readWindow(query: Query, window: PastWindow, limits: PastLimits): WindowPast {
  const { from, to, tasks } = window
  const read = (sql: (some: SomeTasks) => string, some: SomeTasks, value: number): unknown[] =>
    query(sql(some), from, to, value, JSON.stringify(some.names))
  const wanted = tasks.length === 0 ? allBut([]) : only(tasks)
  const found = read(busyTasks, wanted, limits.runs) as { task: string }[]
  const busy = found.map(({ task }) => task)
  const others =
    tasks.length === 0 ? allBut(busy) : only(tasks.filter((task) => !busy.includes(task)))
  const parts: TimelinePart[] = []
  const readParts = (name: keyof typeof windows, some: SomeTasks): void => {
    const left = limits.rows + 1 - parts.length
    if (left <= 0) return
    const rows = rowsOfJson(read((of) => partsIn(windows[name], of), some, left)) as TimelinePart[]
    for (const row of rows) parts.push(row)
  }
  readParts('inside', others)
  if (busy.length > 0) readParts('open', only(busy))
  readParts('before', others)
  readParts('running', wanted)
  readParts('missed', wanted)
  const counts = busy.length === 0 ? [] : rowsOfJson(read(runCounts, only(busy), limits.stepMs))
  const isCut = parts.length > limits.rows
  return {
    parts: isCut ? parts.slice(0, limits.rows) : parts,
    counted: grouped(counts as RunCount[], ([task]) => task),
    isCut,
  }
}
