import type { Clock } from '../../host/clock.ts'
import {
  type DaemonRun,
  type InstancesPlan,
  type PendingRestart,
  planInstances,
} from '../../plan/daemon-instances.ts'
import { endRun } from '../../run/end.ts'
import { isLive, type LiveRun } from '../../run/live-run.ts'
import type { Task } from '../../tasks/task.ts'
import { counted } from '../../text/plural.ts'
import {
  closeUnneeded,
  type FailedReplacement,
  outdatedRuns,
  replacementOf,
  type SocketParts,
} from './replacement.ts'
import { claimOfPlace, closedHere, maxHere } from '../fleet/task-places.ts'
import { requestStart } from './request-start.ts'
import type { StartParts } from './start-parts.ts'

/** The restarts of daemon tasks that wait for their delay, and the timers that wake the daemon for them. */
export interface DaemonTasks {
  /** Pending restarts, by task. */
  readonly restarts: ReadonlyMap<string, readonly PendingRestart[]>
  setRestarts(task: string, restarts: readonly PendingRestart[]): void
  /** Runs that a person wants to replace, by id. */
  readonly mustGo: ReadonlySet<string>
  addMustGo(run: string): void
  forgetRun(run: string): void
  /** Replacements that fail at the moment, by task. */
  readonly failed: ReadonlyMap<string, FailedReplacement>
  setFailed(task: string, failed: FailedReplacement | undefined): void
  /** Calls back after that many milliseconds, in place of the timer before; undefined: not at all. */
  wakeIn(task: string, delayMs: number | undefined, wake: () => void): void
  cancelTimers(): void
}

/** No restart is pending. */
export function newDaemonTasks(clock: Clock): DaemonTasks {
  const restarts = new Map<string, readonly PendingRestart[]>()
  const timers = new Map<string, () => void>()
  const mustGo = new Set<string>()
  const failed = new Map<string, FailedReplacement>()
  return {
    restarts,
    mustGo,
    addMustGo: (run) => void mustGo.add(run),
    forgetRun: (run) => void mustGo.delete(run),
    failed,
    setFailed(task, next) {
      if (next === undefined) failed.delete(task)
      else failed.set(task, next)
    },
    setRestarts(task, pending) {
      if (pending.length === 0) restarts.delete(task)
      else restarts.set(task, pending)
    },
    wakeIn(task, delayMs, wake) {
      timers.get(task)?.()
      timers.delete(task)
      if (delayMs !== undefined) timers.set(task, clock.after(delayMs, wake))
    },
    cancelTimers() {
      for (const cancel of timers.values()) cancel()
      timers.clear()
    },
  }
}

export interface DaemonTaskParts extends StartParts, SocketParts {
  readonly clock: Clock
  readonly daemonTasks: DaemonTasks
}

/**
 * Brings a daemon task to the number of instances that the file asks for: called whenever its runs,
 * its definition or the time change.
 */
export function keepInstances(parts: DaemonTaskParts, name: string): void {
  const { phase, tasks, runs, daemonTasks, queue, pauses, closed, clock, runContext } = parts
  if (phase.now !== 'running') return
  const found = tasks.here.get(name)
  const task = found?.type === 'daemon' ? found : undefined
  closeUnneeded(parts)
  closed.keepOnly(name, task?.definition)
  // What runs stays as it is, also if its definition has changed.
  if (task !== undefined && pauses.of(name) !== undefined) return
  const instances = runs.of(name).filter((run) => run.description.type === 'daemon')
  const replacement = task && replacementOf(parts, task)
  const plan = planInstances(
    task && {
      max: maxHere(parts, task, instances.length),
      definition: task.definition,
      replacement: replacement ?? 'end-first',
      closed: closedHere(parts, task),
    },
    [
      ...instances.map((run) => asPlanned(run, daemonTasks.mustGo)),
      // An instance whose script is being fetched: it will start with the definition of that moment.
      ...queue
        .heldOf(name)
        .map(() => ({ run: '', definition: task?.definition ?? '', ending: false, isNew: true })),
    ],
    daemonTasks.restarts.get(name) ?? [],
    clock.now(),
  )
  daemonTasks.setRestarts(name, plan.restarts)
  queue.saveSoon()
  for (const run of instances)
    if (plan.end.includes(run.description.run))
      endRun(runContext, run, task === undefined ? 'removed' : whyReplaced(daemonTasks, run))
  for (const { delayMs, restarts = 0, starts = [] } of plan.start)
    requestStart(
      parts,
      {
        ...{ task: name, slot: undefined, trigger: 'daemon', attempt: 1, dueMs: undefined },
        ...claimOfPlace(parts, task),
      },
      { restartDelayMs: delayMs, restarts, starts, forced: replacement === 'start-first' },
    )
  if (task !== undefined && task.listen.length > 0) noteReplacement(parts, task, instances, plan)
  const delayMs = plan.wakeMs && Math.max(plan.wakeMs - clock.now(), 0)
  daemonTasks.wakeIn(name, delayMs, () => keepInstances(parts, name))
}

