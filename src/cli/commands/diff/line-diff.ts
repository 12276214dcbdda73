/** A line of both texts, of one, or a mark for lines of both that are not shown. */
export interface DiffLine {
  readonly kind: 'both' | 'old' | 'new' | 'gap'
  readonly text: string
}

/** Of texts with more lines between their first and their last change all of these are shown as changed. */
const maxComparedLines = 500
/** Lines of both that are shown around a change. */
const contextLines = 2

/** Of the lines of two texts those that differ, with some around them. */
export function lineDiff(before: readonly string[], after: readonly string[]): DiffLine[] {
  const least = Math.min(before.length, after.length)
  let head = 0
  while (head < least && before[head] === after[head]) head++
  let tail = 0
  while (tail < least - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++
  return withoutFarLines([
    ...both(before.slice(0, head)),
    ...changes(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...both(before.slice(before.length - tail)),
  ])
}

function both(lines: readonly string[]): DiffLine[] {
  return lines.map((text) => ({ kind: 'both', text }))
}

/** By the longest common subsequence of the lines. */
function changes(old: readonly string[], now: readonly string[]): DiffLine[] {
  const isLong = Math.max(old.length, now.length) > maxComparedLines
  const lengths = isLong ? [] : commonLengths(old, now)
  const length = (i: number, j: number): number => lengths[i]?.[j] ?? 0
  const lines: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < old.length || j < now.length) {
    const [text = '', other = ''] = [old[i], now[j]]
    if (!isLong && i < old.length && j < now.length && text === other) {
      lines.push({ kind: 'both', text })
      i++
      j++
    } else if (i < old.length && (j === now.length || length(i + 1, j) >= length(i, j + 1))) {
      lines.push({ kind: 'old', text })
      i++
    } else {
      lines.push({ kind: 'new', text: other })
      j++
    }
  }
  return lines
}

/** How many lines those from the i-th and those from the j-th on have in common. */
function commonLengths(old: readonly string[], now: readonly string[]): number[][] {
  const lengths: number[][] = []
  let below = now.map(() => 0)
  for (const [at, text] of [...old.entries()].toReversed()) {
    const row = below.map(() => 0)
    for (let j = now.length - 1; j >= 0; j--) {
      const without = Math.max(below[j] ?? 0, row[j + 1] ?? 0)
      row[j] = text === now[j] ? (below[j + 1] ?? 0) + 1 : without
    }
    lengths[at] = row
    below = row
  }
  return lengths
}

function withoutFarLines(lines: readonly DiffLine[]): DiffLine[] {
  const isNear = lines.map((_, at) =>
    lines
      .slice(Math.max(0, at - contextLines), at + contextLines + 1)
      .some(({ kind }) => kind !== 'both'),
  )
  return lines.flatMap((line, at): DiffLine[] => {
    if (isNear[at]) return [line]
    return at === 0 || isNear[at - 1] ? [{ kind: 'gap', text: '...' }] : []
  })
}
