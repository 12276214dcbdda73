import type { Clock } from '../../host/clock.ts'
import type { Start } from '../../plan/admit.ts'
import {
  type DaemonRun,
  type InstancesPlan,
  type PendingRestart,
  planInstances,
  restartDelay,
  restartsInARow,
} from '../../plan/daemon-instances.ts'
import type { PlaceKey } from '../../plan/fleet/records.ts'
import { notReady } from '../../plan/run-outcome.ts'
import type { RunConclusion, RunDescription } from '../../run/directory.ts'
import { endRun } from '../../run/end.ts'
import { isLive, type LiveRun } from '../../run/live-run.ts'
import type { Task } from '../../tasks/task.ts'
import { counted } from '../../text/plural.ts'
import {
  closeUnneeded,
  couldNotReplace,
  failedWords,
  type FailedReplacement,
  outdatedRuns,
  replacementOf,
  type SocketParts,
  whyNotReady,
} from './replacement.ts'
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
  const { phase, tasks, runs, daemonTasks, queue, pauses, clock, runContext } = parts
  if (phase.now !== 'running') return
  const found = tasks.here.get(name)
  const task = found?.type === 'daemon' ? found : undefined
  closeUnneeded(parts)
  // What runs stays as it is, also if its definition has changed.
  if (task !== undefined && pauses.of(name) !== undefined) return
  const instances = runs.of(name).filter((run) => run.description.type === 'daemon')
  const replacement = task && replacementOf(parts, task)
  const plan = planInstances(
    task && {
      max: maxHere(parts, task, instances.length),
      definition: task.definition,
      replacement: replacement ?? 'end-first',
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
  for (const { delayMs, restarts = 0 } of plan.start)
    requestStart(
      parts,
      {
        ...{ task: name, slot: undefined, trigger: 'daemon', attempt: 1, dueMs: undefined },
        ...claimOfPlace(parts, task),
      },
      { restartDelayMs: delayMs, restarts, forced: replacement === 'start-first' },
    )
  if (task !== undefined && task.listen.length > 0) noteReplacement(parts, task, instances, plan)
  const delayMs = plan.wakeMs && Math.max(plan.wakeMs - clock.now(), 0)
  daemonTasks.wakeIn(name, delayMs, () => keepInstances(parts, name))
}

/**
 * A task that the fleet shares has one instance here for each place that this machine has. What runs in a place
 * whose fence is over is ended by that, and nothing starts in it.
 */
function maxHere({ fleet }: DaemonTaskParts, task: Task, instances: number): number {
  if (task.fleet === undefined) return task.max
  const held = fleet?.holdings.of(task.name).filter(({ key }) => isPlace(task, key)) ?? []
  const good = held.filter(({ id }) => fleet?.has(id)).length
  return Math.max(good, Math.min(instances, held.length))
}

/** Failed starts in a row after which a machine leaves a place to others, and tries last. */
const maxFailedStarts = 3

/** The runs of a task of the fleet do not live on this machine: another one may do better. */
function giveUpPlace(
  { fleet }: DaemonTaskParts,
  { name, hosts, fleet: shared }: Task,
  { claim }: RunDescription,
): void {
  const place = claim?.holding
  if (fleet === undefined || shared === undefined || place === undefined) return
  const others = fleet.membership.candidates({ hosts, ...shared })
  if (!others.some(({ host }) => host !== fleet.host)) return
  fleet.tryLast(name)
  void fleet.holdings.free(place)
}

/** Whether the task still has this place: its max may have been lowered. */
function isPlace({ max }: Task, { index }: PlaceKey): boolean {
  return index !== 'q' && index < max
}

/** A place of a shared task in which nothing runs. */
function claimOfPlace(
  { fleet, runs, queue }: DaemonTaskParts,
  task: Task | undefined,
): Pick<Start, 'claim'> {
  if (task?.fleet === undefined) return {}
  const used = new Set([
    ...runs.of(task.name).map(({ description }) => description.claim?.holding),
    ...queue.heldOf(task.name).map(({ claim }) => claim?.holding),
  ])
  const free = fleet?.holdings
    .of(task.name)
    .find(({ id, key }) => !used.has(id) && fleet.has(id) && isPlace(task, key))
  if (free === undefined) return {}
  const mayOverlap = free.mayOverlap && { mayOverlap: true as const }
  // Only the first run in it can meet another one.
  free.mayOverlap = false
  return { claim: { attempt: free.id, holding: free.id, ...mayOverlap } }
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
 * Returns false for a run that has to be ended at once: it has no sockets, or this was asked before.
 */
export function replaceRun(parts: DaemonTaskParts, run: LiveRun): boolean {
  const { phase, tasks, daemonTasks } = parts
  const { task: name, run: id, type } = run.description
  const isServed = (tasks.here.get(name)?.listen.length ?? 0) > 0 && type === 'daemon'
  const isNew = run.state.kind === 'running' && run.isReady && !daemonTasks.mustGo.has(id)
  if (phase.now !== 'running' || !isServed || !isNew) return false
  daemonTasks.addMustGo(id)
  keepInstances(parts, name)
  return true
}

/**
 * An instance has ended. It is replaced after its delay. If a reload ended it, it is replaced at once, or
 * not at all if the task is gone. That the engine of the fleet was away says nothing about the task either: it
 * is replaced as soon as its place is sure.
 */
export function replaceInstance(
  parts: DaemonTaskParts,
  run: RunDescription,
  conclusion: RunConclusion,
): void {
  const { tasks, daemonTasks } = parts
  const { reason, endedMs } = conclusion
  const task = tasks.here.get(run.task)
  const isOnPurpose = reason === 'reload' || reason === 'removed' || reason === 'pause'
  const isReload = isOnPurpose || daemonTasks.mustGo.has(run.run)
  const isOfFleet = reason === 'fence' || reason === 'place lost'
  daemonTasks.forgetRun(run.run)
  if (task?.type === 'daemon' && !isReload && !isOfFleet) {
    // The time that it took to fail says nothing about how long it would have lived.
    const lastedMs = reason === notReady ? 0 : endedMs - run.startedMs
    const delayMs = restartDelay(task.restart, lastedMs, run.restartDelayMs)
    const restarts = restartsInARow(task.restart, lastedMs, run.restarts ?? 0)
    const pending = daemonTasks.restarts.get(run.task) ?? []
    const next = { notBeforeMs: endedMs + delayMs, delayMs, restarts }
    daemonTasks.setRestarts(run.task, [...pending, next])
    if (restarts >= maxFailedStarts) giveUpPlace(parts, task, run)
    if (couldNotReplace(conclusion)) noteFailure(parts, task, { run, conclusion, restarts })
  }
  keepInstances(parts, run.task)
}

/** A successor was not ready. The old run continues, and the next successor comes after a delay. */
function noteFailure(
  { runs, daemonTasks, clock, log }: DaemonTaskParts,
  task: Task,
  failed: { run: RunDescription; conclusion: RunConclusion; restarts: number },
): void {
  const { name } = task
  const { run, conclusion, restarts } = failed
  if (!outdatedRuns(task, runs.of(name), daemonTasks.mustGo).some(isLive)) return
  const sinceMs = daemonTasks.failed.get(name)?.sinceMs ?? clock.now()
  const failure = { failures: restarts, why: whyNotReady(run, conclusion), sinceMs }
  daemonTasks.setFailed(name, failure)
  log.warn('replace', { task: name, run: run.run, failures: restarts }, failedWords(name, failure))
}
