import type Database from 'libsql'
import { finished } from './tables.ts'

interface Pruned {
  /** How many rows are deleted. */
  readonly gone: number
  /** There is more to look at. */
  readonly isPart: boolean
}

/**
 * Forgets some of what is from before that time (ms since the epoch) and of the oldest over
 * `maxRows`, but never the last finished run of a task, nor what runs.
 */
export type Prune = (before: number, maxRows: number) => Pruned

/** Rows that are looked at in one part: takes some 10 ms. */
export const maxPrunedRows = 1_000

/** What was kept may be kept no longer. It is looked at again after so many calls: in minutes a day. */
const callsPerRound = 1_440

// Ids grow with time and only the oldest are deleted, so they tell how many rows there are
// without counting them.
const findHorizon = `SELECT max(
  coalesce((SELECT id FROM history WHERE at < ? ORDER BY at DESC LIMIT 1), 0),
  coalesce((SELECT max(id) FROM history), 0) - ?) AS id`

const findPart = `SELECT max(id) AS end, count(*) AS count FROM (
  SELECT id FROM history WHERE id > ? AND id <= ? ORDER BY id LIMIT ${maxPrunedRows})`

const deletePart = `DELETE FROM history WHERE id > ? AND id <= ?
  AND (at < ? OR id <= (SELECT max(id) FROM history) - ?) AND (
    outcome IN ('skipped', 'missed') OR outcome <> 'running' AND EXISTS (
      SELECT 1 FROM history newer
      WHERE newer.task = history.task AND newer.at > history.at AND newer.${finished}
    )
  )`

/**
 * Goes over the old rows from the oldest on, and on from there at the next call: what is kept of a
 * hundred thousand tasks that run seldom is not looked at each time.
 */
export function prunerOf(database: Database.Database): Prune {
  const horizon = database.prepare(findHorizon)
  const part = database.prepare(findPart)
  const remove = database.prepare(deletePart)
  let behind = 0
  let calls = 0
  return (before, maxRows) => {
    const { id } = horizon.get(before, maxRows) as { id: number }
    const { end, count } = part.get(behind, id) as { end: number | null; count: number }
    const gone = end === null ? 0 : remove.run(behind, end, before, maxRows).changes
    const isPart = count === maxPrunedRows
    behind = end ?? behind
    if (!isPart) calls += 1
    if (calls < callsPerRound) return { gone, isPart }
    calls = 0
    behind = 0
    return { gone, isPart }
  }
}
