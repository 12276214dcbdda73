import { messageOf } from '../../errors.ts'
import { admit, type Admission, type SkipReason } from '../../plan/admit.ts'
import type { Start } from '../../plan/admit.ts'
import { concludeIfExited } from '../../run/conclude.ts'
import { endRun } from '../../run/end.ts'
import { isFleetTask, type Task } from '../../tasks/task.ts'
import type { Agreement } from '../fleet/agreement.ts'
import { claimFirst } from '../fleet/claim-first.ts'
import { startHas } from '../fleet/take-any.ts'
import { launchStart } from './launch-start.ts'
import { fullPool, sharesPool } from './pools.ts'
import { skipStart } from './skip-start.ts'
import type { StartAnswer, StartOptions, StartParts } from './start-parts.ts'

/**
 * The one way to start something, whoever asks: it starts now, waits, or is skipped, and a skip is
 * on record with its reason.
 */
export function requestStart(
  parts: StartParts,
  start: Start,
  options: StartOptions = {},
): StartAnswer {
  const { phase, queue, journal } = parts
  // A timer or a reload that finishes after the handover.
  if (phase.now === 'gone') return { kind: 'skipped', reason: 'draining' }
  if (phase.now === 'leaving' && start.trigger !== 'manual') {
    queue.addDue([start])
    queue.saveSoon()
    return { kind: 'waits' }
  }
  const { task, admission } = decide(parts, start, options.forced ?? false)
  if (task === undefined || admission.answer === 'skip') {
    const reason = admission.answer === 'skip' ? admission.reason : 'removed'
    return skipStart(parts, task, start, reason)
  }
  if (admission.answer === 'start')
    return launchStart(parts, task, start, options, (script) =>
      requestHeld(parts, start, { ...options, script }),
    )
  if (admission.answer === 'claim')
    return { kind: 'waits', later: startSafely(parts, task, start, options) }
  if (admission.displaced !== undefined) journal.skipped(admission.displaced, admission.reason)
  queue.wait(start)
  for (const run of parts.runs.of(start.task))
    if (admission.end.includes(run.description.run)) endRun(parts.runContext, run, 'replace')
  return { kind: 'waits' }
}

/** Before a start is refused at max or by a pool, runs that have already ended are concluded, and it decides again. */
function decide(
  parts: StartParts,
  start: Start,
  forced: boolean,
): { task: Task | undefined; admission: Admission } {
  const { phase, tasks, runs, queue } = parts
  const here = tasks.here.get(start.task)
  const task = here ?? tasks.all.get(start.task)
  const ask = (): Admission => {
    const running = [
      ...runs.of(start.task).map((run) => ({
        run: run.description.run,
        ending: run.state.kind === 'ending',
      })),
      // It will be a run as soon as its script is there, or the fleet has given it a place.
      ...queue
        .heldOf(start.task)
        .filter(
          ({ claim, slot }) =>
            claim === undefined || claim.sequence !== undefined || slot === undefined,
        )
        .map(() => ({ run: '', ending: false })),
    ]
    return admit(task, { running, waiting: queue.waiting.get(start.task) }, start, {
      draining: phase.now !== 'running',
      here: here !== undefined,
      paused: parts.pauses.holds(start),
      forced,
      isPoolFull: task !== undefined && fullPool(parts, task) !== undefined,
      whyNoFleet: parts.fleet === undefined ? 'no fleet' : parts.fleet.whyNot(start.task),
      hasPlace: start.claim?.holding !== undefined && parts.fleet?.has(start.claim.holding),
    })
  }
  const admission = ask()
  const isFinal = admission.answer === 'start' || !concludeEnded(parts, start.task, task)
  return { task, admission: isFinal ? admission : ask() }
}

/**
 * In a burst the news of an end may come late. True if some run in the way turns out to have ended. All the starts that
 * a full pool refuses in one turn of the event loop search it once.
 */
function concludeEnded(parts: StartParts, name: string, task: Task | undefined): boolean {
  const { runs, runContext, faults, poolSearches } = parts
  let count = 0
  faults.attempt('check whether runs have ended', () => {
    const pools = (task?.pools ?? []).filter((pool) => poolSearches.isFirst(pool.name))
    const inPools = pools.flatMap((pool) => [...runs.inPool(pool.name)])
    for (const run of new Set([...runs.of(name), ...inPools]))
      if (concludeIfExited(runContext, run)) count += 1
  })
  return count > 0
}

/** The script of a start that was held is there, or not to be had: the start is requested once more. */
function requestHeld(parts: StartParts, start: Start, options: StartOptions): void {
  const answer = requestStart(parts, start, options)
  parts.queue.saveSoon()
  passPlaceOn(parts, start, answer)
}

