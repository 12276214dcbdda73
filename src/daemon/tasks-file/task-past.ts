import { messageOf } from '../../errors.ts'
import { readHistory } from '../../record/history/read-history.ts'
import type { Log } from '../../record/log.ts'
import type { HomePaths } from '../settings.ts'
import type { TaskPast } from '../starts/run-table.ts'

/**
 * What the history says of these tasks. It is only shown: if the history cannot be read, a daemon works
 * without it.
 */
export function pastOf(
  { paths, log }: { readonly paths: HomePaths; readonly log: Log },
  tasks: readonly string[],
): Map<string, TaskPast> {
  try {
    const reader = readHistory(paths.history)
    const last = reader.lastOfEach(tasks)
    const counts = reader.counts(last)
    reader.close()
    const none = { failures: 0, skips: 0 }
    return new Map(
      [...last].map(([task, row]) => [task, { last: row, ...(counts.get(task) ?? none) }]),
    )
  } catch (error) {
    log.warn('trouble', { file: paths.history }, messageOf(error))
    return new Map()
  }
}