function asPlanned(
  { description, state, isReady }: LiveRun,
  mustGo: ReadonlySet<string>,
): DaemonRun {
  const { run, definition } = description
  return {
    ...{ run, definition, ending: state.kind === 'ending', isNew: !isReady },
    mustGo: mustGo.has(run),
  }
}

function whyReplaced({ mustGo }: DaemonTasks, { description }: LiveRun): 'kill' | 'reload' {
  return mustGo.has(description.run) ? 'kill' : 'reload'
}

/** Logs what begins and what ends of a replacement. One that fails is over when no old run is left. */
function noteReplacement(
  { daemonTasks, runs, log }: DaemonTaskParts,
  task: Task,
  before: readonly LiveRun[],
  plan: InstancesPlan,
): void {
  const { name } = task
  const outdated = outdatedRuns(task, before, daemonTasks.mustGo)
  if (!outdated.some(isLive)) daemonTasks.setFailed(name, undefined)
  const old = outdated.filter(({ isReady }) => isReady).map(({ description }) => description.run)
  const next = runs.of(name).filter((run) => !before.includes(run))
  for (const { description } of old.length === 0 ? [] : next)
    log.info('replace', { task: name, run: description.run, old }, `${name} is being replaced`)
  const endNow = outdated.filter(({ description: { run } }) => plan.end.includes(run))
  const ends = [
    [endNow.filter(({ isReady }) => isReady), 'old run', 'may end'],
    [endNow.filter(({ isReady }) => !isReady), 'new run', 'given up before it was ready'],
  ] as const
  for (const [some, what, how] of ends) {
    const ended = some.map(({ description }) => description.run)
    const words = `${name}: ${counted(ended.length, what)} ${how}`
    if (ended.length > 0) log.info('replace', { task: name, ended }, words)
  }
}

/** A run that was waited for is ready: an old one may end. */
export function runReady(parts: DaemonTaskParts, { description }: LiveRun): void {
  const { task, run, startedMs } = description
  const afterMs = Math.max(parts.clock.now() - startedMs, 0)
  parts.log.info('ready', { task, run, afterMs }, `${task} is ready`)
  parts.daemonTasks.setFailed(task, undefined)
  keepInstances(parts, task)
}

/**
 * Replaces a run that a person wants to end: a successor starts first, and the run ends when that is ready.
 * Returns false for a run that has to be ended at once: it has no sockets, this was asked before, or no successor starts
 * because the task is paused.
 */
export function replaceRun(parts: DaemonTaskParts, run: LiveRun): boolean {
  const { phase, tasks, daemonTasks, pauses } = parts
  const { task: name, run: id, type } = run.description
  const isServed = (tasks.here.get(name)?.listen.length ?? 0) > 0 && type === 'daemon'
  const isNew = run.state.kind === 'running' && run.isReady && !daemonTasks.mustGo.has(id)
  const isPaused = pauses.of(name) !== undefined
  if (phase.now !== 'running' || !isServed || !isNew || isPaused) return false
  daemonTasks.addMustGo(id)
  keepInstances(parts, name)
  return true
}
