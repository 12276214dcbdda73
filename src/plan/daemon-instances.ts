import type { Task } from '../tasks/task.ts'

/** A run of a daemon task. */
export interface DaemonRun {
  readonly run: string
  readonly definition: string
  readonly ending: boolean
}

/** A place whose run has ended and that waits for its next. */
export interface Vacancy {
  readonly notBeforeMs: number
  /** What it waited, for the next delay. */
  readonly delayMs: number
}

export interface PlacesPlan {
  /** Runs to end, by id. */
  readonly end: readonly string[]
  /** Runs to start, with the delay that each waited. */
  readonly start: readonly { readonly delayMs: number }[]
  /** Vacancies that stay. */
  readonly vacancies: readonly Vacancy[]
  /** When to look again, in milliseconds since the epoch. */
  readonly wakeMs: number | undefined
}

/**
 * Brings a daemon task to what its definition asks: `max` runs of it, always. A task that is gone
 * (undefined) has its runs ended; runs of an older definition are ended one by one, the next only
 * when the one before is gone and started anew. Asked again at each change, it finds what is left
 * to do from what is there.
 */
export function planPlaces(
  task: Pick<Task, 'max' | 'definition'> | undefined,
  runs: readonly DaemonRun[],
  vacancies: readonly Vacancy[],
  nowMs: number,
): PlacesPlan {
  const lively = runs.filter((each) => !each.ending)
  if (task === undefined) return { end: idsOf(lively), start: [], vacancies: [], wakeMs: undefined }
  const stale = lively.filter((each) => each.definition !== task.definition)
  const surplus = Math.max(lively.length - task.max, 0)
  const isEnding = lively.length < runs.length
  const oldFirst = [...stale, ...lively.filter((each) => !stale.includes(each)).toReversed()]
  const end = isEnding
    ? oldFirst.slice(0, surplus)
    : oldFirst.slice(0, Math.max(surplus, Math.min(stale.length, 1)))

  const free = Math.max(task.max - runs.length, 0)
  const kept = vacancies.slice(0, free)
  const ripe = kept.filter((each) => isRipe(each, nowMs))
  const waiting = kept.filter((each) => !isRipe(each, nowMs))
  const fresh = Array.from({ length: free - kept.length }, () => ({ delayMs: 0 }))
  const wakes = waiting.map((each) => each.notBeforeMs)
  return {
    end: idsOf(end),
    start: [...fresh, ...ripe.map((each) => ({ delayMs: each.delayMs }))],
    vacancies: waiting,
    wakeMs: wakes.length === 0 ? undefined : Math.min(...wakes),
  }
}

/** What is further away than its whole delay is so because the clock was set back meanwhile. */
function isRipe({ notBeforeMs, delayMs }: Vacancy, nowMs: number): boolean {
  return notBeforeMs <= nowMs || notBeforeMs > nowMs + delayMs
}

function idsOf(runs: readonly DaemonRun[]): string[] {
  return runs.map((each) => each.run)
}
