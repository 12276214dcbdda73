import type { SeenEnd, SeenEnds } from '../../plan/after.ts'

/** What the tasks with `after` have seen since they started last. It is a part of pending.json. */
export interface AfterEnds {
  /** By the name of the task that starts after others. */
  readonly seen: ReadonlyMap<string, SeenEnds>
  note(task: string, first: string, end: SeenEnd): void
  forget(task: string): void
}

export function newAfterEnds(): AfterEnds {
  const seen = new Map<string, SeenEnds>()
  return {
    seen,
    note(task, first, end) {
      seen.set(task, new Map(seen.get(task)).set(first, end))
    },
    forget: (task) => void seen.delete(task),
  }
}

/** Ends as they are in pending.json. */
export type SavedEnds = readonly (readonly [
  task: string,
  ends: readonly (readonly [first: string, end: SeenEnd])[],
])[]

export function savedEnds({ seen }: AfterEnds): SavedEnds {
  return [...seen].map(([task, ends]) => [task, [...ends]])
}
