import type { TaskAfter } from '../tasks/task.ts'
import type { Outcome } from './history-row.ts'
import { isFailure } from './run-outcome.ts'

/** The end of a run after which others may start. */
export interface SeenEnd {
  readonly run: string
  /** Milliseconds since the epoch. */
  readonly endedMs: number
}

/** What a task with `after` has seen since it started last: the last end that counts, by task. */
export type SeenEnds = ReadonlyMap<string, SeenEnd>

/** Whether an end counts for a task that waits for this outcome. What a person or torch ended on purpose is only `any`. */
export function isEndFor(
  { outcome: wanted }: TaskAfter,
  ended: { readonly outcome: Outcome; readonly reason: string | null },
): boolean {
  if (wanted === 'any') return true
  return wanted === 'ok' ? ended.outcome === 'ok' : isFailure(ended)
}

/** The ends after which a task starts, in the order of its tasks; undefined as long as one of them has not ended. */
export function endsFor({ tasks }: TaskAfter, seen: SeenEnds): readonly SeenEnd[] | undefined {
  const ends = tasks.flatMap((name) => seen.get(name) ?? [])
  return ends.length === tasks.length ? ends : undefined
}
