import type { EventStreams } from '../../control/event-streams.ts'
import type { Clock } from '../../host/clock.ts'
import type { Host } from '../../host/host.ts'
import type { SkipReason } from '../../plan/admit.ts'
import { type AgendaEntry } from '../../plan/agenda.ts'
import { planReload, type ReloadPlan } from '../../plan/reload.ts'
import { freshEntry, timetableOf } from '../../plan/slots.ts'
import type { TickState } from '../../plan/tick.ts'
import type { History } from '../../record/history/write-history.ts'
import type { Log } from '../../record/log.ts'
import type { Totals } from '../../record/totals.ts'
import type { Task } from '../../tasks/task.ts'
import { saveLoadedLater } from '../recovery/saved-state.ts'
import type { HomePaths, Settings } from '../settings.ts'
import type { Notifications } from '../notify/notifications.ts'
import { followScripts } from '../starts/daemon-scripts.ts'
import { forgetOldEnds } from '../starts/start-after.ts'
import { type DaemonTaskParts, keepInstances } from '../starts/daemon-tasks.ts'
import { startForMessages } from '../starts/message-starts.ts'
import { requestWaiting, skipPending } from '../starts/request-start.ts'
import type { TaskPast } from '../starts/run-table.ts'
import type { TickClock } from '../starts/tick-clock.ts'
import { pastOf } from './task-past.ts'
import { type LoadedTasks, readHostFacts, runsHere, type TasksState } from './tasks-state.ts'

/** The parts of a daemon that a change of its tasks needs. */
export interface ApplyParts extends DaemonTaskParts {
  readonly host: Host
  readonly settings: Settings
  readonly paths: HomePaths
  readonly log: Log
  readonly history: History
  readonly totals: Totals
  readonly events: EventStreams
  readonly tickClock: TickClock
  readonly notifications: Pick<Notifications, 'follow'>
}

/** The addresses of a machine change while it runs: a lease, a VPN, a container network. */
export function applyNewAddresses(parts: ApplyParts): Promise<void> {
  const { host, settings, phase, tasks, faults, log, events } = parts
  return tasks.inTurn(() =>
    faults.attemptAsync('read the addresses of this machine', async () => {
      // A reload that came first may last longer than this daemon has its home.
      if (phase.now === 'gone') return
      const facts = readHostFacts(host, settings)
      if (JSON.stringify(facts) === JSON.stringify(tasks.facts)) return
      tasks.setFacts(facts)
      const { addresses } = facts
      log.info('addresses', { addresses }, 'the addresses of this machine changed')
      await applyTasks(parts, tasks.loaded)
      events.load(tasks.loaded.revision)
    }),
  )
}

/**
 * Makes the tasks of a loaded file that belong to this host the ones that run. Called in turn
 * (`tasks.inTurn`). Everything is prepared first; the switch is one step, so that no tick sees half of
 * a file. undefined if another daemon has the home by then.
 */
export async function applyTasks(
  parts: ApplyParts,
  loaded: LoadedTasks,
): Promise<ReloadPlan | undefined> {
  const { clock, phase, tasks, tickClock, runContext } = parts
  const { facts } = tasks
  const { tick } = tickClock
  const before = { tasks: tasks.all, here: tasks.here }
  const plan = planReload(before, loaded.file.tasks, (task) => runsHere(task, facts))
  // For 10,000 tasks each step takes 10 to 20 ms: a tick must not wait for all of them.
  await clock.turn()
  const entries = await firstEntries(clock, plan.schedule, runContext.hostName, tick)
  const pasts = await pastOfAdded(parts, plan.added)
  if (phase.now === 'gone') return undefined
  tasks.setLoaded(loaded)
  switchTo(parts, plan, { entries, tick, pasts })
  await saveLoadedLater(parts)
  return plan
}

/** First entries that are computed without a pause: they take some 5 ms. */
const entriesPerTurn = 1_000

