/** A column of a table, and what becomes of it where the terminal is too narrow for all. */
export interface Column {
  readonly text: string
  /** It is no narrower, so that tables below each other are alike. */
  readonly least?: number
  /** It is left out, those with a smaller number before those with a greater one. */
  readonly leave?: number
  /** Its fields are cut: names, of which the end tells as much as the beginning, in the middle. */
  readonly cut?: 'middle' | 'end'
  /** Rather than cut it to less than this, columns that can be left out are (24). */
  readonly comfort?: number
}

export const gap = '  '
const defaultComfort = 24
/** No field is cut shorter: the terminal then cuts the line. */
const leastWidth = 12

/** How wide each column is to be, that the line has at most that many characters; 0: it is left out. */
export function fit(columns: readonly Column[], widths: readonly number[], most: number): number[] {
  const room = [...widths]
  const over = (): number => {
    const kept = room.filter((width) => width > 0)
    return kept.reduce((sum, width) => sum + width + gap.length, -gap.length) - most
  }
  const places = [...columns.entries()]
  const leaving = places.toSorted(([, a], [, b]) => (a.leave ?? 0) - (b.leave ?? 0))
  const spare = columns.reduce((sum, { cut, comfort = defaultComfort }, at) => {
    return sum + (cut === undefined ? 0 : Math.max((widths[at] ?? 0) - comfort, 0))
  }, 0)
  for (const [at, { leave }] of leaving) if (leave !== undefined && over() > spare) room[at] = 0
  // The widest first, so that what is short stays whole.
  const cuttable = places.flatMap(([at, { cut }]) => (cut === undefined ? [] : [at]))
  for (let left = over(); left > 0; left--) {
    const widest = cuttable.toSorted((a, b) => (room[b] ?? 0) - (room[a] ?? 0))[0] ?? 0
    const width = room[widest] ?? 0
    if (width <= leastWidth || cuttable.length === 0) break
    room[widest] = width - 1
  }
  return room
}

/** What stands for what is cut, in one character. */
export function cutMark(isUnicode: boolean): string {
  return isUnicode ? '…' : '~'
}

/** A text in at most so many characters; `mark` stands for what is cut. */
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
