import type { Start } from './admit.ts'
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
}

/** What a command is about: every task, or these. */
export type PauseTarget = 'all' | readonly string[]

export const noPauses: PauseSet = { all: undefined, tasks: new Map() }

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
 * while no daemon ran is not caught up either.
 */
export function isPausedStart(pauses: PauseSet, start: Start, nowMs: number): boolean {
  const { task, trigger, slot } = start
  if (trigger === 'manual') return false
  const atMs = trigger === 'catchup' && slot !== undefined ? Math.min(slot * 1000, nowMs) : nowMs
  return pauseOf(pauses, task, atMs) !== undefined
}

/** Whether the task was paused when these slots passed. What begins before the end of a pause counts as missed if it ends after it. */
export function isPausedMiss(pauses: PauseSet, { task, last }: Miss): boolean {
  return pauseOf(pauses, task, last * 1000) !== undefined
}

/** The pauses with one more, in the place of an earlier one. */
export function withPause(pauses: PauseSet, target: PauseTarget, pause: Pause): PauseSet {
  if (target === 'all') return { ...pauses, all: pause }
  return { ...pauses, tasks: new Map([...pauses.tasks, ...target.map(asEntry(pause))]) }
}

function asEntry(pause: Pause): (task: string) => [string, Pause] {
  return (task) => [task, pause]
}

/**
 * The pauses without these. `all` ends the pause of all tasks, and leaves those that somebody paused by name; if
 * there is no pause of all tasks, it ends every one.
 */
export function withoutPauses(pauses: PauseSet, target: PauseTarget): PauseSet {
  const { all, tasks } = pauses
  if (target === 'all') return all === undefined ? noPauses : { all: undefined, tasks }
  return { all, tasks: new Map([...tasks].filter(([task]) => !target.includes(task))) }
}

/** The pauses that are not over; the same object if none is. */
export function pausesLeft(pauses: PauseSet, nowMs: number): PauseSet {
  const { all, tasks } = pauses
  const isLeft = (pause: Pause): boolean => !isOver(pause, nowMs)
  if ([all, ...tasks.values()].every((each) => each === undefined || isLeft(each))) return pauses
  return {
    all: all && isLeft(all) ? all : undefined,
    tasks: new Map([...tasks].filter(([, pause]) => isLeft(pause))),
  }
}

/** The slots of one task that a pause let pass: one row of the history. Seconds since the epoch. */
export type PausedSlots = Omit<Miss, 'reason'>

/** The slots of a pause with some more. After a crash the last second may come again. */
export function morePausedSlots(before: PausedSlots | undefined, more: PausedSlots): PausedSlots {
  if (before === undefined) return more
  const again = more.first === before.last ? 1 : 0
  const { task, first, last, count } = before
  return {
    task,
    first: Math.min(first, more.first),
    last: Math.max(last, more.last),
    count: count + more.count - again,
  }
}
