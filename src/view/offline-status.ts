import type { StatusReport, TaskStatus } from '../control/status-report.ts'
import { loadLastGood } from '../daemon/tasks-file/last-good.ts'
import { loadTasks } from '../daemon/tasks-file/load.ts'
import { fileOf, goneStatus, liveStatus, taskStatus } from '../daemon/control/daemon-status.ts'
import { queueStatus } from '../daemon/control/messages.ts'
import { pauseReport } from '../daemon/control/pause-request.ts'
import { closedPart, readClosedPlaces } from '../daemon/starts/closed-places.ts'
import { readPaused } from '../daemon/starts/pauses.ts'
import { lastDaemonEnd } from '../daemon/recovery/daemon-record.ts'
import type { HomePaths } from '../daemon/settings.ts'
import type { Host } from '../host/host.ts'
import type { HistoryRow } from '../plan/history-row.ts'
import { freshEntry, timetableOf } from '../plan/slots.ts'
import { readHistoryOrRuns } from '../record/history/read-history.ts'
import { timeText } from '../record/history/rows.ts'
import { openInbox } from '../record/inbox/inbox.ts'
import { readTraces, runDirectory } from '../run/directory.ts'
import type { HostFacts } from '../tasks/hosts.ts'
import { liveRuns } from '../follow/kept-runs.ts'

/** A home, and what its tasks are compared with. */
export interface OfflineHome {
  readonly host: Host
  readonly paths: HomePaths
  /** This machine as `hosts` sees it. */
  readonly facts: HostFacts
  /** The tasks file: its absolute path, and how messages call it. */
  readonly file: { readonly shown: string; readonly absolute: string }
}

/**
 * The status without an answer of a daemon: from the tasks file, the run directories and the history. If the
 * file has problems, its tasks are those of the copy of the last good one, as `torch start --last-good` takes them.
 */
export async function offlineStatus(
  home: OfflineHome,
  tell: (note: string) => void,
): Promise<StatusReport> {
  const { host, paths, facts, file } = home
  const loaded = await loadTasks(host, file.absolute, { shown: file.shown })
  const lastGood =
    loaded.file === undefined ? await loadLastGood(host, paths, file.absolute, facts) : undefined
  const hostName = facts.names[0] ?? host.network.name()
  const running = liveRuns(host, paths.home)
  const reader = readHistoryOrRuns(host, paths, tell)
  const last = reader.lastOfEach()
  const counts = reader.counts(last)
  reader.close()
  const tasks = (loaded.file ?? lastGood?.file)?.tasks ?? []
  const now = Math.floor(host.clock.now() / 1000)
  const paused = readPaused(host, paths)
  const closed = readClosedPlaces(host, paths)
  const passed = new Map(paused.passed.map((each) => [each.task, each]))
  const inbox = openInbox(host, paths.inbox, () => {})
  const known = new Set(tasks.map((task) => task.name))
  const others = [...running]
    .filter(([name]) => !known.has(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return {
    daemon: null,
    ended: lastDaemonEnd(host, paths),
    host: { name: hostName, addresses: [...facts.addresses] },
    file: {
      ...fileOf(loaded, loaded.file === undefined ? loaded : undefined),
      loadedAt: null,
      ...(lastGood && { lastGoodAt: timeText(lastGood.atMs) }),
    },
    tasks: [
      ...tasks.map((task) =>
        taskStatus(task, {
          facts,
          hostName,
          // As if a daemon started now.
          next: freshEntry(timetableOf(task, hostName), now, now),
          now,
          running: running.get(task.name) ?? [],
          last: last.get(task.name),
          closed: closedPart(
            (closed.get(task.name) ?? []).filter((place) => place.definition === task.definition),
          ),
          paused: pauseReport(paused.pauses, task.name, passed.get(task.name), host.clock.now()),
          counts: { ...(counts.get(task.name) ?? { failures: 0, skips: 0 }), restarts: 0 },
          input:
            queueStatus(inbox, task) ??
            liveStatus(
              host,
              task,
              (running.get(task.name) ?? []).map((run) => ({
                directory: runDirectory(paths.home, task.name, run),
              })),
            ),
        }),
      ),
      ...others.map(([name, runs]) => withoutFile(home, name, runs, last.get(name))),
    ],
  }
}

/** A task that runs but is not in the file: only its run directories are known. */
function withoutFile(
  { host, paths }: OfflineHome,
  name: string,
  running: string[],
  last: HistoryRow | undefined,
): TaskStatus {
  const { description } = readTraces(host, runDirectory(paths.home, name, running[0] ?? ''))
  return goneStatus(name, description?.type, running, last)
}
