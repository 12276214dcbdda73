import type { RunAnswer } from '../../http/api.ts'
import { type Look, piecesOf, plainLook, plainOutput } from './ansi.ts'

/** A line of output as it was printed, and the look in force at its start. */
export interface OutputLine {
  readonly raw: string
  readonly look: Look
}

/** What the page keeps of an output; the oldest lines leave first. */
const maxLines = 300_000

/** The lines of an output that the page has: a part without a hole, which ends in a line that may still grow. */
export interface OutputLines {
  readonly lines: readonly OutputLine[]
  /** The last line has no line break yet. */
  readonly isOpen: boolean
  /** Lines that left at the beginning. */
  readonly dropped: number
}

export const noLines: OutputLines = { lines: [], isOpen: false, dropped: 0 }

/** The lines with more text at their end. The array is changed: a copy of 100,000 lines for each text is too slow. */
export function withText(before: OutputLines, text: string): OutputLines {
  if (text === '') return before
  const lines = before.lines as OutputLine[]
  const parts = text.split('\n')
  const first = before.isOpen ? lines.pop() : undefined
  let look = first?.look ?? lookAfter(lines.at(-1))
  parts[0] = (first?.raw ?? '') + (parts[0] ?? '')
  const isOpen = parts.at(-1) !== ''
  if (!isOpen) parts.pop()
  for (const raw of parts) {
    lines.push({ raw, look })
    if (raw.includes('\u001b[')) look = piecesOf(raw, look).look
  }
  const over = lines.length - maxLines
  // A tenth at once, as it moves all the others.
  if (over > maxLines / 10) lines.splice(0, over)
  return { lines, isOpen, dropped: before.dropped + (over > maxLines / 10 ? over : 0) }
}

/** The lines with earlier text before them, which ends where they begin. */
export function withEarlier(after: OutputLines, text: string): OutputLines {
  const earlier = withText({ lines: [], isOpen: false, dropped: 0 }, text)
  if (after.lines.length === 0) return earlier
  const [first, ...rest] = after.lines
  const last = earlier.isOpen ? earlier.lines.at(-1) : undefined
  const joint =
    last === undefined || first === undefined
      ? first
      : { raw: last.raw + first.raw, look: last.look }
  const head = last === undefined ? earlier.lines : earlier.lines.slice(0, -1)
  return { ...after, lines: joint === undefined ? head : head.concat(joint, rest) }
}

function lookAfter(line: OutputLine | undefined): Look {
  if (line === undefined) return plainLook
  return line.raw.includes('\u001b[') ? piecesOf(line.raw, line.look).look : line.look
}

/** The numbers of the lines that contain a text, in any case. At most `most` of them. */
export function linesWith(lines: readonly OutputLine[], text: string, most: number): number[] {
  const wanted = text.toLowerCase()
  const found: number[] = []
  if (wanted === '') return found
  for (const [index, { raw }] of lines.entries()) {
    if (!plainOutput(raw).toLowerCase().includes(wanted)) continue
    found.push(index)
    if (found.length === most) break
  }
  return found
}

/** Where a line stands, in rows of the screen, if lines wrap after `columns`. */
export interface WrappedRows {
  /** For each line the number of rows above it, and one more: the sum. */
  readonly starts: Float64Array
}

/** A line of more characters than this is cut on the page. */
export const maxLineChars = 20_000

export function wrappedRows(lines: readonly OutputLine[], columns: number): WrappedRows {
  const starts = new Float64Array(lines.length + 1)
  let sum = 0
  for (const [index, { raw }] of lines.entries()) {
    starts[index] = sum
    sum += raw.length <= columns ? 1 : rowsOf(raw, columns)
  }
  starts[lines.length] = sum
  return { starts }
}

function rowsOf(raw: string, columns: number): number {
  const length = Math.min(plainOutput(raw).length, maxLineChars)
  return Math.max(1, Math.ceil(length / Math.max(1, columns)))
}

/** The line at a row of the screen. */
export function lineAt({ starts }: WrappedRows, row: number): number {
  let low = 0
  let high = Math.max(0, starts.length - 2)
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] ?? 0) <= row) low = middle
    else high = middle - 1
  }
  return low
}

/** Whether more output may come: after the end of a run its last lines may still be on their way to the file. */
export function mayGrow({ row, output }: RunAnswer): boolean {
  return row.outcome === 'running' || output?.isWhole === false
}
