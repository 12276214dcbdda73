import { byteLength } from '../../text/size.ts'
import { nearest } from '../../text/suggest.ts'
import { readAnchors } from './anchors.ts'
import { formatKeyPath, type KeyPath } from './key-path.ts'
import { maxFileBytes, maxGuesses, maxYamlProblems } from './limits.ts'
import { lineFinder } from './lines.ts'
import { otherFormatOf } from './other-formats.ts'
import type { OffsetProblem, Problem } from './problem.ts'
import { readTree, type Tree } from './tree.ts'
import { readYaml } from './yaml.ts'

/** One text of the tasks file. Problems call it by its `path`. */
export interface TasksText {
  readonly path: string
  readonly text: string
}

interface ReportOptions {
  readonly hint?: string | null | undefined
  readonly severity?: 'error' | 'warning'
}

/** A text as plain values, and the growing list of its problems. */
export interface Source {
  readonly file: string
  /** undefined if the text could not be read at all. Then `problems` says why. */
  readonly value: unknown
  readonly problems: readonly Problem[]
  /** The places of all errors, including errors that are not reported because their line is broken. */
  readonly errors: readonly { readonly path: KeyPath; readonly line: number }[]
  /** Adds a problem at a key, or at an entry of a list. */
  report(path: KeyPath, message: string, options?: ReportOptions): void
  /** Notes an error that is not reported, because it follows from a reported one. */
  noteError(path: KeyPath): void
  /** The candidate closest to the word; undefined if none is close. Bounded, as it is slow. */
  nearest(word: string, candidates: readonly string[]): string | undefined
  /** `did you mean "x"?` with the candidate closest to the word; null if none is close. */
  guess(word: string, candidates: readonly string[]): string | null
  /** `tasks.yaml:12:5` */
  position(path: KeyPath): string
  line(path: KeyPath): number
  /** Whether anything is written there, right or wrong. */
  has(path: KeyPath): boolean
  /** The keys of a map in the order of the text. */
  keys(path: KeyPath): readonly string[]
  /** A scalar exactly as it is written; undefined if it is in quotes. */
  written(path: KeyPath): string | undefined
}

/** Reads as much of a text as can be read. Never throws. */
export function readSource({ path: file, text: raw }: TasksText): Source {
  const text = raw.replace(/^\ufeff/, '')
  const lineAt = lineFinder(text)
  const positionOf = (offset: number): string => {
    const { line, column } = lineAt(offset)
    return `${file}:${line}:${column}`
  }
  const { tree, problems: found } = readText(text, file, positionOf)
  const problems: Problem[] = []
  const errors: { path: KeyPath; line: number }[] = []
  const brokenLines = new Set<number>()
  let guesses = 0
  const closest: Source['nearest'] = (word, candidates) =>
    guesses++ < maxGuesses ? nearest(word, candidates) : undefined
  const offsetOf = (path: KeyPath) => tree?.offset(path) ?? 0

  const add = (problem: OffsetProblem, severity: Problem['severity']): void => {
    const { line, column, source } = lineAt(problem.offset)
    if (severity === 'error') errors.push({ path: problem.path, line })
    if (brokenLines.has(line)) return
    if (problem.isSyntax) brokenLines.add(line)
    const { message, hint } = problem
    const path = formatKeyPath(problem.path)
    problems.push({ severity, file, line, column, path, message, hint, source })
  }

  const syntax = found.filter(({ isSyntax }) => isSyntax).toSorted((a, b) => a.offset - b.offset)
  for (const problem of syntax) if (brokenLines.size < maxYamlProblems) add(problem, 'error')
  for (const problem of found) if (!problem.isSyntax) add(problem, 'error')

  return {
    file,
    value: tree?.value,
    problems,
    errors,
    report: (path, message, { hint = null, severity = 'error' } = {}) =>
      add({ path, offset: offsetOf(path), message, hint, isSyntax: false }, severity),
    noteError: (path) => errors.push({ path, line: lineAt(offsetOf(path)).line }),
    nearest: closest,
    guess: (word, candidates) => {
      const near = closest(word, candidates)
      return near === undefined ? null : `did you mean "${near}"?`
    },
    position: (path) => positionOf(offsetOf(path)),
    line: (path) => lineAt(offsetOf(path)).line,
    has: (path) => tree?.has(path) ?? false,
    keys: (path) => tree?.keys(path) ?? [],
    written: (path) => tree?.written(path),
  }
}

function readText(
  text: string,
  file: string,
  positionOf: (offset: number) => string,
): { tree: Tree | undefined; problems: readonly OffsetProblem[] } {
  const unfit = whyNotText(text)
  if (unfit !== undefined) {
    return { tree: undefined, problems: [{ path: [], hint: null, isSyntax: true, ...unfit }] }
  }
  const other = otherFormatOf(text, file)
  if (other !== undefined) {
    const message = `this is ${other.what}, not a tasks file`
    const problem = { path: [], offset: 0, message, hint: other.hint, isSyntax: true }
    return { tree: undefined, problems: [problem] }
  }
  const { root, problems } = readYaml(text)
  if (root === undefined) return { tree: undefined, problems }

  const anchors = readAnchors(root, positionOf)
  const tree = anchors.isBomb ? undefined : readTree(root, anchors.targets)
  return { tree, problems: [...problems, ...anchors.problems] }
}

/** Why this cannot be the text of a tasks file; undefined if it can. */
export function whyNotText(text: string): { message: string; offset: number } | undefined {
  // Before the size: each byte that is not UTF-8 has become a character of three bytes.
  const binary = binaryIn(text)
  if (binary !== undefined || !isLarger(text, maxFileBytes)) return binary
  return { message: `expected a file of at most ${maxFileBytes / 1_000_000} MB`, offset: 0 }
}

function binaryIn(text: string): { message: string; offset: number } | undefined {
  // YAML allows no control characters except tab and line breaks. Bytes that are not UTF-8 have
  // become U+FFFD. https://yaml.org/spec/1.2.2/#51-character-set
  // oxlint-disable-next-line no-control-regex
  const offset = text.search(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]/)
  if (offset === -1) return undefined
  const code = text.charCodeAt(offset)
  const found =
    code === 0xfffd
      ? 'bytes that are not UTF-8'
      : `the control character U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  return { message: `not a text file: it contains ${found}`, offset }
}

function isLarger(text: string, bytes: number): boolean {
  if (text.length > bytes) return true
  // A UTF-16 unit is at most three bytes of UTF-8, so most texts need not be encoded.
  return text.length * 3 > bytes && byteLength(text) > bytes
}