/** The first entry of each task; undefined for a task that is never due again. */
async function firstEntries(
  clock: Clock,
  tasks: readonly Task[],
  hostName: string,
  { done, high }: TickState,
): Promise<(AgendaEntry | undefined)[]> {
  const entries: (AgendaEntry | undefined)[] = []
  for (const task of tasks) {
    entries.push(freshEntry(timetableOf(task, hostName), done, high))
    if (entries.length % entriesPerTurn === 0) await clock.turn()
  }
  return entries
}

/** Tasks whose past is read without a pause: some 10 ms. */
const pastsPerTurn = 200

/** A task that was in the file before has a past. What was recorded up to now is flushed to be read. */
async function pastOfAdded(
  { clock, history, paths, log }: ApplyParts,
  added: readonly string[],
): Promise<ReadonlyMap<string, TaskPast>> {
  const pasts = new Map<string, TaskPast>()
  if (added.length > 0) history.flush()
  for (let at = 0; at < added.length; at += pastsPerTurn) {
    for (const [task, past] of pastOf({ paths, log }, added.slice(at, at + pastsPerTurn)))
      pasts.set(task, past)
    await clock.turn()
  }
  return pasts
}

interface Prepared {
  /** For the plan's tasks to schedule, in their order. */
  readonly entries: readonly (AgendaEntry | undefined)[]
  /** The state of the ticks for which they were computed. */
  readonly tick: TickState
  /** What the history says of the plan's added tasks. */
  readonly pasts: ReadonlyMap<string, TaskPast>
}

function switchTo(parts: ApplyParts, plan: ReloadPlan, prepared: Prepared): void {
  const { tasks, runs, tickClock, totals } = parts
  tasks.setTasks(plan.tasks, plan.here)
  forgetOldEnds(parts)
  totals.setTasks(plan.here.keys())
  const dropped = new Set(plan.drop)
  skipPending(parts, (task) => (dropped.has(task) ? whyDropped(tasks, task) : undefined))
  for (const name of plan.removed) runs.forgetTask(name)
  for (const [name, past] of prepared.pasts) runs.knowTask(name, past)
  const { tick } = tickClock
  tickClock.setAgenda(tick, agendaAfter(tick, plan, prepared, parts.runContext.hostName))
  tasks.noteNewTasks(tick.done, [{ second: tick.done, tasks: plan.schedule }])
  // BEFORE loaded.json: after a crash in between, slots of a new task must not count as missed.
  tickClock.save()
  // A new definition may be what its runs were waiting for: it is tried at once.
  for (const name of plan.changed) parts.daemonTasks.setRestarts(name, [])
  followScripts(parts)
  parts.notifications.follow()
  for (const name of plan.daemonTasks) keepInstances(parts, name)
  for (const name of plan.here.keys()) startForMessages(parts, name)
  // A higher max, or a larger pool, lets what waits start now.
  requestWaiting(parts)
}

/** The first filter that says no. */
function whyDropped({ all, here }: TasksState, name: string): SkipReason {
  const task = all.get(name)
  if (task === undefined || here.has(name)) return 'removed'
  return task.enabled ? 'hosts' : 'enabled'
}

/** Unchanged tasks keep their entry, so that a slot that is due in this very second is not lost. */
function agendaAfter(
  { done, high, agenda }: TickState,
  plan: ReloadPlan,
  prepared: Prepared,
  hostName: string,
): AgendaEntry[] {
  const leaving = new Set([...plan.drop, ...plan.schedule.map(({ name }) => name)])
  const old = new Map<string, AgendaEntry>()
  const entries: AgendaEntry[] = []
  for (const entry of agenda.heap) {
    if (leaving.has(entry.task)) old.set(entry.task, entry)
    else entries.push(entry)
  }
  const isSetBack = done < prepared.tick.done
  for (const [index, task] of plan.schedule.entries()) {
    const before = old.get(task.name)
    const first = prepared.entries[index]
    // There were ticks meanwhile: a prepared slot may be over, and an old one may still be due.
    const isOver = [before, first].some((entry) => entry !== undefined && entry.slot <= done)
    const entry =
      isOver || isSetBack ? freshEntry(timetableOf(task, hostName), done, high, before) : first
    if (entry !== undefined) entries.push(entry)
  }
  return entries
}
