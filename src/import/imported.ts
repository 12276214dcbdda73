import type { Problem } from '../tasks/file/problem.ts'

/** The schedulers whose files torch can import. */
export const importFormats = ['crontab', 'gotorch'] as const

/** Something that torch cannot import, or that means something else in torch. */
interface Warning {
  /** In the imported file. */
  readonly line: number
  readonly message: string
}

/** A tasks file made from the file of another scheduler, or why there is none. */
export type Imported =
  | {
      readonly ok: true
      /** The text of a valid tasks file. */
      readonly yaml: string
      readonly tasks: number
      /** In the order of their lines. */
      readonly warnings: readonly Warning[]
    }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** No real file is larger. Debian's crontab(1) accepts at most 10,000 lines (CVE-2019-9705). */
export const maxImportBytes = 1_000_000
export const maxCrontabLines = 10_000

/** Bounds the tasks file, because every task can have all variables. */
export const maxVariables = 200

/** The whole file cannot be imported. */
export function refused(file: string, message: string, hint: string | null = null): Imported {
  const whole = { file, line: null, column: null, path: '', source: null }
  return { ok: false, problems: [{ severity: 'error', message, hint, ...whole }] }
}

/** A note for the user about a job. Only the first note of a topic is shown. */
export interface Note {
  readonly message: string
  readonly topic?: string
}

/** Collects the warnings of one import. */
export interface Warnings {
  /** Only the first warning of a `topic` is added; the others return false. */
  add(line: number, message: string, topic?: string): boolean
  /** In the order of their lines. */
  all(): readonly Warning[]
}

export function newWarnings(): Warnings {
  const warnings: Warning[] = []
  const topics = new Set<string>()
  return {
    add(line, message, topic) {
      if (topic !== undefined && topics.has(topic)) return false
      if (topic !== undefined) topics.add(topic)
      // Control characters must not reach the terminal.
      warnings.push({ line, message: message.replaceAll(/[^\P{Cc}]/gu, '?') })
      return true
    },
    all: () => warnings.toSorted((a, b) => a.line - b.line),
  }
}
