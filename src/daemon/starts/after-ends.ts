import type { SeenEnd, SeenEnds } from '../../plan/after.ts'
import type { TaskAfter } from '../../tasks/task.ts'

/** What a task with `after` has seen since it started last. */
interface Round {
  /** What it waited for meanwhile. If the file says something else, a new round begins. */
  readonly after: TaskAfter
  readonly ends: SeenEnds
}

/** What the tasks with `after` have seen since they started last. It is a part of pending.json. */
export interface AfterEnds {
  /** By the name of the task that starts after others. */
  readonly rounds: ReadonlyMap<string, Round>
  /** The ends that a task has seen. */
  of(task: string): SeenEnds
  note(task: string, after: TaskAfter, first: string, end: SeenEnd): void
  forget(task: string): void
}

const nothing: SeenEnds = new Map()

export function newAfterEnds(): AfterEnds {
  const rounds = new Map<string, Round>()
  const of = (task: string): SeenEnds => rounds.get(task)?.ends ?? nothing
  return {
    rounds,
    of,
    note(task, after, first, end) {
      rounds.set(task, { after, ends: new Map(of(task)).set(first, end) })
    },
    forget: (task) => void rounds.delete(task),
  }
}

/** Ends as they are in pending.json. */
export type SavedEnds = readonly (readonly [
  task: string,
  after: TaskAfter,
  ends: readonly (readonly [first: string, end: SeenEnd])[],
])[]

export function savedEnds({ rounds }: AfterEnds): SavedEnds {
  return [...rounds].map(([task, { after, ends }]) => [task, after, [...ends]])
}
