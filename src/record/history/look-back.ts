import fs from 'node:fs'
import type { Outcome } from '../../plan/history-row.ts'
import { openQuery, type Query } from './read-only.ts'
import { finished } from './tables.ts'

/*
 * What the page of `torch web` reads: few columns of many rows. The connection stays open, because a page
 * asks often.
 */

/** A run that has ended, with its start and its length in milliseconds. */
export type EndedRun = readonly [
  run: string,
  outcome: Outcome,
  startedMs: number,
  durationMs: number | null,
]

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
]

/** Reads history.db for a page that stays open. A missing file has no rows. Throws TorchError `history-unreadable`. */
export interface LookBack {
  /** The last runs of each task that have ended, oldest first. */
  recent(tasks: readonly string[], limit: number): Map<string, EndedRun[]>
  /** When the first run after the last good one started, for tasks that fail. */
  failingSince(tasks: readonly string[]): Map<string, string>
  /** The rows with a part in [from, to], newest first, at most `limit`. Without `tasks`: of all. */
  between(from: number, to: number, tasks: readonly string[], limit: number): TimelinePart[]
  /** How many rows of each outcome but `ok` and `running` are newer than this, in milliseconds since the epoch. */
  countsSince(sinceMs: number): Partial<Record<Outcome, number>>
  close(): void
}

/**
 * SQLite makes one text of all rows: libsql takes four times as long to hand over the same rows one by one.
 */
const asJson = (columns: string, inner: string): string =>
  `SELECT json_group_array(json_array(${columns})) AS json FROM (${inner})`

const recentRuns = asJson(
  'task, run, outcome, started_at, duration_ms',
  `SELECT history.* FROM json_each(?1) AS names JOIN history ON history.id IN (
    SELECT id FROM history WHERE task = names.value AND ${finished}
    ORDER BY at DESC, id DESC LIMIT ?2
  ) ORDER BY at, history.id`,
)

const firstFailures = `
  SELECT names.value AS task, (
    SELECT started_at FROM history WHERE task = names.value AND ${finished} AND at > coalesce((
      SELECT max(at) FROM history WHERE task = names.value AND ${finished} AND outcome = 'ok'
    ), 0) ORDER BY at LIMIT 1
  ) AS since FROM json_each(?) AS names`

/** A run that began longer than this before a window is not in it, unless it is still running. */
const maxLongRunMs = 86_400_000

/** Rows with a part in the window, by where they begin. ?1 from, ?2 to. */
const windows = {
  inside: 'at BETWEEN ?1 AND ?2',
  before: `at BETWEEN ?1 - ${maxLongRunMs} AND ?1 - 1 AND at + duration_ms >= ?1`,
  running: "outcome = 'running' AND at < ?1",
  // torch learns of missed slots later than they were due.
  missed: "outcome = 'missed' AND at > ?2 AND unixepoch(slot) * 1000 <= ?2",
} as const

const partColumns = `task, run, outcome, at, duration_ms, exit_code, signal, reason, attempt, late_ms, revision,
  slot, last_slot, count`

/** ?3 limit, ?4 tasks as JSON. */
const partsIn = (window: string, ofTasks: string): string =>
  asJson(partColumns, `SELECT * FROM history WHERE ${window} ${ofTasks} ORDER BY at DESC LIMIT ?3`)
const ofTheseTasks = 'AND task IN (SELECT value FROM json_each(?4))'

// By the index of outcomes: most rows are ok, and need no look.
const outcomeCounts = `SELECT outcome, count(*) AS count FROM history
  WHERE outcome IN ('failed', 'timeout', 'killed', 'spawn-failed', 'unknown', 'skipped', 'missed') AND at >= ?
  GROUP BY outcome`

export function openLookBack(path: string): LookBack {
  let open: { readonly identity: string; readonly query: Query; close(): void } | undefined
  /** The daemon may have put a new file there. */
  const query: Query = (sql, ...values) => {
    const identity = identityOf(path)
    if (open !== undefined && open.identity !== identity) {
      open.close()
      open = undefined
    }
    if (identity === undefined) return []
    open ??= { identity, ...openQuery(path) }
    return open.query(sql, ...values)
  }
  return {
    recent(tasks, limit) {
      const found = new Map<string, EndedRun[]>()
      const rows = parsed(query(recentRuns, JSON.stringify(tasks), limit)) as RecentRow[]
      for (const [task, run, outcome, startedAt, durationMs] of rows) {
        const list = found.get(task) ?? []
        list.push([run, outcome, Date.parse(startedAt), durationMs])
        found.set(task, list)
      }
      return found
    },
    failingSince(tasks) {
      const rows = query(firstFailures, JSON.stringify(tasks)) as FirstFailure[]
      return new Map(rows.flatMap(({ task, since }) => (since === null ? [] : [[task, since]])))
    },
    between(from, to, tasks, limit) {
      const parts: TimelinePart[] = []
      for (const window of Object.values(windows)) {
        const left = limit - parts.length
        if (left <= 0) break
        const found =
          tasks.length === 0
            ? query(partsIn(window, ''), from, to, left)
            : query(partsIn(window, ofTheseTasks), from, to, left, JSON.stringify(tasks))
        for (const part of parsed(found) as TimelinePart[]) parts.push(part)
      }
      return parts
    },
    countsSince(sinceMs) {
      const rows = query(outcomeCounts, sinceMs) as { outcome: Outcome; count: number }[]
      return Object.fromEntries(rows.map(({ outcome, count }) => [outcome, count]))
    },
    close() {
      open?.close()
      open = undefined
    },
  }
}

type RecentRow = readonly [
  task: string,
  run: string,
  outcome: Outcome,
  startedAt: string,
  durationMs: number | null,
]

/** The rows of asJson(). Without a file there is no answer. */
function parsed(found: unknown[]): unknown {
  const [row] = found as { json: string }[]
  return row === undefined ? [] : JSON.parse(row.json)
}

interface FirstFailure {
  readonly task: string
  readonly since: string | null
}

function identityOf(path: string): string | undefined {
  const found = fs.statSync(path, { throwIfNoEntry: false })
  return found === undefined || found.size === 0 ? undefined : `${found.dev}:${found.ino}`
}
