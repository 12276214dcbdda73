import fs from 'node:fs'
import { badOutcomes, type Outcome } from '../../plan/history-row.ts'
import { asJson, openQuery, type Query, rowsOfJson } from './read-only.ts'
import { finished } from './tables.ts'
import { type PastLimits, type PastWindow, readWindow, type WindowPast } from './window-past.ts'

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

/** Reads history.db for a page that stays open. A missing file has no rows. Throws TorchError `history-unreadable`. */
export interface LookBack {
  /** The last runs of each task that have ended, oldest first. */
  recent(tasks: readonly string[], limit: number): Map<string, EndedRun[]>
  /** When the first run after the last good one started, for tasks that fail. */
  failingSince(tasks: readonly string[]): Map<string, string>
  /** What has a part in [from, to]. */
  between(window: PastWindow, limits: PastLimits): WindowPast
  /** How many rows of each outcome but `ok` and `running` are newer than this, in milliseconds since the epoch. */
  countsSince(sinceMs: number): Partial<Record<Outcome, number>>
  close(): void
}

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

// By the index of outcomes: most rows are ok, and need no look.
const counted = [...badOutcomes, 'skipped', 'missed'].map((each) => `'${each}'`).join(', ')
const outcomeCounts = `SELECT outcome, count(*) AS count FROM history
  WHERE outcome IN (${counted}) AND at >= ? GROUP BY outcome`

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
      const rows = rowsOfJson(query(recentRuns, JSON.stringify(tasks), limit)) as RecentRow[]
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
    between: (window, limits) => readWindow(query, window, limits),
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

interface FirstFailure {
  readonly task: string
  readonly since: string | null
}

function identityOf(path: string): string | undefined {
  const found = fs.statSync(path, { throwIfNoEntry: false })
  return found === undefined || found.size === 0 ? undefined : `${found.dev}:${found.ino}`
}
