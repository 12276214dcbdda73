import { someOf } from '../text/plural.ts'

/**
 * How much a finding matters. `problem`: torch cannot run here; `warning`: something will not work as
 * the tasks file asks; `note`: good to know, or torch uses something else instead.
 */
export type Severity = 'problem' | 'warning' | 'note' | 'ok'

/** The result of one check. */
export interface CheckResult {
  readonly status: Severity
  /** What is there, or what is missing. */
  readonly found: string
  /** What torch does instead. */
  readonly instead: string | null
  /** What to try. */
  readonly hint: string | null
}

/** The result of one check, with the name of the check. */
export interface Finding extends CheckResult {
  readonly name: string
}

/** Turns results by name of check into findings, in the same order. Skips undefined results. */
export function findingsOf(results: Readonly<Record<string, CheckResult | undefined>>): Finding[] {
  return Object.entries(results).flatMap(([name, result]) =>
    result === undefined ? [] : [{ name, ...result }],
  )
}

type More = Partial<Pick<CheckResult, 'instead' | 'hint'>>

export function ok(found: string): CheckResult {
  return { status: 'ok', found, instead: null, hint: null }
}

export function note(found: string, more: More = {}): CheckResult {
  return { status: 'note', found, instead: null, hint: null, ...more }
}

export function warning(found: string, more: More): CheckResult {
  return { status: 'warning', found, instead: null, hint: null, ...more }
}

export function problem(found: string, more: More): CheckResult {
  return { status: 'problem', found, instead: null, hint: null, ...more }
}

/** A finding names this many tasks and counts the rest. */
const maxNamedTasks = 4

export function namesOf(tasks: readonly string[]): string {
  return someOf(tasks, maxNamedTasks)
}
