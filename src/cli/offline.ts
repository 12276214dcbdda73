import type { StatusReport } from '../control/protocol.ts'
import { loadTasks } from '../daemon/load.ts'
import { fileOf, taskStatus } from '../daemon/status.ts'
import { readHistory } from '../record/read-history.ts'
import type { Call } from './command.ts'
import { liveRuns } from './live-runs.ts'
import type { Values } from './options.ts'
import { factsHere } from './tasks-file.ts'
import { tasksPath } from './tasks-path.ts'

/** The status of a home without a daemon: from the tasks file, the run directories and the history. */
export async function offlineStatus(call: Call, values: Values): Promise<StatusReport> {
  const { host, paths } = call
  const file = tasksPath(call, values, undefined)
  const loaded = await loadTasks(host, file.absolute, { shown: file.shown })
  const facts = factsHere(call, values)
  const hostName = facts.names[0] ?? host.network.name()
  const running = liveRuns(host, paths.home)
  const reader = readHistory(paths.history)
  const last = reader.lastOfEach()
  reader.close()
  return {
    daemon: null,
    host: { name: hostName, addresses: [...facts.addresses] },
    file: { ...fileOf(loaded, loaded.file === undefined ? loaded : undefined), loadedAt: null },
    tasks: (loaded.file?.tasks ?? []).map((task) =>
      taskStatus(task, {
        facts,
        hostName,
        nowSecond: Math.floor(host.clock.now() / 1000),
        running: running.get(task.name) ?? [],
        last: last.get(task.name),
      }),
    ),
  }
}
