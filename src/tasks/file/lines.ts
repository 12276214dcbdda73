import { maxSourceChars } from './limits.ts'

export interface Place {
  /** Both from 1. */
  readonly line: number
  readonly column: number
  /** The whole line; null where it is too long to be shown. */
  readonly source: string | null
}

/** Gives the place of any offset in a text, after one pass over it. */
export function placesOf(text: string): (offset: number) => Place {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)

  return (offset) => {
    const line = lastNotAfter(starts, offset)
    const start = starts[line] ?? 0
    const end = (starts[line + 1] ?? text.length + 1) - 1
    const whole = end - start <= maxSourceChars ? text.slice(start, end).replace(/\r$/, '') : null
    // Counting characters of a line of ten million, for each of its problems, would take all day.
    const column = whole === null ? offset - start : [...whole.slice(0, offset - start)].length
    return { line: line + 1, column: column + 1, source: whole }
  }
}

/** The number of the line that begins at an offset, which is just after a line break. */
export function lineAfter(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    line += 1
  }
  return line
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
