import { advance } from '../../plan/agenda.ts'
import { type Timetable, timetableOf } from '../../plan/slots.ts'
import { planTick, type Step, type TickPlan } from '../../plan/tick.ts'
import { missRow } from '../../record/history/rows.ts'
import { offerLater, record } from './request-start.ts'
import { writeSlots } from '../recovery/saved-state.ts'
import { readyLater } from './prepare-recorders.ts'
import type { Torch } from '../state.ts'
import { offerInTurns } from './dispatch.ts'

/**
 * The heart: wakes at each whole second of the wall clock, which is read anew every time, so that
 * nothing drifts. Gives what stops it.
 */
export function startTicker(torch: Torch, firstAfterStart: boolean): () => void {
  let wasDown = firstAfterStart
  let cancel = (): void => {}
  const beat = (): void => {
    // ARMED FIRST: whatever goes wrong in this second, there is a next one.
    cancel = torch.host.clock.after(untilNextSecond(torch.host.clock.now()), beat)
    tick(torch, wasDown)
    readyLater(torch)
    wasDown = false
  }
  beat()
  return () => cancel()
}

/** A timer may fire a little before its time: then it is still the second before, and we wait again. */
function untilNextSecond(nowMs: number): number {
  return 1000 - (nowMs % 1000)
}

/** Does what is due in this second, and remembers on disk that it is done before anything starts. */
export function tick(torch: Torch, wasDown: boolean): void {
  const now = Math.floor(torch.host.clock.now() / 1000)
  const plan = planTick(
    torch.tick,
    {
      timetable: (name) => {
        const task = torch.here.get(name)
        return task && timetableOf(task, torch.room.hostName)
      },
      timetables: () => timetablesOf(torch),
      wasDown,
    },
    now,
  )
  if (plan.step.kind === 'none') return
  if (plan.step.kind === 'jump') torch.jumpedMs = torch.host.clock.monotonic()
  sayStep(torch, plan.step, wasDown)
  for (const miss of plan.misses) recordMiss(torch, miss)
  // BEFORE their seconds are done: a crash would leave them without a word.
  if (plan.misses.length > 0) torch.history.flush()
  remember(torch, plan)
  offerInTurns(
    torch,
    plan.starts.filter(({ delayMs }) => delayMs === 0).map(({ start }) => start),
  )
  for (const { start, delayMs } of plan.starts) if (delayMs > 0) offerLater(torch, start, delayMs)
}

/** So long a clock that jumped ahead is not believed by what removes by age: it may be set right again. */
const doubtMs = 3_600_000

/** Whether the clock is to be believed in that something is so old that it goes. */
export function ageCounts({ host, jumpedMs }: Torch): boolean {
  return host.clock.monotonic() - jumpedMs > doubtMs
}

/** Made when they are asked for, as most are not for hours. */
function* timetablesOf({ here, room }: Torch): Generator<Timetable> {
  for (const task of here.values()) yield timetableOf(task, room.hostName)
}

function remember(torch: Torch, plan: TickPlan): void {
  const agenda = plan.agenda ?? torch.tick.agenda
  advance(agenda, plan.done, plan.next)
  torch.tick = { done: plan.done, high: plan.high, agenda }
  const isQuiet = plan.starts.length === 0 && plan.misses.length === 0 && plan.agenda === undefined
  if (!isQuiet) writeSlots(torch)
}

function recordMiss(torch: Torch, miss: TickPlan['misses'][number]): void {
  const origin = { host: torch.room.hostName, revision: torch.loaded.revision }
  const row = missRow(miss, torch.host.clock.now(), origin)
  record(torch, row)
  torch.counters.count('missed', miss.count)
  const facts = {
    task: miss.task,
    slot: row.slot,
    lastSlot: row.lastSlot,
    count: miss.count,
    reason: miss.reason,
  }
  torch.log.warn('miss', facts, `${miss.task}: ${miss.count} slots missed (${miss.reason})`)
}

function sayStep(torch: Torch, step: Step, wasDown: boolean): void {
  switch (step.kind) {
    case 'none':
    case 'second':
      return
    case 'stall':
    case 'jump':
      // Between two lives of the daemon time passes; that is no fault of the clock.
      if (!wasDown) torch.log.warn('clock', step, `${step.seconds} s passed between two ticks`)
      return
    case 'back':
      torch.log.warn(
        'clock',
        step,
        `the clock was set back by ${step.seconds} s; what fires at fixed times is not repeated`,
      )
      return
    case 'new-time':
      torch.log.warn(
        'clock',
        step,
        `the clock was set back by ${step.seconds} s; taken as a new time`,
      )
  }
}
