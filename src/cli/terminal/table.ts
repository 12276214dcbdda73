import { type Column, cutMark, cutText, fit, gap } from './table-fit.ts'
import type { Style, Terminal } from './terminal.ts'

/** One field: its text, and how it is painted on a terminal. */
export type Cell = string | readonly [text: string, style: Style]

/**
 * Rows of fields below each other, all of them ASCII as task names are; no blanks at the ends of
 * lines. On a terminal that is too narrow columns are left out or cut as their heads say.
 */
export function table(
  terminal: Pick<Terminal, 'paint' | 'columns' | 'isUnicode'>,
  heads: readonly (string | Column)[],
  rows: readonly Cell[][],
): string {
  const columns = heads.map((head) => (typeof head === 'string' ? { text: head } : head))
  const all: Cell[][] = [columns.map(({ text }): Cell => [text, 'dim']), ...rows]
  const widths = columns.map(({ least = 0 }, at) => Math.max(least, widest(all, at)))
  const room = fit(columns, widths, terminal.columns)
  const mark = cutMark(terminal.isUnicode)
  const kept = columns.flatMap((column, at) => {
    const width = room[at] ?? 0
    return width === 0 ? [] : [{ at, width, cut: column.cut }]
  })
  return all
    .map((row) =>
      kept.map(({ at, width, cut }) => ({
        cell: withText(row[at], (text) => cutText(text, width, cut, mark)),
        width,
      })),
    )
    .map((fields) => line(terminal, fields))
    .join('\n')
}

/** Not by Math.max(...): a call takes some 100,000 arguments, and a history may have a million rows. */
function widest(rows: readonly Cell[][], at: number): number {
  return rows.reduce((most, row) => Math.max(most, textOf(row[at]).length), 0)
}

interface Field {
  readonly cell: Cell
  readonly width: number
}

function line(terminal: Pick<Terminal, 'paint'>, fields: readonly Field[]): string {
  const last = fields.findLastIndex(({ cell }) => textOf(cell) !== '')
  const texts = fields.slice(0, last + 1).map(({ cell, width }, at) => {
    const text = textOf(cell)
    const padding = at === last ? '' : ' '.repeat(width - text.length)
    return (typeof cell === 'string' ? cell : terminal.paint(cell[1], text)) + padding
  })
  return texts.join(gap)
}

function withText(cell: Cell = '', change: (text: string) => string): Cell {
  return typeof cell === 'string' ? change(cell) : [change(cell[0]), cell[1]]
}

function textOf(cell: Cell | undefined): string {
  return typeof cell === 'string' ? cell : (cell?.[0] ?? '')
}
