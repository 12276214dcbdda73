import type { HistoryRow } from '../history-row.ts'
import { isFailure } from '../run-outcome.ts'

/** Which rows of plain tasks a machine adds to the history of the fleet. */
export type Share = 'none' | 'problems' | 'all'

/** Whether others see a row while its machine is down. Those of tasks that the fleet shares are always there. */
export function isShared(row: HistoryRow, share: Share, isOfFleet: boolean): boolean {
  if (isOfFleet || share === 'all') return true
  return share === 'problems' && isProblem(row)
}

function isProblem(row: HistoryRow): boolean {
  if (row.outcome === 'running' || row.outcome === 'skipped') return false
  return row.outcome === 'missed' || isFailure(row)
}

/** The id of a row for the engine: the start and the end of a run are two rows. */
export function rowId(row: HistoryRow): string {
  const { run, host, task, slot, outcome, endedAt } = row
  return run === null ? [host, task, slot, outcome, endedAt].join(' ') : `${run}-${outcome}`
}
