import type { Start } from './admit.ts'
import { shiftOf, type SlotRange, slotsUpTo, type Timetable } from './slots.ts'
import type { Miss } from './tick.ts'

/** Somebody wants torch to start nothing of a task on this machine. Times in milliseconds since the epoch. */
export interface Pause {
  readonly sinceMs: number
  /** null: until somebody resumes it. */
  readonly untilMs: number | null
  readonly reason: string | null
  /** Who asked for it, such as `alice`. */
  readonly by: string
}

/** The pauses of a machine. */
export interface PauseSet {
  /** Of every task, also of those that come into the file later. */
  readonly all: Pause | undefined
  /** Of single tasks. */
  readonly tasks: ReadonlyMap<string, Pause>
  /** Those that have ended, while no tick has looked at all of their slots. */
  readonly past: readonly PastPause[]
}

/** A pause that has ended. `task`: null if it was one of all tasks. Times in milliseconds since the epoch. */
export interface PastPause {
  readonly task: string | null
  readonly sinceMs: number
  readonly untilMs: number
}

/** Ended pauses that are kept; the oldest go first. */
const maxPastPauses = 1000

/** What a command is about: every task, or these. */
export type PauseTarget = 'all' | readonly string[]

export const noPauses: PauseSet = { all: undefined, tasks: new Map(), past: [] }

/** The pause of a task in this moment: if there are two, the one that ends last. */
export function pauseOf({ all, tasks }: PauseSet, task: string, nowMs: number): Pause | undefined {
  const [first, second] = [all, tasks.get(task)].filter(
    (each) => each !== undefined && !isOver(each, nowMs),
  )
  if (first === undefined || second === undefined) return first ?? second
  return endOf(second) >= endOf(first) ? second : first
}

function isOver(pause: Pause, nowMs: number): boolean {
  return nowMs >= endOf(pause)
}

function endOf({ untilMs }: Pause): number {
  return untilMs ?? Infinity
}

/**
 * Whether a pause keeps this start back. A person may start a paused task by hand. A slot of a pause that ended
 * while no daemon ran does not start late either.
 */
export function isPausedStart(pauses: PauseSet, start: Start, nowMs: number): boolean {
  const { task, trigger } = start
  if (trigger === 'manual') return false
  if (pauseOf(pauses, task, nowMs) !== undefined) return true
  const dueMs = dueOfSlot(start)
  return dueMs !== undefined && periodsOf(pauses, task).some((period) => isIn(period, dueMs))
}

/** Whether the slot of a start that a pause keeps back was due before somebody paused the task. */
export function isBeforePause(pauses: PauseSet, start: Start, nowMs: number): boolean {
  const dueMs = dueOfSlot(start)
  const periods = periodsOf(pauses, start.task).filter(({ sinceMs }) => sinceMs <= nowMs)
  return (
    dueMs !== undefined && periods.length > 0 && periods.every(({ sinceMs }) => dueMs < sinceMs)
  )
}

function dueOfSlot({ trigger, slot, dueMs }: Start): number | undefined {
  if (slot === undefined || (trigger !== 'schedule' && trigger !== 'catchup')) return undefined
  return dueMs ?? slot * 1000
}

/** What of a miss a pause let pass, and what is missed all the same. */
export interface SplitMiss {
  readonly missed: readonly Miss[]
  readonly passed: readonly PausedSlots[]
}

/**
 * Nobody waited for the slots of a pause: they are not missed. Those before it and after it are. `high` works as in
 * slotsUpTo().
 */
export function splitMiss(pauses: PauseSet, miss: Miss, table: Timetable, high: number): SplitMiss {
  const { task, reason } = miss
  const end = miss.last + shiftOf(table)
  let done = miss.first + shiftOf(table) - 1
  const missed: (SlotRange | undefined)[] = []
  const passed: PausedSlots[] = []
  for (const { sinceMs, untilMs } of periodsOf(pauses, task)) {
    const from = Math.max(Math.ceil(sinceMs / 1000), done + 1)
    const to = Math.min(lastSecondOf(untilMs), end)
    const slots = from > to ? undefined : slotsUpTo(table, from - 1, to, high)
    if (slots === undefined) continue
    missed.push(from - 1 > done ? slotsUpTo(table, done, from - 1, high) : undefined)
    passed.push({ task, first: slots.first, last: slots.last, count: slots.count })
    done = to
  }
  if (passed.length === 0) return { missed: [miss], passed }
  missed.push(done < end ? slotsUpTo(table, done, end, high) : undefined)
  return {
    missed: missed.flatMap((range) =>
      range === undefined
        ? []
        : [{ task, first: range.first, last: range.last, count: range.count, reason }],
    ),
    passed,
  }
}

