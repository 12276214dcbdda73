import type { Warning } from './imported.ts'

/** Collects what is to be told of an import. */
export interface Warnings {
  /** False where it was not told, because one of the same sort was before. */
  tell(line: number, message: string, sort?: string): boolean
  /** In the order of their lines. */
  all(): readonly Warning[]
}

export function newWarnings(): Warnings {
  const told: Warning[] = []
  const sorts = new Set<string>()
  return {
    tell(line, message, sort) {
      if (sort !== undefined && sorts.has(sort)) return false
      if (sort !== undefined) sorts.add(sort)
      // What a terminal would obey is not shown to it.
      told.push({ line, message: message.replaceAll(/[^\P{Cc}]/gu, '?') })
      return true
    },
    all: () => told.toSorted((a, b) => a.line - b.line),
  }
}
