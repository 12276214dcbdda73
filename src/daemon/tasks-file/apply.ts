import type { Clock } from '../../host/clock.ts'
import type { SkipReason } from '../../plan/admit.ts'
import { type AgendaEntry, agendaOf } from '../../plan/agenda.ts'
import { planReload, type ReloadPlan } from '../../plan/reload.ts'
import { freshEntry, timetableOf } from '../../plan/slots.ts'
import type { TickState } from '../../plan/tick.ts'
import { type HostFacts, matchHosts } from '../../tasks/hosts.ts'
import type { Task } from '../../tasks/task.ts'
import { keepKnown, writeSlots } from '../recovery/saved-state.ts'
import { fillPlaces } from '../starts/daemon-tasks.ts'
import { dropPending, offerWaiting } from '../starts/request-start.ts'
import type { Torch } from '../state.ts'

/**
 * Makes the tasks of a file that belong here the ones that run: those of a file that was `taken`, or
 * of the loaded one, for a new address. One at a time. undefined where another daemon has the home by
 * then.
 */
export function applyTasks(torch: Torch, taken?: Torch['loaded']): Promise<ReloadPlan | undefined> {
  const applied = torch.applying.then(() => applyNow(torch, taken))
  torch.applying = applied.catch(() => {})
  return applied
}

/** All is prepared between the ticks; the switch is one step: no tick sees the half of a file. */
async function applyNow(
  torch: Torch,
  taken: Torch['loaded'] | undefined,
): Promise<ReloadPlan | undefined> {
  const { host, facts, tick, room } = torch
  const { file } = taken ?? torch.loaded
  const isHere = (task: Task): boolean => runsHere(task, facts)
  const plan = planReload(torch, file.tasks, isHere)
  const entries = await firstEntries(host.clock, plan.schedule, room.hostName, tick)
  if (torch.phase === 'gone') return undefined
  torch.loaded = taken ?? torch.loaded
  switchTo(torch, plan, { entries, tick })
  await keepKnown(torch)
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

/** Whether the file wants the task on this machine. */
export function runsHere(task: Task, facts: HostFacts): boolean {
  return task.enabled && matchHosts(task.hosts, facts)
}

interface Prepared {
  /** Of the plan's tasks to schedule, in their order. */
  readonly entries: readonly (AgendaEntry | undefined)[]
  /** As it was when they were looked up. */
  readonly tick: TickState
}

function switchTo(torch: Torch, plan: ReloadPlan, prepared: Prepared): void {
  torch.tasks = plan.tasks
  torch.here = plan.here
  const gone = new Set(plan.drop)
  dropPending(torch, (task) => (gone.has(task) ? whyGone(torch, task) : undefined))
  for (const name of plan.removed) torch.last.delete(name)
  reschedule(torch, plan, prepared)
  // What is known is written later: a crash between must not make slots of a new task missed ones.
  writeSlots(torch)
  for (const name of plan.daemonTasks) fillPlaces(torch, name)
  // There may be room now: a higher max.
  for (const name of [...torch.waiting.keys()]) offerWaiting(torch, name)
}

/** The first filter that says no. */
function whyGone(torch: Torch, name: string): SkipReason {
  const task = torch.tasks.get(name)
  if (task === undefined || torch.here.has(name)) return 'removed'
  return task.enabled ? 'hosts' : 'enabled'
}

/** Kept tasks keep their entry, so that a slot that is due in this very second is not lost. */
function reschedule(torch: Torch, plan: ReloadPlan, prepared: Prepared): void {
  const { done, high, agenda } = torch.tick
  const leaving = new Set([...plan.drop, ...plan.schedule.map(({ name }) => name)])
  const old = new Map<string, AgendaEntry>()
  const entries: AgendaEntry[] = []
  for (const entry of agenda.heap) {
    if (leaving.has(entry.task)) old.set(entry.task, entry)
    else entries.push(entry)
  }
  const isBack = done < prepared.tick.done
  for (const [at, task] of plan.schedule.entries()) {
    const before = old.get(task.name)
    const first = prepared.entries[at]
    // Ticks went on meanwhile: what was to come may be over. And an old slot may be due still.
    const isOver = [before, first].some((entry) => entry !== undefined && entry.slot <= done)
    const entry =
      isOver || isBack
        ? freshEntry(timetableOf(task, torch.room.hostName), done, high, before)
        : first
    if (entry !== undefined) entries.push(entry)
  }
  torch.tick = { done, high, agenda: agendaOf(entries) }
  const lately = torch.lately.filter(({ second }) => second >= done)
  torch.lately = [...lately, { second: done, tasks: plan.schedule }]
}
