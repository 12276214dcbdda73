import { nearest } from '../../text/suggest.ts'
import { isMap } from 'yaml'
import { readAnchors } from './anchors.ts'
import { maxGuesses, maxYamlProblems } from './limits.ts'
import type { Part } from './cut.ts'
import type { Fault } from './fault.ts'
import { type Place, placesOf } from './lines.ts'
import { type Path, showPath } from './key-path.ts'
import { readPlain } from './plain.ts'
import type { Problem } from './problem.ts'
import { notText } from './not-text.ts'
import { readTree, type Tree } from './tree.ts'
import { readYaml } from './yaml.ts'

/** One text of the tasks file: `path` is what problems call it. */
export interface TasksSource {
  readonly path: string
  readonly text: string
}

interface TellOptions {
  readonly hint?: string | null | undefined
  readonly severity?: 'error' | 'warning'
}

/** A text that was read, and the list of what is wrong with it. */
export interface Source {
  readonly file: string
  /** undefined where the text could not be read at all, which is told already. */
  readonly value: unknown
  /** A map in lines, clean as YAML and without anchors: it means the same beside whatever else. */
  readonly isPlain: boolean
  readonly problems: readonly Problem[]
  /** Where errors are: those too that are not told, because another in the same line is. */
  readonly errors: readonly { readonly path: Path; readonly line: number }[]
  /** Adds a problem at a key, or at an entry of a list. */
  tell(path: Path, message: string, options?: TellOptions): void
  /** A hint at the candidate that was probably meant; null where none is near. */
  guess(word: string, candidates: readonly string[]): string | null
  /** `tasks.yaml:12:5` */
  where(path: Path): string
  line(path: Path): number
  /** Whether anything is written there, right or wrong. */
  has(path: Path): boolean
  /** The keys of a map in the order of the text. */
  keys(path: Path): readonly string[]
  /** A scalar as it is written, where it is not in quotes. */
  written(path: Path): string | undefined
}

/** A text whose parts can be read one by one. */
export interface OpenText {
  readonly path: string
  /** Without a byte order mark. */
  readonly text: string
  placeOf(offset: number): Place
  /** Hints that were looked for, in all of its parts. */
  guesses: number
}

export function openText({ path, text: raw }: TasksSource): OpenText {
  const text = raw.replace(/^\ufeff/, '')
  return { path, text, placeOf: placesOf(text), guesses: 0 }
}

/** Reads a text as far as it can be read. Never throws. */
export function readSource(source: TasksSource): Source {
  const whole = openText(source)
  return readPart(whole, wholeOf(whole))
}

/** The whole text as a part of itself. */
export function wholeOf({ text }: OpenText): Part {
  return { text, offsetOf: (offset) => offset }
}

/** The same of a part; all places are those in the whole text. */
export function readPart(whole: OpenText, part: Part): Source {
  const file = whole.path
  const placeOf = (offset: number): Place => whole.placeOf(part.offsetOf(offset))
  const whereIs = (offset: number): string => {
    const { line, column } = placeOf(offset)
    return `${file}:${line}:${column}`
  }
  const { tree, faults, isPlain } = read(part.text, whereIs)
  const problems: Problem[] = []
  const errors: { path: Path; line: number }[] = []
  const brokenLines = new Set<number>()
  const offsetOf = (path: Path) => tree?.offset(path) ?? 0

  const add = (fault: Fault, severity: Problem['severity']): void => {
    const { line, column, source } = placeOf(fault.offset)
    if (severity === 'error') errors.push({ path: fault.path, line })
    if (brokenLines.has(line)) return
    if (fault.syntax) brokenLines.add(line)
    const { message, hint } = fault
    const path = showPath(fault.path)
    problems.push({ severity, file, line, column, path, message, hint, source })
  }

  const syntax = faults.filter((fault) => fault.syntax).toSorted((a, b) => a.offset - b.offset)
  for (const fault of syntax) if (brokenLines.size < maxYamlProblems) add(fault, 'error')
  for (const fault of faults) if (!fault.syntax) add(fault, 'error')

  return {
    file,
    value: tree?.value,
    isPlain,
    problems,
    errors,
    tell: (path, message, { hint = null, severity = 'error' } = {}) =>
      add({ path, offset: offsetOf(path), message, hint, syntax: false }, severity),
    guess: (word, candidates) => {
      const near = whole.guesses++ < maxGuesses ? nearest(word, candidates) : undefined
      return near === undefined ? null : `did you mean "${near}"?`
    },
    where: (path) => whereIs(offsetOf(path)),
    line: (path) => placeOf(offsetOf(path)).line,
    has: (path) => tree?.has(path) ?? false,
    keys: (path) => tree?.keys(path) ?? [],
    written: (path) => tree?.written(path),
  }
}

function read(
  text: string,
  where: (offset: number) => string,
): { tree: Tree | undefined; faults: readonly Fault[]; isPlain: boolean } {
  const unfit = notText(text)
  if (unfit !== undefined) {
    const faults = [{ path: [], hint: null, syntax: true, ...unfit }]
    return { tree: undefined, faults, isPlain: false }
  }
  const plain = readPlain(text)
  if (plain !== undefined) return { tree: plain, faults: [], isPlain: true }

  const { root, faults } = readYaml(text)
  if (root === undefined) return { tree: undefined, faults, isPlain: false }

  const anchors = readAnchors(root, where)
  const all = [...faults, ...anchors.faults]
  const isPlain = all.length === 0 && !anchors.named && isMap(root) && root.flow !== true
  const tree = anchors.bomb ? undefined : readTree(root, anchors.anchors)
  return { tree, faults: all, isPlain }
}
