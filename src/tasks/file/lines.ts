import { maxSourceChars } from './limits.ts'

/** A place in a text. */
export interface LinePosition {
  /** Both from 1. */
  readonly line: number
  readonly column: number
  /** The whole line; null if it is too long to be shown. */
  readonly source: string | null
}

/** Finds the line and column of any offset of a text, after one pass over the text. */
export function lineFinder(text: string): (offset: number) => LinePosition {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)

  return (offset) => {
    const line = lastNotAfter(starts, offset)
    const start = starts[line] ?? 0
    const end = (starts[line + 1] ?? text.length + 1) - 1
    const whole = end - start <= maxSourceChars ? text.slice(start, end).replace(/\r$/, '') : null
    // The characters of a long line are not counted: with a problem every few characters it would
    // take hours.
    const column = whole === null ? offset - start : [...whole.slice(0, offset - start)].length
    return { line: line + 1, column: column + 1, source: whole }
  }
}

function lastNotAfter(starts: readonly number[], offset: number): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return low
}
