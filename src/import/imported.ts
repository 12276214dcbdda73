import type { Problem } from '../tasks/file/problem.ts'

/** Whose files can be imported. */
export const importFormats = ['crontab', 'gotorch'] as const

/** What could not be carried over, or means something else now. Lines are those of what was read. */
export interface Warning {
  readonly line: number
  readonly message: string
}

/** A tasks file made of what somebody else's scheduler had, or why none could be. */
export type Imported =
  | {
      readonly ok: true
      /** The text of the tasks file; it is valid. */
      readonly yaml: string
      readonly tasks: number
      /** In the order of their lines. */
      readonly warnings: readonly Warning[]
    }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** Larger files are no schedules. Debian's crontab(1) takes 10,000 lines at most (CVE-2019-9705). */
export const maxImportBytes = 1_000_000
export const maxCrontabLines = 10_000

/** Each task may get all of them. */
export const maxVariables = 200

/** The text as a whole is nothing to be imported. */
export function refused(file: string, message: string): Imported {
  const whole = { file, line: null, column: null, path: '', source: null }
  return { ok: false, problems: [{ severity: 'error', message, hint: null, ...whole }] }
}
