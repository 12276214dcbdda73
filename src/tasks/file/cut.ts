import { hash32 } from '../../text/hash.ts'
import { tasksPerPiece } from './limits.ts'
import { skipBlanks, skipLine } from './skip.ts'

/** A part of a text that is by itself a tasks file. */
export interface Part {
  readonly text: string
  /** Where in the whole text an offset of the part is. */
  offsetOf(offset: number): number
}

/** Some of the tasks. */
export interface Piece extends Part {
  /** Of its first task, in the whole text. */
  readonly start: number
}

export interface Cut {
  /** All but the tasks. */
  readonly frame: Part
  /** In their order. */
  readonly pieces: readonly Piece[]
  /** Of all tasks, in their order. */
  readonly names: readonly string[]
}

/**
 * Cuts a text between its tasks, so that a large one is read in pieces that stay the same when it
 * is changed elsewhere. Only by the look of its lines: `tasks:`, then lines that are further in, of
 * which the least so are names of tasks. undefined for whatever looks otherwise, or is too small.
 *
 * What only looks like that (a quoted text over several lines, a list in brackets) is broken by the
 * cut, which is told by who reads the pieces: a clean frame and clean pieces are a clean whole.
 */
export function cutTasks(text: string): Cut | undefined {
  const opening = /(?:^|\n)tasks:(?:[ \t]+#[^\n]*|[ \t]*)\r?\n/.exec(text)
  if (opening === null) return undefined
  const key = text.indexOf('tasks:', opening.index)
  const start = opening.index + opening[0].length
  // A directive (%TAG) changes what is written below it.
  if (/(?:^|\n)%/.test(text.slice(0, key))) return undefined

  const lines = readLines(text, start)
  if (lines === undefined) return undefined
  const starts = lines.tasks.filter(({ name }, at) => at === 0 || beginsPiece(name))
  if (starts.length < 2) return undefined
  const pieces = starts.map((first, at) =>
    pieceOf(text, key, first.offset, starts[at + 1]?.offset ?? lines.end),
  )
  const names = lines.tasks.map(({ name }) => name)
  return { frame: frameOf(text, key + 'tasks:'.length, lines.end), pieces, names }
}

/** By its name, and not by counting: a new task must not move all cuts behind it. */
function beginsPiece(name: string): boolean {
  return hash32(name) % tasksPerPiece === 0
}

const noTasks = ' {}\n'

function frameOf(text: string, keyEnd: number, end: number): Part {
  const join = keyEnd + noTasks.length
  return {
    text: text.slice(0, keyEnd) + noTasks + text.slice(end),
    offsetOf: (offset) => (offset < join ? Math.min(offset, keyEnd) : offset - join + end),
  }
}

const opener = 'tasks:\n'

function pieceOf(text: string, key: number, start: number, end: number): Piece {
  return {
    start,
    get text() {
      return opener + text.slice(start, end)
    },
    offsetOf: (offset) => (offset < opener.length ? key + offset : offset - opener.length + start),
  }
}

interface TaskLine {
  readonly name: string
  readonly offset: number
}

/** The lines that begin a task, and where the section ends; undefined where it looks otherwise. */
function readLines(text: string, start: number): { tasks: TaskLine[]; end: number } | undefined {
  const tasks: TaskLine[] = []
  const names = new Set<string>()
  let width = 0
  for (let at = start; at < text.length; at = skipLine(text, at)) {
    const first = skipBlanks(text, at)
    if (isEmpty(text, first)) continue
    const indent = first - at
    if (width > 0 && indent > width) continue
    const name = nameAt(text, first)
    if (name === undefined) return undefined
    if (indent === 0) return { tasks, end: at }
    if (width > 0 && indent < width) return undefined
    if (names.has(name)) return undefined
    names.add(name)
    width = indent
    tasks.push({ name, offset: at })
  }
  return { tasks, end: text.length }
}

/** Nothing but a comment or a line break from here on. */
function isEmpty(text: string, at: number): boolean {
  return at >= text.length || '\n#'.includes(text.charAt(at)) || text.startsWith('\r\n', at)
}

/** Of a key that is plainly one; its name as keyText() reads it. */
function nameAt(text: string, at: number): string | undefined {
  const key = /(?:(\w[\w.-]*)|"(\w[\w.-]*)"|'(\w[\w.-]*)'):(?=[ \r\n]|$)/y
  key.lastIndex = at
  const found = key.exec(text)
  return found?.[1] ?? found?.[2] ?? found?.[3]
}
