import type { KeyChange } from '../../tasks/compare/changes.ts'
import type { Written } from '../../tasks/compare/written.ts'
import { plainText } from '../../text/sanitize.ts'

/** A changed value: on one line if it fits, else as the lines that differ. */
export type ChangedValue =
  | { readonly kind: 'short'; readonly old: string; readonly new: string }
  | { readonly kind: 'long'; readonly lines: readonly DiffLine[] }

/** A line of both texts, of the old or the new one, or a gap that replaces unchanged lines. */
export interface DiffLine {
  readonly kind: 'both' | 'old' | 'new' | 'gap'
  readonly text: string
}

/** Comparing takes the square of this; longer texts are shown as changed from first to last difference. */
const maxComparedLines = 500
/** Unchanged lines that are shown around a change. */
const contextLines = 2

/** Shows a change in `room` characters if it fits, else on lines of its own. */
export function changedValue({ key, old, new: now }: KeyChange, room: number): ChangedValue {
  const [was, is] = [valueWords(key, old), valueWords(key, now)]
  const fits = was.length + is.length + arrow.length <= room
  if (fits && !was.includes('\n') && !is.includes('\n')) return { kind: 'short', old: was, new: is }
  return { kind: 'long', lines: lineDiff(linesOf(old, was), linesOf(now, is)) }
}

export const arrow = ' -> '

/** A missing value has no lines, not the line "none". */
function linesOf(value: Written, words: string): readonly string[] {
  return value === null ? [] : words.split('\n')
}

/** A value as people read it. A text with line breaks keeps them. */
export function valueWords(key: string, value: Written): string {
  if (value === null) return key === 'hosts' ? 'everywhere' : 'none'
  if (typeof value === 'string') return isBare(value) ? plainText(value) : quoted(value)
  if (typeof value !== 'object') return String(value)
  return `[${value.map((one) => (typeof one === 'string' ? entryWords(one) : String(one))).join(', ')}]`
}

/** Other texts need quotes: they look empty, like "none", or like a list. */
function isBare(text: string): boolean {
  return text.trim() === text && !/^(?:|none|\[.*\]|".*")$/.test(text)
}

/** An entry of a list, with quotes where YAML needs them. */
function entryWords(text: string): string {
  return /^(?:[\w./]|--?\w)[\w./:@=+*?-]*$/.test(text) ? text : quoted(text)
}

function quoted(text: string): string {
  return plainText(JSON.stringify(text))
}

/** The lines that differ between two texts, with some unchanged lines around them. */
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

/** Walks along the longest common subsequence of the lines. */
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

/** At [i][j]: the length of the longest common subsequence of old from i and now from j. */
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
