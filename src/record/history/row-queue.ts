import type { HistoryRow } from '../../plan/history-row.ts'

/** Rows that wait to be written: about 25 MB at most, hours of history while a disk is full. */
export const maxQueuedRows = 50_000
/** How many go at once when it is full, so that room is made seldom and not for each row. */
const rowsDroppedAtOnce = 5_000

export interface RowQueue {
  /** Never refuses: when it is full the oldest skips go, and without skips the oldest rows. */
  add(row: HistoryRow): void
  /** The oldest, still queued until they are removed. */
  first(limit: number): HistoryRow[]
  remove(count: number): void
  size(): number
  /** How many were dropped since the last call. */
  takeDropped(): number
}

export function newRowQueue(): RowQueue {
  let rows: HistoryRow[] = []
  let dropped = 0
  return {
    add(row) {
      if (rows.length >= maxQueuedRows) {
        rows = withRoom(rows)
        dropped += maxQueuedRows - rows.length
      }
      rows.push(row)
    },
    first: (limit) => rows.slice(0, limit),
    remove: (count) => void rows.splice(0, count),
    size: () => rows.length,
    takeDropped() {
      const count = dropped
      dropped = 0
      return count
    },
  }
}

function withRoom(rows: readonly HistoryRow[]): HistoryRow[] {
  let left = rowsDroppedAtOnce
  const kept = rows.filter((row) => row.outcome !== 'skipped' || left-- <= 0)
  return kept.slice(Math.max(left, 0))
}
