import { messageOf } from '../../errors.ts'
import { type HistoryReader, readHistory } from '../../record/history/read-history.ts'
import type { Log } from '../../record/log.ts'
import type { HomePaths } from '../settings.ts'
import type { TaskPast } from '../starts/run-table.ts'

interface HistoryParts {
  readonly paths: HomePaths
  readonly log: Log
}

/**
 * What the history says of these tasks. It is only shown: if the history cannot be read, a daemon works
 * without it.
 */
export function pastOf(
  { paths, log }: HistoryParts,
  tasks: readonly string[],
): Map<string, TaskPast> {
  return fromHistory({ paths, log }, new Map(), (reader) => pastsIn(reader, tasks))
}

/**
 * The same for a daemon that starts, and the place in order (run/order.ts) of the last row of the
 * history; 0 if it cannot be read.
 */
export function recordedPast(
  parts: HistoryParts,
  tasks: readonly string[],
): { pasts: Map<string, TaskPast>; lastMs: number } {
  return fromHistory(parts, { pasts: new Map<string, TaskPast>(), lastMs: 0 }, (reader) => ({
    pasts: pastsIn(reader, tasks),
    lastMs: reader.lastMs(),
  }))
}

function pastsIn(reader: HistoryReader, tasks: readonly string[]): Map<string, TaskPast> {
  const last = reader.lastOfEach(tasks)
  const counts = reader.counts(last)
  const lastOk = reader.lastOk(last)
  const none = { failures: 0, skips: 0 }
  return new Map(
    [...last].map(([task, row]) => [
      task,
      { last: row, lastOk: lastOk.get(task), ...(counts.get(task) ?? none) },
    ]),
  )
}

function fromHistory<T>(
  { paths, log }: HistoryParts,
  none: T,
  read: (reader: HistoryReader) => T,
): T {
  try {
    const reader = readHistory(paths.history)
    try {
      return read(reader)
    } finally {
      reader.close()
    }
  } catch (error) {
    log.warn('trouble', { file: paths.history }, messageOf(error))
    return none
  }
}
