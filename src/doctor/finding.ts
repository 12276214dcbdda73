import { someOf } from '../text/plural.ts'

/**
 * How much it matters. `problem`: torch cannot run here; `warning`: something will not work as the
 * tasks file says; `note`: torch has something else for it, or it is good to know.
 */
export type Weight = 'problem' | 'warning' | 'note' | 'ok'

/** What one check has to say. */
export interface Verdict {
  readonly status: Weight
  /** What is there, or what is missing. */
  readonly found: string
  /** What torch does in its place. */
  readonly instead: string | null
  /** What to try. */
  readonly hint: string | null
}

/** A verdict under the name of its check. */
export interface Finding extends Verdict {
  readonly name: string
}

/** Verdicts by the names of their checks, in that order; undefined: there is nothing to check. */
export function findingsOf(verdicts: Readonly<Record<string, Verdict | undefined>>): Finding[] {
  return Object.entries(verdicts).flatMap(([name, verdict]) =>
    verdict === undefined ? [] : [{ name, ...verdict }],
  )
}

type More = Partial<Pick<Verdict, 'instead' | 'hint'>>

export function ok(found: string): Verdict {
  return { status: 'ok', found, instead: null, hint: null }
}

export function note(found: string, more: More = {}): Verdict {
  return { status: 'note', found, instead: null, hint: null, ...more }
}

export function warning(found: string, more: More): Verdict {
  return { status: 'warning', found, instead: null, hint: null, ...more }
}

export function problem(found: string, more: More): Verdict {
  return { status: 'problem', found, instead: null, hint: null, ...more }
}

/** So many tasks are named in a verdict; the rest is counted. */
const maxNamed = 4

export function named(tasks: readonly string[]): string {
  return someOf(tasks, maxNamed)
}
