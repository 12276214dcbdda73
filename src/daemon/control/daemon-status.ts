import type {
  LiveStatus,
  PauseReport,
  StatusReport,
  TaskCounts,
  TaskFacts,
  TaskStatus,
} from '../../control/status-report.ts'
import type { Host } from '../../host/host.ts'
import type { AgendaEntry } from '../../plan/agenda.ts'
import type { HistoryRow } from '../../plan/history-row.ts'
import { nextEntry, timetableOf } from '../../plan/slots.ts'
import { slotText, timeText } from '../../record/history/rows.ts'
import { unreadBytes } from '../../run/input.ts'
import { isOver } from '../../schedule/due.ts'
import { type HostFacts, matchHosts } from '../../tasks/hosts.ts'
import type { Task, TaskScript } from '../../tasks/task.ts'
import { jitterOn } from '../../tasks/host-schedules.ts'
import { closedPart } from '../starts/closed-places.ts'
import type { Daemon } from '../state.ts'
import type { Loaded } from '../tasks-file/load.ts'
import { queueStatus } from './messages.ts'
import { isServed, listenPart, type ListenPart, listenPartOffline } from './listen-status.ts'
import { pauseReport } from './pause-request.ts'
import { withoutSecretLine, writtenDefinition } from './task-definition.ts'
import { troubleOf } from './trouble.ts'
import { waitingStart } from './waiting-start.ts'

/** They take 1 ms. The page of `torch web` asks for the status of all tasks twice a minute, and no tick waits for it. */
const tasksInTurn = 100

/** What `torch status` shows of a running daemon. Each task is shown as it is in its turn of the event loop. */
export async function statusOf(daemon: Daemon): Promise<StatusReport> {
  const entries = agendaEntries(daemon)
  const removed = removedTasks(daemon)
  const statuses: TaskStatus[] = []
  for (const task of daemon.tasks.loaded.file.tasks) {
    statuses.push(statusNow(daemon, task, entries.get(task.name)))
    if (statuses.length % tasksInTurn === 0) await daemon.clock.turn()
  }
  return reportOf(daemon, [...statuses, ...removed])
}

/** The same for one task, with its whole definition. Without a task of that name it has none. */
export function statusOfTask(daemon: Daemon, only: string): StatusReport {
  const isMeant = ({ name }: { readonly name: string }): boolean => name === only
  const found = daemon.tasks.loaded.file.tasks.find(isMeant)
  const statuses =
    found === undefined
      ? removedTasks(daemon).filter(isMeant)
      : [statusNow(daemon, found, agendaEntries(daemon).get(only))]
  const task = daemon.tasks.all.get(only)
  const written = task === undefined ? null : writtenDefinition(task, daemon.host.clock.zone())
  return reportOf(
    daemon,
    statuses.map((each) => ({ ...each, written })),
  )
}

/**
 * What will happen, not what the file says from now on: a slot from before the task was loaded is not on the
 * agenda, and one that waits for its jitter still is.
 */
function agendaEntries({ tickClock }: Daemon): Map<string, AgendaEntry> {
  return new Map(tickClock.tick.agenda.heap.map((entry) => [entry.task, entry]))
}

function reportOf(daemon: Daemon, statuses: TaskStatus[]): StatusReport {
  const { host, settings, phase, tasks, runContext } = daemon
  return {
    daemon: {
      pid: host.processes.pid,
      version: settings.version,
      startedAt: timeText(daemon.startedMs),
      state: phase.now === 'running' ? 'running' : 'draining',
    },
    ended: null,
    trouble: troubleOf(daemon),
    host: { name: runContext.hostName, addresses: [...tasks.facts.addresses] },
    file: fileOf(tasks.loaded, tasks.refused),
    tasks: statuses,
  }
}

/** Failures in a row. A daemon task whose replacement is ready has none. */
export function failuresOf(daemon: Daemon, task: Task): number {
  return isServed(daemon, task) ? 0 : daemon.runs.counts(task.name).failures
}

/** The status of a task of the loaded file. */
function statusNow(daemon: Daemon, task: Task, next: AgendaEntry | undefined): TaskStatus {
  const { host, tasks, runs, runContext, pauses } = daemon
  return taskStatus(task, {
    facts: tasks.facts,
    hostName: runContext.hostName,
    next,
    now: daemon.tickClock.tick.done,
    running: runs.of(task.name).map((run) => run.description.run),
    waiting: waitingStart(daemon, task),
    ended: [...daemon.queue.afterEnds.of(task.name).keys()],
    last: runs.last(task.name),
    counts: {
      ...runs.counts(task.name),
      failures: failuresOf(daemon, task),
      restarts: restartsOf(daemon, task),
    },
    nextRestart: nextRestartOf(daemon, task),
    input: queueStatus(daemon.messages.inbox, task) ?? liveStatus(host, task, runs.of(task.name)),
    listening: listenPart(daemon, task),
    closed: closedPart(daemon.closed.of(task)),
    paused: pauseReport(pauses.set, task.name, pauses.passed(task.name), daemon.clock.now()),
  })
}

/** The most restarts in a row of its instances. One that has lasted for `reset_after` has ended its row. */
export function restartsOf({ runs, daemonTasks, clock }: Daemon, { name, restart }: Task): number {
  const youngerThan = clock.now() - restart.resetAfterMs
  const young = runs.of(name).filter(({ description }) => description.startedMs > youngerThan)
  return Math.max(
    0,
    ...young.map(({ description }) => description.restarts ?? 0),
    ...(daemonTasks.restarts.get(name) ?? []).map(({ restarts = 0 }) => restarts),
  )
}

