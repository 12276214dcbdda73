import type { StatusReport, TaskStatus } from '../../../control/status-report.ts'
import { loadTasks } from '../../../daemon/tasks-file/load.ts'
import {
  fileOf,
  goneStatus,
  liveStatus,
  taskStatus,
} from '../../../daemon/control/daemon-status.ts'
import { queueStatus } from '../../../daemon/control/messages.ts'
import { lastDaemonEnd } from '../../../daemon/recovery/daemon-record.ts'
import type { HistoryRow } from '../../../plan/history-row.ts'
import { freshEntry, timetableOf } from '../../../plan/slots.ts'
import { readHistoryOrRuns } from '../../../record/history/read-history.ts'
import { openInbox } from '../../../record/inbox/inbox.ts'
import { readTraces, runDirectory } from '../../../run/directory.ts'
import { shellQuoted } from '../../../text/shell-quote.ts'
import type { Call } from '../../command.ts'
import { liveRuns } from '../../../follow/kept-runs.ts'
import { factsHere } from '../../args/host-facts.ts'
import { lastDaemonFile, offlineTasksPath, tasksPath } from '../../daemon/tasks-file.ts'
import type { FilePath } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import { plainLine } from '../../../text/sanitize.ts'

/**
 * The status without an answer of a daemon: from the tasks file, the run directories and the
 * history. `daemonFile` is the tasks file of a daemon that exists but does not answer.
 */
export async function offlineStatus(
  call: Call,
  values: Values,
  daemonFile: string | undefined,
  tell: (note: string) => void,
): Promise<StatusReport> {
  const { host, paths } = call
  const isKnown = daemonFile !== undefined
  const file = isKnown ? tasksPath(call, values, daemonFile) : offlineTasksPath(call, values)
  const isWhole = !values.json && call.args.length === 0 && values.label === undefined
  if (!isKnown && isWhole) tellOtherFile(call, file, tell)
  const loaded = await loadTasks(host, file.absolute, { shown: file.shown })
  const facts = factsHere(call, values)
  const hostName = facts.names[0] ?? host.network.name()
  const running = liveRuns(host, paths.home)
  const reader = readHistoryOrRuns(host, paths, tell)
  const last = reader.lastOfEach()
  const counts = reader.counts(last)
  reader.close()
  const tasks = loaded.file?.tasks ?? []
  const now = Math.floor(host.clock.now() / 1000)
  const inbox = openInbox(host, paths.inbox, () => {})
  const known = new Set(tasks.map((task) => task.name))
  const others = [...running].filter(([name]) => !known.has(name))
  return {
    daemon: null,
    ended: lastDaemonEnd(host, paths),
    host: { name: hostName, addresses: [...facts.addresses] },
    file: { ...fileOf(loaded, loaded.file === undefined ? loaded : undefined), loadedAt: null },
    tasks: [
      ...tasks.map((task) =>
        taskStatus(task, {
          facts,
          hostName,
          // As if a daemon started now.
          next: freshEntry(timetableOf(task, hostName), now, now),
          running: running.get(task.name) ?? [],
          last: last.get(task.name),
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
      ...others.map(([name, runs]) => withoutFile(call, name, runs, last.get(name))),
    ],
  }
}

/** The tasks file in the current folder may not be the one that the daemon of this home used. */
function tellOtherFile(call: Call, file: FilePath, tell: (note: string) => void): void {
  const last = lastDaemonFile(call)
  if (call.from.tasks === 'flag' || last === undefined || last === file.absolute) return
  tell(`showing ${plainLine(file.shown)}; the last daemon of this home used ${plainLine(last)}`)
  tell(`hint: torch status --tasks ${plainLine(shellQuoted(last))}`)
}

/** A task that runs but is not in the file: only its run directories are known. */
function withoutFile(
  { host, paths }: Call,
  name: string,
  running: string[],
  last: HistoryRow | undefined,
): TaskStatus {
  const { description } = readTraces(host, runDirectory(paths.home, name, running[0] ?? ''))
  return goneStatus(name, description?.type, running, last)
}