/** A start that was held had a place in its pools. If it does not begin now, no end of a run will say that this is free. */
function passPlaceOn(parts: StartParts, { task }: Start, { kind }: StartAnswer): void {
  if (kind !== 'started' && parts.phase.now === 'running') requestWaitingFor(parts, task)
}

/** A fault of torch itself costs this start, and not the daemon. */
async function startSafely(
  parts: StartParts,
  task: Task,
  start: Start,
  options: StartOptions,
): Promise<StartAnswer> {
  const shared = startShared(parts, task, start, options)
  const answer = await shared.catch((error: unknown): StartAnswer => {
    const reason = `fleet: ${messageOf(error)}`
    parts.journal.skipped(start, reason)
    parts.queue.saveSoon()
    return { kind: 'skipped', reason }
  })
  // Without a place in the fleet it had none in its pools either.
  if (start.claim?.holding !== undefined) passPlaceOn(parts, start, answer)
  return answer
}

/** Starts what the fleet shares, once this machine has the right to it. */
async function startShared(
  parts: StartParts,
  task: Task,
  start: Start,
  options: StartOptions,
): Promise<StartAnswer> {
  const { fleet, queue } = parts
  if (fleet === undefined || !isFleetTask(task)) return { kind: 'skipped', reason: 'no fleet' }
  const agreed = await claimFirst({ ...parts, fleet }, task, start)
  // The next daemon settles it, with the same attempt.
  if (parts.phase.now === 'gone') return { kind: 'skipped', reason: 'draining' }
  const answer = settle(parts, agreed, options)
  if (agreed.kind === 'start') startHas(fleet, agreed.start.claim?.holding)
  queue.saveSoon()
  return answer
}

function settle(parts: StartParts, agreed: Agreement, options: StartOptions): StartAnswer {
  switch (agreed.kind) {
    case 'start':
      return requestStart(parts, agreed.start, options)
    case 'skip':
      parts.journal.skipped(agreed.start, agreed.reason)
      return { kind: 'skipped', reason: agreed.reason }
    case 'unreachable':
      noteUnreachable(parts, agreed.start)
      return { kind: 'skipped', reason: 'fleet unreachable' }
    case 'elsewhere':
    case 'dropped':
      return { kind: 'skipped', reason: agreed.kind }
  }
}

/** Slots of one outage become one row of their task. */
function noteUnreachable({ fleet, journal }: StartParts, start: Start): void {
  const { task, slot, trigger } = start
  const isSlot = slot !== undefined && trigger !== 'retry'
  if (fleet !== undefined && isSlot) fleet.outage.miss(task, slot)
  else journal.skipped(start, 'fleet unreachable')
}

/** Requests the start after a delay: the part of a jitter below a second, or the delay of a retry. */
export function requestStartLater(parts: StartParts, start: Start, delayMs: number): void {
  parts.queue.later(start, delayMs, () => void requestStart(parts, start))
}

/**
 * Requests the starts that wait for a place that a run of the task has left: that of the task itself, and those of
 * its pools.
 */
export function requestWaitingFor(parts: StartParts, name: string): void {
  const { tasks } = parts
  const task = tasks.all.get(name)
  requestWaiting(parts, (each) => each === name || sharesPool(task, tasks.all.get(each)))
}

/** Requests the waiting starts of the tasks that may have a place now: by slot, then by name. */
export function requestWaiting(
  parts: StartParts,
  isMeant: (task: string) => boolean = () => true,
): void {
  const { queue, tasks } = parts
  const waiting = [...queue.waiting.values()].filter(({ task }) => isMeant(task))
  for (const start of waiting.toSorted(bySlot)) {
    const task = tasks.here.get(start.task)
    // It would only wait again.
    if (task !== undefined && fullPool(parts, task) !== undefined) continue
    // One that began before it may have ended at once, and done the same.
    if (queue.waiting.get(start.task) !== start) continue
    queue.takeWaiting(start.task)
    requestStart(parts, start)
    queue.saveSoon()
  }
}

/** The order in which starts that waited begin. */
export function bySlot(a: Start, b: Start): number {
  const slot = (start: Start): number => start.slot ?? (start.dueMs ?? Infinity) / 1000
  const [first, second] = [slot(a), slot(b)]
  return first === second ? (a.task < b.task ? -1 : 1) : first - second
}

/** Skips every pending start of the tasks for which there is a reason. */
export function skipPending(
  { queue, journal }: Pick<StartParts, 'queue' | 'journal'>,
  reasonFor: (task: string) => SkipReason | undefined,
): void {
  const dropped = queue.drop((task) => reasonFor(task) !== undefined)
  for (const start of dropped) {
    const reason = reasonFor(start.task)
    if (reason !== undefined) journal.skipped(start, reason)
  }
  queue.saveSoon()
}
