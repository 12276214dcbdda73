import type { Start } from './admit.ts'
import { type Agenda, type AgendaEntry, agendaOf, dueBy } from './agenda.ts'
import { nextEntry, shiftOf, type SlotRange, slotsUpTo, type Timetable } from './slots.ts'

/** After a stall of up to this long, tasks still start late; after a longer gap, slots are missed. */
export const maxStallSeconds = 60

/** A clock set back by up to this much is a correction; by more, it is a new time. As in cron(8). */
export const maxStepBackSeconds = 3 * 3600

export interface TickState {
  /** The last second that a tick has done. */
  readonly done: number
  /** The latest second ever done. After the clock is set back, it is greater than `done`. */
  readonly high: number
  readonly agenda: Agenda
}

export interface TickFacts {
  timetable(task: string): Timetable | undefined
  /** Every timetable. Read only when the clock was set back. */
  timetables(): Iterable<Timetable>
  /** The daemon was down after the second `done`. */
  readonly wasDown: boolean
}

/** What the clock did since the last tick. */
export type Step =
  | { readonly kind: 'none' | 'second' }
  | { readonly kind: 'stall' | 'jump' | 'back' | 'new-time'; readonly seconds: number }

interface DueStart {
  readonly start: Start
  /** The rest of its jitter: less than a second. */
  readonly delayMs: number
}

/** Slots of one task that passed without a run; one record for each gap. Seconds since the epoch. */
export interface Miss {
  readonly task: string
  readonly first: number
  readonly last: number
  readonly count: number
  readonly reason: 'down' | 'clock' | 'fleet unreachable'
}

export interface TickPlan {
  readonly step: Step
  readonly done: number
  readonly high: number
  /** The agenda that replaces the old one, if the clock was set back. */
  readonly agenda: Agenda | undefined
  /** The next agenda entries of the tasks that were due. */
  readonly next: readonly AgendaEntry[]
  /** Ordered by when they are due, then by task name. */
  readonly starts: readonly DueStart[]
  readonly misses: readonly Miss[]
}

/**
 * Decides what happens in this second. The decision depends on the last second done, not on whether
 * a schedule matches now. A tick may therefore come late, come twice, or follow a change of the
 * clock, and still no slot starts twice or disappears without a record.
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
  /** Set if the clock was set back: the agenda that replaces the old one. */
  readonly agenda: Agenda | undefined
  /** The agenda that holds what is due now. */
  readonly source: Agenda
}

function stepOf(done: number, now: number): Step {
  const seconds = now - done
  if (seconds === 0) return { kind: 'none' }
  if (seconds === 1) return { kind: 'second' }
  if (seconds > 0) return { kind: seconds <= maxStallSeconds ? 'stall' : 'jump', seconds }
  return { kind: -seconds <= maxStepBackSeconds ? 'back' : 'new-time', seconds: -seconds }
}

/** After the clock is set back, a new agenda counts the second before `now` as the last one done. */
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
  // An agenda entry is never done already, unless the clock was set back.
  const high = base.high > base.done ? base.high : 0
  for (const entry of dueBy(base.source, now)) {
    const table = facts.timetable(entry.task)
    if (table === undefined) continue
    // Start from the entry's own slot: a task that was loaded in between has no earlier slots.
    const range = slotsUpTo(table, entry.slot + shiftOf(table) - 1, now, high)
    if (range !== undefined) {
      const part =
        step.kind === 'jump'
          ? afterJump(table, range, facts, now)
          : startLatest(table, range, facts, high)
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

interface StartAndMiss {
  readonly start: DueStart | undefined
  readonly miss: Miss | undefined
}

/** On time, or late after a stall: the latest slot starts, and the ones before it are missed. */
function startLatest(
  table: Timetable,
  range: SlotRange,
  facts: TickFacts,
  high: number,
): StartAndMiss {
  return {
    start: startOf(table, range.last, 'schedule'),
    miss: missOf(table, allButLast(table, range, high), reasonOf(facts)),
  }
}

/**
 * After sleep, downtime or a clock set ahead: all slots are missed, unless the latest is due now or
 * `catchup` starts it.
 */
function afterJump(
  table: Timetable,
  range: SlotRange,
  facts: TickFacts,
  now: number,
): StartAndMiss {
  const reason = reasonOf(facts)
  const isDueNow = range.last + shiftOf(table) === now
  const isYoungEnough = (now - range.last) * 1000 <= table.catchupWindowMs
  if (!isDueNow && !(table.catchup === 'latest' && isYoungEnough))
    return { start: undefined, miss: missOf(table, range, reason) }
  return {
    start: startOf(table, range.last, isDueNow ? 'schedule' : 'catchup'),
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
