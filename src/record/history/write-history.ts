import { messageOf } from '../../errors.ts'
import type { HistoryRow } from '../../plan/history-row.ts'
import { counted } from '../../text/plural.ts'
import type { OrderedRow } from './tables.ts'
import { type FileOptions, type HistoryFile, historyFile } from './database.ts'

/**
 * The history as the daemon writes it. Nothing here throws. Rows wait in memory and are written in
 * batches; only `flush`, `prune` and `close` touch the disk in the same call.
 */
export interface History {
  /**
   * Queues a row. It replaces an earlier row with the same run id. `orderMs` is its place in order
   * (run/order.ts); without it, that is its time.
   */
  add(row: HistoryRow, orderMs?: number): void
  /** Deletes the `running` row of a run that never began. */
  takeBack(run: string): void
  /** Writes all waiting rows now. */
  flush(): void
  /**
   * Deletes the rows from before that time (ISO 8601) and the oldest over `maxRows`, but never the
   * last finished run of a task. Deletes some at once and returns how many; the rest follows in small
   * parts.
   */
  prune(beforeIso: string, maxRows: number): number
  /** Why rows wait that could not be written, and since when; undefined while all is well. */
  trouble(): HistoryTrouble | undefined
  close(): void
}

interface HistoryTrouble {
  readonly message: string
  readonly sinceMs: number
}

export interface HistoryOptions extends FileOptions {
  /** As Clock.after of the host. */
  readonly after: (ms: number, callback: () => void) => () => void
  /** As Clock.now of the host. */
  readonly now: () => number
  /** These rows are on disk now. */
  readonly onWritten?: (rows: readonly HistoryRow[]) => void
}

/** How long rows are collected before they are written. */
const batchDelayMs = 200
/** Takes about 10 ms. Between two batches the daemon can start what is due. */
export const maxBatchRows = 250
/** The pause between two parts of pruning: most of the time is left for the daemon. */
const pruneDelayMs = 100
/** The wait after a failed write. It doubles up to the second one, so that rows are written soon after the cause is gone. */
const firstRetryMs = 1_000
const maxRetryMs = 5_000

export function openHistory(path: string, options: HistoryOptions): History {
  const { onTrouble, after } = options
  const file = historyFile(path, options)
  const queue = newRowQueue()
  const retry = newRetry(options)
  const neverBegan = new Set<string>()
  const writer = { file, queue, neverBegan, retry, options }
  const isWaiting = (): boolean => queue.size() > 0 || neverBegan.size > 0
  const cancels: { write?: () => void; prune?: () => void } = {}
  let isClosed = false

  function schedule(ms: number): void {
    cancels.write ??= after(ms, () => {
      delete cancels.write
      if (isWaiting()) writeBatch(writer)
      if (isWaiting()) schedule(retry.waitMs())
    })
  }

  function flush(): void {
    while (isWaiting() && writeBatch(writer));
    if (isWaiting()) schedule(retry.waitMs())
  }

  function prune(beforeIso: string, maxRows: number): number {
    cancels.prune?.()
    delete cancels.prune
    const pruned = retry.attempt(() => file.prune(Date.parse(beforeIso), maxRows))
    const next = (): void => void prune(beforeIso, maxRows)
    if (pruned?.isPart === true) cancels.prune = after(pruneDelayMs, next)
    return pruned?.deleted ?? 0
  }

  retry.attempt(() => file.open())
  return {
    add(row, orderMs) {
      if (isClosed) return
      queue.add(orderMs === undefined ? row : { ...row, orderMs })
      schedule(retry.waitMs() || batchDelayMs)
    },
    takeBack(run) {
      neverBegan.add(run)
      schedule(retry.waitMs() || batchDelayMs)
    },
    flush,
    prune,
    trouble: retry.trouble,
    close() {
      if (isClosed) return
      isClosed = true
      flush()
      cancels.write?.()
      cancels.prune?.()
      if (queue.size() > 0)
        onTrouble(`history lost ${counted(queue.size(), 'row')}: not written before the end`)
      file.close()
    },
  }
}

interface Writer {
  readonly file: HistoryFile
  readonly queue: RowQueue
  /** Runs whose `running` row is to be deleted. */
  readonly neverBegan: Set<string>
  readonly retry: Retry
  readonly options: HistoryOptions
}

/** Returns false if the rows could not be written; they stay queued. */
function writeBatch({ file, queue, neverBegan, retry, options }: Writer): boolean {
  const { onTrouble, onWritten } = options
  const rows = queue.first(maxBatchRows)
  const refused = retry.attempt(() => file.write(lastOfEachRun(rows), neverBegan))
  if (refused === undefined) return false
  queue.remove(rows.length)
  neverBegan.clear()
  onWritten?.(rows)
  const dropped = queue.takeDropped()
  if (dropped > 0) onTrouble(`history lost ${counted(dropped, 'row')}: too many were waiting`)
  if (refused > 0) onTrouble(`history lost ${counted(refused, 'row')}: not valid`)
  return true
}

/** A run that ended before its start was written needs only its last row, at the place of the first. */
function lastOfEachRun(rows: readonly OrderedRow[]): OrderedRow[] {
  const last = new Map<string | symbol, OrderedRow>()
  for (const row of rows) last.set(row.run ?? Symbol(), row)
  return [...last.values()]
}

interface Retry {
  /** How long to wait before the next attempt; 0 while all is well. */
  waitMs(): number
  /** What was reported of the current problem. */
  trouble(): HistoryTrouble | undefined
  /** Returns undefined if `act` throws. */
  attempt<T>(act: () => T): T | undefined
}

/** Reports a problem when it begins and when it is over, not at each attempt between. */
function newRetry({ onTrouble, now }: HistoryOptions): Retry {
  let waitMs = 0
  let trouble: HistoryTrouble | undefined
  return {
    waitMs: () => waitMs,
    trouble: () => trouble,
    attempt<T>(act: () => T): T | undefined {
      try {
        const result = act()
        if (trouble !== undefined) onTrouble('the history is being written again')
        trouble = undefined
        waitMs = 0
        return result
      } catch (error) {
        if (trouble === undefined) {
          const message = `the history cannot be written, its rows wait: ${messageOf(error)}`
          trouble = { message, sinceMs: now() }
          onTrouble(message)
        }
        waitMs = waitMs === 0 ? firstRetryMs : Math.min(waitMs * 2, maxRetryMs)
        return undefined
      }
    },
  }
}

/** At most this many rows wait: about 25 MB, or hours of history while a disk is full. */
export const maxQueuedRows = 50_000
/** A full queue drops many rows at once, so that it has to do so rarely. */
const rowsDroppedAtOnce = 5_000

interface RowQueue {
  /** Never refuses a row. A full queue drops the oldest skips, or if it has none, the oldest rows. */
  add(row: OrderedRow): void
  /** The oldest rows. They stay queued until they are removed. */
  first(limit: number): OrderedRow[]
  remove(count: number): void
  size(): number
  /** How many rows were dropped since the last call. */
  takeDropped(): number
}

export function newRowQueue(): RowQueue {
  let rows: OrderedRow[] = []
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

function withRoom(rows: readonly OrderedRow[]): OrderedRow[] {
  let left = rowsDroppedAtOnce
  const kept = rows.filter((row) => row.outcome !== 'skipped' || left-- <= 0)
  return kept.slice(Math.max(left, 0))
}
