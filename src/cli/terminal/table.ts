import type { Style, Terminal } from './terminal.ts'

/** One field: its text, and how a terminal paints it. */
export type Cell = string | readonly [text: string, style: Style]

/** The head of a column, and what happens to the column if the terminal is too narrow. */
export interface Column {
  readonly text: string
  /** Its smallest width, so that tables below each other line up. */
  readonly least?: number
  /** It may be left out: smaller numbers first. */
  readonly leave?: number
  /** Its fields may be cut: in the middle if their ends matter as much as their beginnings. */
  readonly cut?: 'middle' | 'end'
  /** Columns are left out before this one is cut to less than this width (24), and wider ones are cut first. */
  readonly comfort?: number
}

/** What separates columns. */
export const gap = '  '
const defaultComfort = 24
/** No field is cut shorter than this. The terminal then cuts the line. */
const leastWidth = 12
/** In a pipe, one long text must not make every line as long: other fields of its column get no more blanks than this. */
const maxPaddedWidth = 60

/**
 * Rows of fields in columns, without blanks at the ends of lines. All texts are ASCII, as task names
 * are. If the terminal is too narrow, columns are left out or cut as their heads say. In a pipe all texts are
 * whole, and a very long one moves the rest of its line to the right.
 */
export function table(
  terminal: Pick<Terminal, 'paint' | 'columns' | 'isUnicode'>,
  heads: readonly (string | Column)[],
  rows: readonly Cell[][],
): string {
  const columns = heads.map(columnOf)
  const all: Cell[][] = [columns.map(({ text }): Cell => [text, 'dim']), ...rows]
  const widths = columns.map(({ least = 0 }, at) => Math.max(least, widest(all, at)))
  const fitted = fit(columns, widths, terminal.columns)
  const mark = cutMark(terminal.isUnicode)
  const isPipe = terminal.columns === Infinity
  const kept = columns.flatMap((column, at) => {
    const width = fitted[at] ?? 0
    return width === 0 ? [] : [{ at, width, cut: column.cut }]
  })
  return all
    .map((row) =>
      kept.map(({ at, width, cut }) => ({
        cell: withText(row[at], (text) => cutText(text, width, cut, mark)),
        width: isPipe && cut !== undefined ? Math.min(width, maxPaddedWidth) : width,
      })),
    )
    .map((fields) => line(terminal, fields))
    .join('\n')
}

function columnOf(head: string | Column): Column {
  return typeof head === 'string' ? { text: head } : head
}

/** Whether a table is whole in this many characters, if its cut columns get at least their comfort. */
export function fits(
  columns: number,
  heads: readonly (string | Column)[],
  rows: readonly Cell[][],
): boolean {
  if (columns === Infinity) return true
  const widths = heads.map((head, at) => {
    const { text, least = 0, cut, comfort = defaultComfort } = columnOf(head)
    const width = Math.max(least, text.length, widest(rows, at))
    return cut === undefined ? width : Math.min(width, Math.max(comfort, text.length))
  })
  const shown = widths.filter((width) => width > 0)
  return shown.reduce((sum, width) => sum + width + gap.length, -gap.length) <= columns
}

/** Not Math.max(...): a call takes about 100,000 arguments, and a history may have a million rows. */
function widest(rows: readonly Cell[][], at: number): number {
  return rows.reduce((most, row) => Math.max(most, textOf(row[at]).length), 0)
}

/** The width of each column in a line of at most `most` characters; 0 if it is left out. */
export function fit(columns: readonly Column[], widths: readonly number[], most: number): number[] {
  const fitted = [...widths]
  const excess = (): number => {
    const kept = fitted.filter((width) => width > 0)
    return kept.reduce((sum, width) => sum + width + gap.length, -gap.length) - most
  }
  const numbered = [...columns.entries()]
  const leaving = numbered.toSorted(([, a], [, b]) => (a.leave ?? 0) - (b.leave ?? 0))
  const spare = columns.reduce((sum, { cut, comfort = defaultComfort }, at) => {
    return sum + (cut === undefined ? 0 : Math.max((widths[at] ?? 0) - comfort, 0))
  }, 0)
  for (const [at, { leave }] of leaving) if (leave !== undefined && excess() > spare) fitted[at] = 0
  // Cut what is furthest over its comfort first, so that short columns stay whole.
  const over = (at: number): number =>
    (fitted[at] ?? 0) > leastWidth
      ? (fitted[at] ?? 0) - (columns[at]?.comfort ?? defaultComfort)
      : -Infinity
  const cuttable = numbered.flatMap(([at, { cut }]) => (cut === undefined ? [] : [at]))
  for (let left = excess(); left > 0; left--) {
    const [at] = cuttable.toSorted((a, b) => over(b) - over(a))
    if (at === undefined || over(at) === -Infinity) break
    fitted[at] = (fitted[at] ?? 0) - 1
  }
  return fitted
}

interface Field {
  readonly cell: Cell
  readonly width: number
}

function line(terminal: Pick<Terminal, 'paint'>, fields: readonly Field[]): string {
  const last = fields.findLastIndex(({ cell }) => textOf(cell) !== '')
  const texts = fields.slice(0, last + 1).map(({ cell, width }, at) => {
    const text = textOf(cell)
    const padding = at === last ? '' : ' '.repeat(Math.max(width - text.length, 0))
    return (typeof cell === 'string' ? cell : terminal.paint(cell[1], text)) + padding
  })
  return texts.join(gap)
}

function withText(cell: Cell = '', change: (text: string) => string): Cell {
  return typeof cell === 'string' ? change(cell) : [change(cell[0]), cell[1]]
}

/** A cell without its style. */
export function textOf(cell: Cell | undefined): string {
  return typeof cell === 'string' ? cell : (cell?.[0] ?? '')
}

/** The one character that stands for cut text. */
export function cutMark(isUnicode: boolean): string {
  return isUnicode ? '…' : '~'
}

/** A text in at most `width` characters; `mark` stands for what is cut. */
export function cutText(
  text: string,
  width: number,
  where: Column['cut'] = 'end',
  mark = '~',
): string {
  if (text.length <= width) return text
  const tail = where === 'middle' ? Math.floor((width - mark.length) / 2) : 0
  return text.slice(0, width - mark.length - tail) + mark + text.slice(text.length - tail)
}

/**
 * A text in lines of at most `width` columns, broken at blanks. A longer word stays whole. All lines
 * but the first start with `indent`.
 */
export function wrapped(text: string, width: number, indent = ''): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`
    if (lines.length === 0) lines.push(word)
    else if (longer.length > width) lines.push(indent + word)
    else lines[lines.length - 1] = longer
  }
  return lines
}
