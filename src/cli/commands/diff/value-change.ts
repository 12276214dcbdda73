import type { KeyChange } from '../../../tasks/compare/changes.ts'
import type { Written } from '../../../tasks/compare/written.ts'
import { type DiffLine, lineDiff } from './line-diff.ts'
import { valueWords } from './value-words.ts'

/** A changed value on one line, or as the lines that differ, where it is long. */
export type ValueChange =
  | { readonly kind: 'short'; readonly old: string; readonly new: string }
  | { readonly kind: 'long'; readonly lines: readonly DiffLine[] }

/** How a change is told in `room` characters, or in lines of their own. */
export function valueChange({ key, old, new: now }: KeyChange, room: number): ValueChange {
  const [was, is] = [valueWords(key, old), valueWords(key, now)]
  const fits = was.length + is.length + arrow.length <= room
  if (fits && !was.includes('\n') && !is.includes('\n')) return { kind: 'short', old: was, new: is }
  // What was not there has no lines.
  return { kind: 'long', lines: lineDiff(linesOf(old, was), linesOf(now, is)) }
}

export const arrow = ' -> '

function linesOf(value: Written, words: string): readonly string[] {
  return value === null ? [] : words.split('\n')
}
