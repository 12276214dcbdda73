import { messageOf } from '../../errors.ts'
import type { HistoryRow } from '../../plan/history-row.ts'
import { type FileOptions, type HistoryFile, historyFile } from './database.ts'
import { newRowQueue, type RowQueue } from './row-queue.ts'

/**
 * The daemon's end of history.db. Nothing here throws, and nothing but `flush`, `prune` and
 * `close` touches the disk in the same call: rows wait in memory and are written in batches.
 */
export interface History {
  /** Queues the row. One with the same run id replaces the one before it. */
  add(row: HistoryRow): void
  /** Takes back the row of a run that was to start, is said to run, and never began. */
  takeBack(run: string): void
  /** Writes all that waits, now. */
  flush(): void
  /**
   * Forgets what happened before that time (ISO 8601), and the oldest over `maxRows`; but never the
   * last finished run of a task. Deletes some at once and the rest in small parts. Gives how many at once.
   */
  prune(beforeIso: string, maxRows: number): number
  close(): void
}

export interface HistoryOptions extends FileOptions {
  /** As Clock.after of the host. */
  readonly after: (ms: number, callback: () => void) => () => void
  /** These are on disk now, and in no other place needed any more. */
  readonly onWritten?: (rows: readonly HistoryRow[]) => void
}

/** How long rows are collected before they are written. */
const batchDelayMs = 200
/** Takes some 10 ms; between batches the daemon gets to its slots. */
export const maxBatchRows = 250
/** Between two parts of what is pruned: leaves most of the time to the daemon. */
const pruneDelayMs = 100
/** The next try after trouble; doubles up to the second one, so that it is over soon after its cause. */
const firstRetryMs = 1_000
const maxRetryMs = 5_000

export function openHistory(path: string, options: HistoryOptions): History {
  const { onTrouble, after } = options
  const file = historyFile(path, options)
  const queue = newRowQueue()
  const tries = countTries(onTrouble)
  const unbegun = new Set<string>()
  const writing = { file, queue, unbegun, tries, options }
  const isWaiting = (): boolean => queue.size() > 0 || unbegun.size > 0
  const cancels: { write?: () => void; prune?: () => void } = {}
  let closed = false

  function schedule(ms: number): void {
    cancels.write ??= after(ms, () => {
      delete cancels.write
      if (isWaiting()) writeBatch(writing)
      if (isWaiting()) schedule(tries.waitMs())
    })
  }

  function flush(): void {
    while (isWaiting() && writeBatch(writing));
    if (isWaiting()) schedule(tries.waitMs())
  }

  function prune(beforeIso: string, maxRows: number): number {
    cancels.prune?.()
    delete cancels.prune
    const pruned = tries.attempt(() => file.prune(Date.parse(beforeIso), maxRows))
    const next = (): void => void prune(beforeIso, maxRows)
    if (pruned?.isPart === true) cancels.prune = after(pruneDelayMs, next)
    return pruned?.gone ?? 0
  }

  tries.attempt(() => file.open())
  return {
    add(row) {
      if (closed) return
      queue.add(row)
      schedule(tries.waitMs() || batchDelayMs)
    },
    takeBack(run) {
      unbegun.add(run)
      schedule(tries.waitMs() || batchDelayMs)
    },
    flush,
    prune,
    close() {
      if (closed) return
      closed = true
      flush()
      cancels.write?.()
      cancels.prune?.()
      if (queue.size() > 0) onTrouble(`history ends without ${queue.size()} rows`)
      file.close()
    },
  }
}

interface Writing {
  readonly file: HistoryFile
  readonly queue: RowQueue
  /** Runs whose row is to be taken back. */
  readonly unbegun: Set<string>
  readonly tries: Tries
  readonly options: HistoryOptions
}

/** false: trouble, and the rows are still queued. */
function writeBatch(writing: Writing): boolean {
  const { file, queue, unbegun, tries, options } = writing
  const { onTrouble, onWritten } = options
  const rows = queue.first(maxBatchRows)
  const refused = tries.attempt(() => file.write(lastOfEachRun(rows), unbegun))
  if (refused === undefined) return false
  queue.remove(rows.length)
  unbegun.clear()
  onWritten?.(rows)
  const dropped = queue.takeDropped()
  if (dropped > 0) onTrouble(`history dropped ${dropped} rows that could not be written in time`)
  if (refused > 0) onTrouble(`history left out ${refused} rows that are not as they should be`)
  return true
}

/** A run that ended before its start was written takes one row and not two, in the place of its start. */
function lastOfEachRun(rows: readonly HistoryRow[]): HistoryRow[] {
  const last = new Map<string | symbol, HistoryRow>()
  for (const row of rows) last.set(row.run ?? Symbol(), row)
  return [...last.values()]
}

interface Tries {
  /** How long to wait before the next try; 0 while all is well. */
  waitMs(): number
  /** undefined: it failed. */
  attempt<T>(act: () => T): T | undefined
}

/** Trouble is told of when it begins and when it is over, not at each try between. */
function countTries(onTrouble: (words: string) => void): Tries {
  let waitMs = 0
  return {
    waitMs: () => waitMs,
    attempt<T>(act: () => T): T | undefined {
      try {
        const result = act()
        if (waitMs > 0) onTrouble('history is written again')
        waitMs = 0
        return result
      } catch (error) {
        if (waitMs === 0) onTrouble(`history cannot be written, and waits: ${messageOf(error)}`)
        waitMs = waitMs === 0 ? firstRetryMs : Math.min(waitMs * 2, maxRetryMs)
        return undefined
      }
    },
  }
}
