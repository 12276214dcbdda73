import { type Agenda, type AgendaEntry, agendaOf, dueBy } from './agenda.ts'
import { nextEntry, shiftOf, type SlotRange, slotsUpTo, type Timetable } from './slots.ts'
import type { Miss, Start } from './start.ts'

/** Up to here a late tick makes up for what it is late for; beyond, slots are missed. */
export const maxStallSeconds = 60

/** Up to here a clock set back is a correction; beyond, it is a new time. As cron(8) has it. */
export const maxStepBackSeconds = 3 * 3600

export interface TickState {
  /** The last second that was done. */
  readonly done: number
  /** The latest second ever done: above `done` after the clock was set back. */
  readonly high: number
  readonly agenda: Agenda
}

export interface TickFacts {
  timetable(task: string): Timetable | undefined
  /** All of them; read only where the clock was set back. */
  timetables(): Iterable<Timetable>
  /** Whether the daemon was down since the second `done`. */
  readonly wasDown: boolean
}

/** What the clock did since the last tick. */
export type Step =
  | { readonly kind: 'none' | 'second' }
  | { readonly kind: 'stall' | 'jump' | 'back' | 'new-time'; readonly seconds: number }

interface DueStart {
  readonly start: Start
  /** The part of its jitter below a second. */
  readonly delayMs: number
}

export interface TickPlan {
  readonly step: Step
  readonly done: number
  readonly high: number
  /** A new agenda, where the old one is of another time. */
  readonly agenda: Agenda | undefined
  /** What follows on the agenda for those that were due. */
  readonly next: readonly AgendaEntry[]
  /** In the order of their slots. */
  readonly starts: readonly DueStart[]
  readonly misses: readonly Miss[]
}

/**
 * What should happen in this second: a pure decision over the last second done, so that a tick
 * that comes late, twice, or after the clock was set, does what is right and nothing twice.
 */
export function planTick(state: TickState, facts: TickFacts, now: number): TickPlan {
  const step = stepOf(state.done, now)
  if (step.kind === 'none')
    return { ...state, step, agenda: undefined, next: [], starts: [], misses: [] }
  if (step.kind === 'back' || step.kind === 'new-time')
    return planFrom(rewound(state, facts, step, now), facts, step, now)
  return planFrom({ ...state, agenda: undefined, source: state.agenda }, facts, step, now)
}

interface Base {
  readonly done: number
  readonly high: number
  /** Set where it was made anew. */
  readonly agenda: Agenda | undefined
  readonly source: Agenda
}

function stepOf(done: number, now: number): Step {
  const seconds = now - done
  if (seconds === 0) return { kind: 'none' }
  if (seconds === 1) return { kind: 'second' }
  if (seconds > 0) return { kind: seconds <= maxStallSeconds ? 'stall' : 'jump', seconds }
  return { kind: -seconds <= maxStepBackSeconds ? 'back' : 'new-time', seconds: -seconds }
}

/** The agenda of a clock that was set back: as if the second before this one were the last done. */
function rewound(state: TickState, facts: TickFacts, step: Step, now: number): Base {
  const done = now - 1
  const high = step.kind === 'back' ? Math.max(state.high, state.done) : done
  const entries: AgendaEntry[] = []
  for (const table of facts.timetables()) {
    const entry = nextEntry(table, done, high)
    if (entry !== undefined) entries.push(entry)
  }
  const agenda = agendaOf(entries)
  return { done, high, agenda, source: agenda }
}

function planFrom(base: Base, facts: TickFacts, step: Step, now: number): TickPlan {
  const next: AgendaEntry[] = []
  const starts: DueStart[] = []
  const misses: Miss[] = []
  // What was done already counts only where the clock was set back: an entry is never done.
  const high = base.high > base.done ? base.high : 0
  for (const entry of dueBy(base.source, now)) {
    const table = facts.timetable(entry.task)
    if (table === undefined) continue
    // From the entry's own slot: a task loaded meanwhile has nothing before it.
    const range = slotsUpTo(table, entry.slot + shiftOf(table) - 1, now, high)
    if (range !== undefined) {
      const part =
        step.kind === 'jump'
          ? afterJump(table, range, facts, now)
          : afterStall(table, range, facts, high)
      if (part.start !== undefined) starts.push(part.start)
      if (part.miss !== undefined) misses.push(part.miss)
    }
    const following = nextEntry(table, now, base.high)
    if (following !== undefined) next.push(following)
  }
  starts.sort(
    (a, b) => (a.start.dueMs ?? 0) - (b.start.dueMs ?? 0) || (a.start.task < b.start.task ? -1 : 1),
  )
  return {
    step,
    done: now,
    high: Math.max(base.high, now),
    agenda: base.agenda,
    next,
    starts,
    misses,
  }
}

interface Part {
  readonly start: DueStart | undefined
  readonly miss: Miss | undefined
}

/** Once for the latest slot; the ones before it in the same stall are on record as missed. */
function afterStall(table: Timetable, range: SlotRange, facts: TickFacts, high: number): Part {
  return {
    start: startOf(table, range.last, 'schedule'),
    miss: missOf(table, allButLast(table, range, high), reasonOf(facts)),
  }
}

function afterJump(table: Timetable, range: SlotRange, facts: TickFacts, now: number): Part {
  const reason = reasonOf(facts)
  const dueNow = range.last + shiftOf(table) === now
  const young = (now - range.last) * 1000 <= table.catchupWindowMs
  if (!dueNow && !(table.catchup === 'latest' && young))
    return { start: undefined, miss: missOf(table, range, reason) }
  return {
    start: startOf(table, range.last, dueNow ? 'schedule' : 'catchup'),
    miss: missOf(table, allButLast(table, range, 0), reason),
  }
}

function reasonOf(facts: TickFacts): Miss['reason'] {
  return facts.wasDown ? 'down' : 'clock'
}

function allButLast(table: Timetable, range: SlotRange, high: number): SlotRange | undefined {
  if (range.count <= 1) return undefined
  const shift = shiftOf(table)
  return slotsUpTo(table, range.first + shift - 1, range.last + shift - 1, high)
}

function startOf(table: Timetable, slot: number, trigger: 'schedule' | 'catchup'): DueStart {
  return {
    start: { task: table.task, slot, trigger, attempt: 1, dueMs: slot * 1000 + table.jitterMs },
    delayMs: table.jitterMs % 1000,
  }
}

function missOf(
  table: Timetable,
  range: SlotRange | undefined,
  reason: Miss['reason'],
): Miss | undefined {
  return (
    range && { task: table.task, first: range.first, last: range.last, count: range.count, reason }
  )
}