type Period = Pick<PastPause, 'sinceMs' | 'untilMs'>

/** When a task was or is paused, by the beginnings. */
function periodsOf({ all, tasks, past }: PauseSet, task: string): Period[] {
  const present = [all, tasks.get(task)].filter((each) => each !== undefined)
  return [
    ...past.filter((each) => each.task === null || each.task === task),
    ...present.map((pause) => ({ sinceMs: pause.sinceMs, untilMs: endOf(pause) })),
  ].toSorted((a, b) => a.sinceMs - b.sinceMs)
}

function isIn({ sinceMs, untilMs }: Period, ms: number): boolean {
  return ms >= sinceMs && ms < untilMs
}

/** The last whole second before the end of a pause. */
function lastSecondOf(untilMs: number): number {
  return Math.ceil(untilMs / 1000) - 1
}

/** The pauses with one more, in the place of an earlier one, which ends. */
export function withPause(pauses: PauseSet, target: PauseTarget, pause: Pause): PauseSet {
  const { all, tasks } = pauses
  const next =
    target === 'all'
      ? { all: pause, tasks }
      : { all, tasks: new Map([...tasks, ...target.map(asEntry(pause))]) }
  return ending(pauses, next, pause.sinceMs)
}

function asEntry(pause: Pause): (task: string) => [string, Pause] {
  return (task) => [task, pause]
}

/**
 * The pauses without these, which end now. `all` ends the pause of all tasks, and leaves those that somebody paused by
 * name; if there is no pause of all tasks, it ends every one.
 */
export function withoutPauses(pauses: PauseSet, target: PauseTarget, nowMs: number): PauseSet {
  const { all, tasks } = pauses
  if (target === 'all')
    return ending(pauses, all === undefined ? noPauses : { all: undefined, tasks }, nowMs)
  const left = new Map([...tasks].filter(([task]) => !target.includes(task)))
  return ending(pauses, { all, tasks: left }, nowMs)
}

/** The pauses of `next`. What `before` had and `next` has not becomes a thing of the past, at the latest now. */
function ending(before: PauseSet, next: Omit<PauseSet, 'past'>, nowMs: number): PauseSet {
  const ended = [
    ...(before.all === undefined || before.all === next.all ? [] : [asPast(null, before.all)]),
    ...[...before.tasks].flatMap(([task, pause]) =>
      pause === next.tasks.get(task) ? [] : [asPast(task, pause)],
    ),
  ].map((each) => ({ ...each, untilMs: Math.min(each.untilMs, nowMs) }))
  const { all, tasks } = next
  return { all, tasks, past: [...before.past, ...ended].slice(-maxPastPauses) }
}

function asPast(task: string | null, pause: Pause): PastPause {
  return { task, sinceMs: pause.sinceMs, untilMs: endOf(pause) }
}

/**
 * Without the ended pauses whose slots have all been looked at: the second `done` is the last one done. What ends in
 * the future goes too, because the clock was set back. The same object if there are none.
 */
export function forgetPast(pauses: PauseSet, done: number, nowMs: number): PauseSet {
  const past = pauses.past.filter(({ untilMs }) => lastSecondOf(untilMs) > done && untilMs <= nowMs)
  return past.length === pauses.past.length ? pauses : { ...pauses, past }
}

/** The pauses that are not over, at this moment; the same object if none is. */
export function pausesLeft(pauses: PauseSet, nowMs: number): PauseSet {
  const { all, tasks } = pauses
  const isLeft = (pause: Pause): boolean => !isOver(pause, nowMs)
  if ([all, ...tasks.values()].every((each) => each === undefined || isLeft(each))) return pauses
  const left = {
    all: all && isLeft(all) ? all : undefined,
    tasks: new Map([...tasks].filter(([, pause]) => isLeft(pause))),
  }
  return ending(pauses, left, nowMs)
}

/**
 * The slots of one task that a pause let pass: one row of the history. Seconds since the epoch. Of a task that starts
 * after others these are the starts that were due.
 */
export interface PausedSlots extends Omit<Miss, 'reason'> {
  readonly trigger?: 'after'
}

/** The slots of a pause with some more. After a crash the last second may come again. */
export function morePausedSlots(before: PausedSlots | undefined, more: PausedSlots): PausedSlots {
  if (before === undefined) return more
  const again = more.first === before.last ? 1 : 0
  const { first, last, count } = before
  return {
    ...more,
    first: Math.min(first, more.first),
    last: Math.max(last, more.last),
    count: count + more.count - again,
  }
}
