import type { Clock } from '../../host/clock.ts'
import { type AgendaEntry, startsDueSoon } from '../../plan/agenda.ts'
import { isAmongFirst } from '../../plan/fleet/ranks.ts'
import { type Timetable, timetableOf } from '../../plan/slots.ts'
import { planTick, type Step, type TickPlan } from '../../plan/tick.ts'
import type { Log } from '../../record/log.ts'
import { hasScript } from '../../scripts/url-records.ts'
import type { Task } from '../../tasks/task.ts'
import { dispatch } from './dispatch.ts'
import { newPoolRoom } from './pools.ts'
import { requestStartLater } from './request-start.ts'
import type { StartParts } from './start-parts.ts'
import type { TickClock } from './tick-clock.ts'

interface TickerParts extends StartParts {
  readonly clock: Clock
  readonly tickClock: TickClock
  readonly log: Log
}

/**
 * Wakes at each whole second of the wall clock, which is read again every time, so that
 * nothing drifts. Does the first tick now: it makes up for the time in which no daemon ran. Returns
 * a function that stops it.
 */
export function startTicker(parts: TickerParts): () => void {
  const { clock } = parts
  let wasDown = true
  let cancel = (): void => {}
  const wake = (): void => {
    // FIRST the next timer: if something goes wrong in this second, there is still a next one.
    cancel = clock.after(untilNextSecond(clock.now()), wake)
    const starts = tick(parts, wasDown)
    clock.after(poolDelay(starts), () => void prepareRecorders(parts))
    wasDown = false
  }
  wake()
  return () => cancel()
}

/** A timer may fire a little early: then it is still the second before, and the daemon waits again. */
function untilNextSecond(nowMs: number): number {
  return 1000 - (nowMs % 1000)
}

/** Does what is due in this second, and returns how many starts that are. It is on disk that the second is done BEFORE anything starts. */
function tick(parts: TickerParts, wasDown: boolean): number {
  const { clock, tickClock, tasks, runContext, log } = parts
  const timetable = (task: Task): Timetable => timetableOf(task, runContext.hostName)
  const plan = planTick(
    tickClock.tick,
    {
      timetable(name) {
        const task = tasks.here.get(name)
        return task && timetable(task)
      },
      timetables: () => [...tasks.here.values()].map(timetable),
      wasDown,
    },
    Math.floor(clock.now() / 1000),
  )
  if (plan.step.kind === 'none') return 0
  logStep(log, plan.step, wasDown)
  noteMisses(parts, plan, timetable)
  tickClock.finish(plan)
  dispatch(
    parts,
    plan.starts.filter(({ delayMs }) => delayMs === 0).map(({ start }) => start),
  )
  for (const { start, delayMs } of plan.starts)
    if (delayMs > 0) requestStartLater(parts, start, delayMs)
  return plan.starts.length
}

/** In the history BEFORE their seconds are done: a crash would leave no trace of them. */
function noteMisses(
  { tasks, pauses, tickClock, journal }: TickerParts,
  { misses }: TickPlan,
  timetable: (task: Task) => Timetable,
): void {
  const { high, done } = tickClock.tick
  const split = misses.map((miss) => {
    const task = tasks.here.get(miss.task)
    if (task === undefined) return { missed: [miss], passed: [] }
    return pauses.split(miss, timetable(task), high > done ? high : 0)
  })
  journal.missed(split.flatMap(({ missed }) => missed))
  for (const slots of split.flatMap(({ passed }) => passed)) {
    pauses.pass(slots)
    journal.passed(slots.task, slots.count)
  }
}

function logStep(log: Log, step: Step, wasDown: boolean): void {
  switch (step.kind) {
    case 'none':
    case 'second':
      return
    case 'stall':
    case 'jump':
      // Time passes while no daemon runs; the clock is not to blame.
      if (!wasDown)
        log.warn(
          'clock',
          step,
          `no tick for ${step.seconds} s: the machine stalled or slept, or its clock was set ahead`,
        )
      return
    case 'back':
      log.warn(
        'clock',
        step,
        `the clock was set back by ${step.seconds} s; fixed-time slots are not repeated`,
      )
      return
    case 'new-time':
      log.warn('clock', step, `the clock was set back by ${step.seconds} s; taken as a new time`)
  }
}

/** Preparing must not compete with what has just been started: each start takes some time. */
function poolDelay(starts: number): number {
  return Math.min(minPoolDelayMs + starts * startMs, maxPoolDelayMs)
}

const minPoolDelayMs = 30
const startMs = 4
/** What is due in the next second needs time too. */
const maxPoolDelayMs = 400
/** Recorders that are started without a pause. All of a burst must be ready before its second comes. */
const recordersPerTurn = 16

/**
 * Between the ticks, starts recorders for the tasks that are due soon, so that a burst costs less when
 * it comes, and dismisses those that are no longer needed.
 */
async function prepareRecorders(parts: TickerParts): Promise<void> {
  const { clock, tickClock, tasks, pauses, runContext, scripts } = parts
  if (!isIdle(parts)) return
  const wanted = startsDueSoon(tickClock.tick.agenda, tickClock.tick.done)
    .filter((entry) => pauses.of(entry.task) === undefined && mayComeFirst(parts, entry))
    .flatMap(({ task }) => tasks.here.get(task) ?? [])
    // As many of a pool as it has places: the others would only wait.
    .filter(newPoolRoom(parts))
  runContext.recorders.keepOnly(new Set(wanted.map(({ name }) => name)))
  for (const [index, { name }] of wanted.entries()) {
    if (index % recordersPerTurn === 0 && index > 0) {
      await clock.turn()
      if (!isIdle(parts)) return
    }
    const task = tasks.here.get(name)
    if (task === undefined) continue
    const script = hasScript(task) ? scripts.now(task) : undefined
    // What is not there yet is not prepared for.
    if (script === 'waits' || script?.kind === 'missing') continue
    // The machine refuses more: it is not asked again now.
    if (!runContext.recorders.prepare(task, script?.path)) return
  }
}

/** A slot that machines share usually starts on one of the first two. The others need no recorder for it. */
function mayComeFirst({ fleet, tasks }: TickerParts, { task: name, slot }: AgendaEntry): boolean {
  const task = tasks.here.get(name)
  if (task?.fleet === undefined) return true
  if (fleet === undefined) return false
  const candidates = fleet.membership.candidates({ hosts: task.hosts, ...task.fleet })
  return isAmongFirst({ task: name, slot, host: fleet.host }, candidates)
}

/** Preparing must not delay what is due. */
function isIdle({ phase, queue }: TickerParts): boolean {
  return phase.now === 'running' && queue.due.size === 0
}
