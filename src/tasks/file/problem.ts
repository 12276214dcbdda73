import { maxProblems } from './limits.ts'
import { counted } from '../../text/plural.ts'
import { plainText } from '../../text/sanitize.ts'
import type { KeyPath } from './key-path.ts'

/** One error or warning about a tasks file. The JSON shape of `torch validate --json`. */
export interface Problem {
  readonly severity: 'error' | 'warning'
  readonly file: string
  /** From 1; null if the problem concerns the file as a whole. */
  readonly line: number | null
  /** From 1, in characters. */
  readonly column: number | null
  /** Dotted path of the key, `tasks.backup.max`; empty for the file as a whole. */
  readonly path: string
  readonly message: string
  /** What to try, without a full stop: `did you mean "command"?` */
  readonly hint: string | null
  /** The line of the file, to put the caret under; null if there is none. */
  readonly source: string | null
}

/** A problem in one text, placed by its offset. It becomes a Problem once file and line are known. */
export interface OffsetProblem {
  readonly path: KeyPath
  readonly offset: number
  readonly message: string
  readonly hint: string | null
  /** The text is not valid YAML here, so other problems in the same line are its consequences. */
  readonly isSyntax: boolean
}

export function isError({ severity }: Problem): boolean {
  return severity === 'error'
}

/** The problems of one text in the order of their lines and columns. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  )
}

/** The same with all warnings first: what keeps a file from being used is then the last thing on the screen. */
export function errorsLast(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => Number(isError(a)) - Number(isError(b)))
}

/** The first {@link maxProblems}, then one that says how many more there are. */
export function limitProblems(problems: readonly Problem[]): readonly Problem[] {
  const [next] = problems.slice(maxProblems)
  if (next === undefined) return problems
  const message = counted(problems.length - maxProblems, 'more problem')
  return [...problems.slice(0, maxProblems), { ...next, path: '', message, hint: null }]
}

/** Columns of the source line that are shown on each side of the caret. */
const maxColumnsBefore = 60
const maxColumnsAfter = 60

/**
 * A problem as a person reads it, without a line break at the end:
 *
 *     tasks.yaml:12:5: tasks.backup.max: expected a whole number of at least 1, or "unlimited"; got "three"
 *         max: three
 *              ^
 *     hint: ...
 */
export function formatProblem(problem: Problem): string {
  const { column, hint, source } = problem
  const lines = [problemLine(problem)]
  if (column !== null && source?.trim()) lines.push(...excerpt(source, column))
  if (hint !== null) lines.push(printable(`hint: ${hint}`))
  return lines.join('\n')
}

/** Only the first line of it, for a log: the line of the file may contain a secret. */
export function problemLine({ severity, file, line, column, path, message }: Problem): string {
  const place = [file, line, column].filter((part) => part !== null).join(':')
  const kind = severity === 'warning' ? 'warning: ' : ''
  const what = path === '' ? message : `${path}: ${message}`
  return printable(`${place}: ${kind}${what}`)
}

/** The line contains names and values of the file. A tab may stay: see excerpt(). */
function printable(line: string): string {
  return plainText(line).replaceAll('\n', '\ufffd')
}

/** The source line, cut around the column if it is long, and a line with the caret. */
function excerpt(source: string, column: number): [string, string] {
  const chars = [...printable(source)]
  const at = Math.min(column - 1, chars.length)
  const from = Math.max(0, at - maxColumnsBefore)
  const to = Math.min(chars.length, at + maxColumnsAfter)
  const before = (from > 0 ? '…' : '') + chars.slice(from, at).join('')
  const after = chars.slice(at, to).join('') + (to < chars.length ? '…' : '')
  // A tab stays a tab, so that the caret moves as far as the text above it.
  return [before + after, `${before.replace(/[^\t]/gu, ' ')}^`]
}
