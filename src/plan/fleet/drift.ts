import { grouped } from '../../text/grouped.ts'

/** One machine's version of a task. */
export interface TaskVersion {
  readonly host: string
  /** undefined: its tasks file does not have the task. */
  readonly definition: string | undefined
  /** When its revision was committed, in milliseconds since the epoch; undefined: not known. */
  readonly committedMs: number | undefined
}

/** Whether this machine has the version that most have. */
export type Drift =
  | { readonly kind: 'none' }
  /** Most have another definition. */
  | { readonly kind: 'differs'; readonly from: string }
  /** Most no longer have the task. */
  | { readonly kind: 'removed' }

/** How long a machine may be in the minority: a rollout takes that long. */
export const driftGraceMs = 5 * 60_000

/**
 * Compares the version of a machine with those of all live machines that may run the task, its own included. The
 * version of most machines counts; among equals, the one that was committed last. Where that is not known
 * either, both versions count, because a machine must not stop on a guess.
 */
export function driftOf(host: string, versions: readonly TaskVersion[]): Drift {
  const own = versions.find((each) => each.host === host)
  if (own === undefined) return { kind: 'none' }
  const groups = grouped(versions, ({ definition = '' }) => definition)
  const winner = [...groups.values()].reduce(
    (best, group) => (wins(group, best) ? group : best),
    [own, ...versions.filter((each) => each !== own && each.definition === own.definition)],
  )
  const [first] = winner
  if (first === undefined || first.definition === own.definition) return { kind: 'none' }
  return first.definition === undefined
    ? { kind: 'removed' }
    : { kind: 'differs', from: first.definition }
}

function wins(group: readonly TaskVersion[], best: readonly TaskVersion[]): boolean {
  if (group.length !== best.length) return group.length > best.length
  const [a, b] = [newestOf(group), newestOf(best)]
  return a !== undefined && b !== undefined && a > b
}

function newestOf(group: readonly TaskVersion[]): number | undefined {
  const times = group.flatMap(({ committedMs }) => committedMs ?? [])
  return times.length === 0 ? undefined : Math.max(...times)
}
