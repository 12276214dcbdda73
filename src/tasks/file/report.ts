import type { Problem } from './problem.ts'

/** Columns of the file that are shown on both sides of a caret. */
const maxShownBefore = 60
const maxShownAfter = 60

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
  if (hint !== null) lines.push(plain(`hint: ${hint}`))
  return lines.join('\n')
}

/** The first line of it alone, for a log: the line of the file may hold a secret. */
export function problemLine({ severity, file, line, column, path, message }: Problem): string {
  const place = [file, line, column].filter((part) => part !== null).join(':')
  const kind = severity === 'warning' ? 'warning: ' : ''
  const what = path === '' ? message : `${path}: ${message}`
  return plain(`${place}: ${kind}${what}`)
}

/** Names and values of the file stand in it: what a terminal would obey is not shown to it. */
function plain(line: string): string {
  return line.replace(/[^\P{Cc}\t]/gu, '\ufffd')
}

/** The source line, and a caret under the column; of a long line what is around it. */
function excerpt(source: string, column: number): [string, string] {
  const chars = [...plain(source)]
  const at = Math.min(column - 1, chars.length)
  const from = Math.max(0, at - maxShownBefore)
  const to = Math.min(chars.length, at + maxShownAfter)
  const before = (from > 0 ? '…' : '') + chars.slice(from, at).join('')
  const after = chars.slice(at, to).join('') + (to < chars.length ? '…' : '')
  // A tab stays one, so that the caret moves as far as the text above it.
  return [before + after, `${before.replace(/[^\t]/gu, ' ')}^`]
}
