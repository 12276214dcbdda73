import type { PutAnswer } from '../plan/fleet/answers.ts'
import type { HistoryRow } from '../plan/history-row.ts'

/** Which rows to read: the newest ones. */
export interface RowQuery {
  /** Of these machines; undefined: of all. */
  readonly hosts?: readonly string[] | undefined
  readonly tasks?: readonly string[] | undefined
  /** Only what the engine stored since then, in milliseconds since the epoch. */
  readonly sinceMs?: number | undefined
  readonly limit: number
}

/** The answer to "which rows are there?" */
type RowsAnswer =
  /** Newest first. `host` of each row is the name of its machine in the fleet. A run may have several rows. */
  | { readonly kind: 'rows'; readonly rows: readonly HistoryRow[] }
  | { readonly kind: 'silent'; readonly words: string }

/**
 * The rows of the history that the engine keeps, so that others see them while their machine is down. No function
 * throws or rejects.
 */
export interface RowStore {
  /** Stores a row of this machine. The same id within two minutes is stored once. */
  put(row: HistoryRow, id: string): Promise<PutAnswer>
  read(query: RowQuery): Promise<RowsAnswer>
}
