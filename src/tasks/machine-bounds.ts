import type { Limits } from './task.ts'

/** The most that a limit can be set to, and what says so. */
export interface LimitBound {
  readonly most: number
  readonly by: string
}

export type LimitBounds = Readonly<Partial<Record<keyof Limits, LimitBound>>>

/** What a machine, or one process on it, allows the runs of its tasks. */
export interface MachineBounds {
  /** A limit without a bound is left out. */
  readonly limits: LimitBounds
  /** Of all arguments and variables of a program together. */
  readonly argumentBytes: number
}

/** Linux passes at most this much to a program, whatever its stack limit: see execve(2). */
export const maxArgumentBytes = 6 * 2 ** 20

/** For a file that is read for no machine in particular. */
export const boundsOfAnyMachine: MachineBounds = { limits: {}, argumentBytes: maxArgumentBytes }

/** The limits that a machine does not let torch set. `problem` follows the name of the limit. */
export function limitsOverBounds(
  limits: Readonly<Partial<Record<keyof Limits, number | undefined>>>,
  bounds: LimitBounds,
): { readonly key: keyof Limits; readonly problem: string }[] {
  return limitNames.flatMap((key) => {
    const value = limits[key]
    const bound = bounds[key]
    if (value === undefined || bound === undefined || value <= bound.most) return []
    return [{ key, problem: `cannot be set to ${value}: ${boundWords(bound)}` }]
  })
}

/** `this machine allows at most 1048576 (fs.nr_open)` */
export function boundWords({ most, by }: LimitBound): string {
  return `this machine allows at most ${most} (${by})`
}

const limitNames = ['nofile', 'cpu', 'memory', 'core', 'fsize', 'nproc'] as const
