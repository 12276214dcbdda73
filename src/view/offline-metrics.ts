import type { OfflineMetrics } from '../metrics/families.ts'
import { readHistoryOrRuns } from '../record/history/read-history.ts'
import { type OfflineHome, offlineStatus } from './offline-status.ts'

/** What metrics say while no daemon answers: from the tasks file, the run directories and the history. */
export async function offlineMetrics(
  home: OfflineHome,
  tell: (note: string) => void,
): Promise<OfflineMetrics> {
  const status = await offlineStatus(home, tell)
  const reader = readHistoryOrRuns(home.host, home.paths, () => {})
  // The status has read the last rows already.
  const last = status.tasks.flatMap((task) =>
    task.last === null ? [] : [[task.name, task.last] as const],
  )
  const lastOk = reader.lastOk(new Map(last))
  reader.close()
  return { status, lastOk }
}
