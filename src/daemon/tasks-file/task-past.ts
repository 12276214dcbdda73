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
  return fromHistory({ paths, log }, new Map(), (reader) => {
    const last = reader.lastOfEach(tasks)
    const counts = reader.counts(last)
    const none = { failures: 0, skips: 0 }
    return new Map(
      [...last].map(([task, row]) => [task, { last: row, ...(counts.get(task) ?? none) }]),
    )
  })
}

/** The place in order (run/order.ts) of the last row of the history; 0 if it cannot be read. */
export function lastRecordedMs(parts: HistoryParts): number {
  return fromHistory(parts, 0, (reader) => reader.lastMs())
}

function fromHistory<T>(
  { paths, log }: HistoryParts,
  none: T,
  read: (reader: HistoryReader) => T,
): T {
  try {
    const reader = readHistory(paths.history)
    const found = read(reader)
    reader.close()
    return found
  } catch (error) {
    log.warn('trouble', { file: paths.history }, messageOf(error))
    return none
  }
}
