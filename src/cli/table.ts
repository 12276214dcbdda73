import type { Style, Terminal } from './terminal.ts'

/** One field: its text, and how it is painted on a terminal. */
export type Cell = string | readonly [text: string, style: Style]

const gap = '  '

/** Rows of fields below each other, all of them ASCII as task names are; no blanks at the ends of lines. */
export function table(
  terminal: Terminal,
  head: readonly string[],
  rows: readonly Cell[][],
): string {
  const all: Cell[][] = [head.map((text): Cell => [text, 'dim']), ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => textOf(row[column]).length)))
  return all.map((row) => line(terminal, row, widths)).join('\n')
}

function line(terminal: Terminal, row: readonly Cell[], widths: readonly number[]): string {
  const last = row.findLastIndex((cell) => textOf(cell) !== '')
  const cells = row.slice(0, last + 1).map((cell, column) => {
    const text = textOf(cell)
    const padding = column === last ? '' : ' '.repeat((widths[column] ?? 0) - text.length)
    return (typeof cell === 'string' ? cell : terminal.paint(cell[1], text)) + padding
  })
  return cells.join(gap)
}

function textOf(cell: Cell | undefined): string {
  return typeof cell === 'string' ? cell : (cell?.[0] ?? '')
}
