import type { StatusReport, TaskStatus } from '../../control/protocol.ts'
import type { HistoryRow } from '../../plan/history-row.ts'
import { slotText, timeText } from '../../record/history/rows.ts'
import type { AgendaEntry } from '../../plan/agenda.ts'
import { jitterOf } from '../../text/hash.ts'
import { type HostFacts, matchHosts } from '../../tasks/hosts.ts'
import type { Task } from '../../tasks/task.ts'
import type { Loaded } from '../tasks-file/load.ts'
import { runsOf, type Torch } from '../state.ts'

/** What `torch status` shows of a running daemon. */
export function statusOf(torch: Torch): StatusReport {
  const { loaded, refused } = torch
  // What will happen, and not what the file says from now on: a slot of before the task began is not
  // on the agenda, and one that waits for its jitter still is.
  const entries = new Map(torch.tick.agenda.heap.map((entry) => [entry.task, entry]))
  const tasks = loaded.file.tasks.map((task) =>
    taskStatus(task, {
      facts: torch.facts,
      hostName: torch.room.hostName,
      next: entries.get(task.name),
      running: runsOf(torch, task.name).map((run) => run.description.run),
      last: torch.last.get(task.name),
    }),
  )
  return {
    daemon: {
      pid: torch.host.processes.pid,
      version: torch.settings.version,
      startedAt: timeText(torch.startedMs),
      state: torch.phase === 'running' ? 'running' : 'draining',
    },
    host: { name: torch.room.hostName, addresses: [...torch.facts.addresses] },
    file: fileOf(loaded, refused),
    tasks: [...tasks, ...goneTasks(torch)],
  }
}

/** Those that are in the file no more, and of which runs go on to their end. */
function goneTasks(torch: Torch): TaskStatus[] {
  const gone = [...torch.runs].filter(([name, runs]) => runs.length > 0 && !torch.tasks.has(name))
  return gone.map(([name, runs]) => {
    const running = runs.map((run) => run.description.run)
    return goneStatus(name, runs[0]?.description.type, running, torch.last.get(name))
  })
}

/** The status of a task of which only its runs are known. */
export function goneStatus(
  name: string,
  type: TaskStatus['type'] = 'common',
  running: string[],
  last: HistoryRow | undefined,
): TaskStatus {
  const unknown = {
    description: null,
    labels: {},
    here: true,
    reason: null,
    next: null,
    jitterMs: 0,
  }
  return { name, type, ...unknown, running, last: last ?? null }
}

/** The part of a status that is of the file: the one loaded, and whether a newer one was refused. */
export function fileOf(loaded: Loaded, refused: Loaded | undefined): StatusReport['file'] {
  return {
    path: loaded.path,
    revision: loaded.revision,
    loadedAt: timeText(loaded.atMs),
    ok: refused === undefined,
    problems: [...(refused ?? loaded).problems],
  }
}

/** The status of one task, with or without a daemon. */
export function taskStatus(
  task: Task,
  known: {
    facts: HostFacts
    hostName: string
    /** What it starts for next, where it runs here. */
    next: AgendaEntry | undefined
    running: string[]
    last: HistoryRow | undefined
  },
): TaskStatus {
  const reason = !task.enabled ? 'enabled' : matchHosts(task.hosts, known.facts) ? null : 'hosts'
  const here = reason === null
  return {
    name: task.name,
    type: task.type,
    description: task.description ?? null,
    labels: { ...task.labels },
    here,
    reason,
    next: slotText(here ? (known.next?.slot ?? null) : null),
    jitterMs: jitterOf(task.name, known.hostName, task.jitterMs),
    running: known.running,
    last: known.last ?? null,
  }
}