function nextRestartOf({ daemonTasks }: Daemon, { name }: Task): string | null {
  const times = (daemonTasks.restarts.get(name) ?? []).map(({ notBeforeMs }) => notBeforeMs)
  return times.length === 0 ? null : timeText(Math.min(...times))
}

/** What `torch status` shows of the input of a task whose runs have these directories. */
export function liveStatus(
  host: Host,
  { input }: Task,
  runs: readonly { readonly directory: string }[],
): LiveStatus | null {
  if (input.mode !== 'live') return null
  const counts = runs.map((run) => unreadBytes(host, run))
  const isKnown = counts.every((count) => count !== undefined)
  return { mode: 'live', unread: isKnown ? counts.reduce((sum, count) => sum + count, 0) : null }
}

/** Tasks that are no longer in the file, while runs of them have not ended. */
function removedTasks({ tasks, runs }: Daemon): TaskStatus[] {
  const removed = runs.tasks().filter((name) => !tasks.all.has(name))
  return removed.map((name) => {
    const running = runs.of(name)
    const ids = running.map((run) => run.description.run)
    return goneStatus(name, running[0]?.description.type, ids, runs.last(name))
  })
}

/** The status of a task that is not in the file, from its runs alone. */
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
  return {
    ...{ name, type, ...unknown, running, last: last ?? null },
    ...{ counts: { failures: 0, skips: 0, restarts: 0 }, nextRestart: null, input: null },
    definition: null,
  }
}

/** The file of a status: the one that is loaded, and whether a newer one was refused. */
export function fileOf(loaded: Loaded, refused: Loaded | undefined): StatusReport['file'] {
  return {
    path: loaded.path,
    revision: loaded.revision,
    loadedAt: timeText(loaded.atMs),
    ok: refused === undefined,
    problems: (refused ?? loaded).problems.map(withoutSecretLine),
  }
}

/** The status of one task, with or without a daemon. */
export function taskStatus(
  task: Task,
  known: {
    facts: HostFacts
    hostName: string
    /** Its next start, if it runs here. */
    next: AgendaEntry | undefined
    /** The second that it is; for an unfinished tick the last one. */
    now: number
    running: string[]
    waiting?: TaskStatus['waiting']
    ended?: string[]
    last: HistoryRow | undefined
    counts: TaskCounts
    nextRestart?: string | null
    input: TaskStatus['input']
    listening?: ListenPart
    paused?: PauseReport | undefined
    closed?: TaskStatus['closed'] | undefined
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
    next: slotText(here ? nextSlot(task, known) : null),
    ...(here && known.next === undefined && isOver(task.schedules, known.now) && { done: true }),
    ...(known.paused && { paused: known.paused }),
    ...(task.after !== undefined && known.ended !== undefined && { ended: known.ended }),
    ...(known.closed && { closed: known.closed }),
    jitterMs: jitterOn(task, known.hostName),
    running: known.running,
    ...(known.waiting && { waiting: known.waiting }),
    last: known.last ?? null,
    counts: known.counts,
    nextRestart: known.nextRestart ?? null,
    input: known.input ?? null,
    ...(known.listening ?? listenPartOffline(task)),
    definition: factsOf(task),
  }
}

/** The slot of the next start. In a pause it is the first one after its end, if that is known. */
function nextSlot(
  task: Task,
  {
    next,
    paused,
    hostName,
  }: {
    readonly next: AgendaEntry | undefined
    readonly paused?: PauseReport | undefined
    readonly hostName: string
  },
): number | null {
  if (next === undefined || paused?.until === null) return null
  const endSecond = paused === undefined ? 0 : Math.ceil(Date.parse(paused.until) / 1000)
  if (next.at >= endSecond) return next.slot
  return nextEntry(timetableOf(task, hostName), endSecond - 1, 0)?.slot ?? null
}

function factsOf(task: Task): TaskFacts {
  const { schedules, after, timezone, command, script, hostEntries, fleet } = task
  const { max, pools, timeoutMs } = task
  return {
    schedule: schedules.map(({ text }) => text),
    ...(after !== undefined && { after: { tasks: [...after.tasks], outcome: after.outcome } }),
    ...limitFacts(task),
    timezone,
    command: command === undefined ? null : typeof command === 'string' ? command : [...command],
    script: script === undefined ? null : scriptFacts(script),
    hosts: hostEntries === undefined ? null : [...hostEntries],
    ...(fleet !== undefined && { scope: 'fleet' }),
    max: max === Infinity ? null : max,
    ...(pools.length > 0 && { pools: [...pools] }),
    timeoutMs: timeoutMs ?? null,
  }
}

function limitFacts({ schedules, when }: Task): Pick<TaskFacts, 'limits'> {
  const compiled = schedules[0]?.limits
  if (compiled === undefined || when === undefined) return {}
  const { from, until, cycle, only, except, onExcluded } = when
  const all: [string, string | undefined][] = [
    ['from', from],
    ['until', until],
    ['cycle', cycle && `every ${cycle.count} ${cycle.unit}, counted from ${cycle.from}`],
    ['only', only.length === 0 ? undefined : only.join(', ')],
    ['except', except.length === 0 ? undefined : except.join(', ')],
    ['on_excluded', onExcluded === 'skip' ? undefined : onExcluded],
  ]
  const words = all.flatMap(([key, value]): [string, string][] =>
    value === undefined ? [] : [[key, value]],
  )
  return { limits: { compiled, words } }
}

function scriptFacts({
  url,
  sha256,
  timeoutMs,
  update,
}: TaskScript): NonNullable<TaskFacts['script']> {
  return { url, sha256: sha256 ?? null, timeoutMs, update }
}
