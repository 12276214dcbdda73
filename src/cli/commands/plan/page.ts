import type { NamedTask } from '../../../forecast/hosts.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { gap } from '../../terminal/table-fit.ts'
import { wrapped } from '../../terminal/wrap.ts'
import { cellsWithin } from './timeline.ts'

/** What people read on. */
export interface Paper {
  readonly paint: Terminal['paint']
  readonly isUnicode: boolean
  /** In characters. */
  readonly width: number
  /** The zone of the times that are shown. */
  readonly zone: string
}

/** How all blocks are laid out, so that their columns stand below each other. */
export interface Page extends Paper {
  readonly nameWidth: number
  readonly nextWidth: number
  /** Of a timeline; 0: there is no room for one. */
  readonly cells: number
}

/** Of a task that only some of the machines run: in no name of a task. */
export const partMark = '*'
/** Before a time that is another on each machine. */
export const variesMark = '~'

/** `2026-03-08T03:00:00-04:00`, and the mark before it. */
const nextWidth = 26
/** A day of seconds; what is more is rounded. */
export const countWidth = 5

/** Names take a fifth of the width at most, but are not cut shorter than this. */
const leastNameWidth = 12

/** The layout for these tasks. */
export function pageFor(paper: Paper, tasks: readonly NamedTask[]): Page {
  const longest = tasks.reduce(
    (most, { task, part }) => Math.max(most, task.name.length + (part ? partMark.length : 0)),
    0,
  )
  const nameWidth = Math.min(longest, Math.max(leastNameWidth, Math.floor(paper.width / 5)))
  const left = paper.width - nameWidth - nextWidth - countWidth - 3 * gap.length
  return { ...paper, nameWidth, nextWidth, cells: cellsWithin(left) }
}

/** A text as wide as the page; its later lines are indented. */
export function paragraph({ width }: Page, text: string): string {
  return wrapped(text, width, '  ').join('\n')
}
