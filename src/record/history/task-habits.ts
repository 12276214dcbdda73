import type { HistoryRow, Outcome } from '../../plan/history-row.ts'
import { failuresAfter, isFailure } from '../../plan/run-outcome.ts'

/** What happened to a task since its last good run. */
export interface TaskCounts {
  /** Runs in a row, up to the last one, that failed: see isFailure(). All attempts of a run count as one. */
  readonly failures: number
  /** Starts that were skipped since the last run started. */
  readonly skips: number
}

/** A daemon that starts looks back this many attempts; while it runs it counts all. */
export const maxFailuresCounted = 100
/** At most this many `ok` runs count for the usual duration. */
const maxUsualRuns = 20
/** The usual duration is looked for among this many runs that ended last. */
export const maxUsualLookedAt = 50

/** How many starts of a task were skipped since its last run started. */
export interface Skips {
  readonly task: string
  readonly skips: number
}

/** Counts for each task of `skipped`. `ends`: runs that have ended, the newest first. */
export function countsOf(
  skipped: readonly Skips[],
  ends: readonly Pick<HistoryRow, 'task' | 'outcome' | 'reason' | 'trigger'>[],
): Map<string, TaskCounts> {
  const counts = new Map(skipped.map(({ task, skips }) => [task, { failures: 0, skips }]))
  for (const end of ends.toReversed()) {
    const count = counts.get(end.task)
    if (count === undefined) continue
    if (end.outcome === 'ok') count.failures = 0
    else if (isFailure(end)) count.failures = failuresAfter(count.failures, end)
  }
  return counts
}

/** How a run ended, and how long it took in ms. */
export interface Duration {
  readonly task: string
  readonly outcome: Outcome
  readonly ms: number | null
}

/** The median duration of the `ok` runs of each task, in ms. The newest runs come first. */
export function usualDurations(durations: readonly Duration[]): Map<string, number> {
  const lists = new Map<string, number[]>()
  for (const { task, outcome, ms } of durations) {
    const list = lists.get(task) ?? []
    if (outcome === 'ok' && ms !== null && list.length < maxUsualRuns) list.push(ms)
    lists.set(task, list)
  }
  const medians = [...lists].map(([task, list]) => [task, median(list)] as const)
  return new Map(medians.flatMap(([task, ms]) => (ms === undefined ? [] : [[task, ms]])))
}

/** For an even count, the greater of the two in the middle; undefined for an empty list. */
function median(numbers: readonly number[]): number | undefined {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1]
}
