import { firstHeadChars, maxGuesses, maxProblems } from './limits.ts'
import { buildTasks, nothingSaid } from './build.ts'
import type { BuiltTask } from '../built-task.ts'
import { type Cut, cutTasks, type Piece } from './cut.ts'
import { type FilePart, type MergedFile, mergeFiles, tasksOf } from './merge.ts'
import type { Problem } from './problem.ts'
import type { TasksFacts } from './settings.ts'
import { readShape } from './validate.ts'
import { type OpenText, openText, readPart, type TasksSource, wholeOf } from './source.ts'

/** Tasks that stand one below the other. */
export interface Stretch {
  /** What they follow from: who has read such a stretch knows its tasks. undefined: to be read again. */
  readonly key: string | undefined
  readonly file: string
  readonly line: number
  /** undefined where their key is a known one. */
  readonly tasks: readonly BuiltTask[] | undefined
}

/** A file that was read in pieces, with its problems by text. */
export interface PiecedFile {
  readonly merged: MergedFile
  readonly stretches: readonly Stretch[]
  readonly problems: readonly (readonly Problem[])[]
}

interface OpenFile {
  readonly text: OpenText
  readonly cut: Cut | undefined
  /** All but the tasks, where it is cut. */
  readonly frame: FilePart
  /** Of its pieces. */
  readonly problems: Problem[]
}

/**
 * Reads texts in pieces, so that large ones take little memory, and pieces whose key is `known`
 * not at all. The result is what reading them as a whole gives: where that is not certain (YAML that
 * is not plain, a name given twice, more problems than are told) undefined.
 */
export function readPieces(
  sources: readonly TasksSource[],
  facts: TasksFacts,
  known: ReadonlySet<string>,
): PiecedFile | undefined {
  const texts = sources.map(openText).map((text) => ({ text, cut: cutTasks(text.text) }))
  if (texts.every(({ cut }) => cut === undefined) || texts.some(isLong)) return undefined
  const files = texts.flatMap(openFile)
  if (files.length < texts.length) return undefined
  const merged = mergeFiles(
    files.map(({ frame }) => frame),
    facts,
  )
  if (namesTwice(files, merged)) return undefined

  const said = nothingSaid()
  const context = contextOf(files, facts)
  const build = (part: FilePart): BuiltTask[] =>
    buildTasks({ ...merged, tasks: tasksOf(part) }, facts, said)
  const stretches: Stretch[] = []
  for (const file of files) {
    stretches.push({ ...placeOf(file, 0), key: undefined, tasks: build(file.frame) })
    for (const piece of file.cut?.pieces ?? []) {
      const stretch = readStretch(file, piece, known, { facts, context, build })
      if (stretch === undefined || isTooBad(files)) return undefined
      stretches.push(stretch)
    }
  }
  return { merged, stretches, problems: files.map(problemsOf) }
}

/** Of what is long and cannot be cut the first lines are looked at first: see heads.ts. */
function isLong({ text, cut }: Pick<OpenFile, 'text' | 'cut'>): boolean {
  return cut === undefined && text.text.length > firstHeadChars
}

/** Nothing where its frame cannot be read by itself. */
function openFile({ text, cut }: Pick<OpenFile, 'text' | 'cut'>): OpenFile[] {
  const frame = readPart(text, cut?.frame ?? wholeOf(text))
  const input = readShape(frame)
  if (input === undefined || (cut !== undefined && !frame.isPlain)) return []
  return [{ text, cut, frame: { source: frame, input }, problems: [] }]
}

interface Around {
  readonly facts: TasksFacts
  readonly context: string
  build(part: FilePart): BuiltTask[]
}

function readStretch(
  file: OpenFile,
  piece: Piece,
  known: ReadonlySet<string>,
  { facts, context, build }: Around,
): Stretch | undefined {
  const place = placeOf(file, piece.start)
  const { text } = piece
  const key = facts.digest([context, place.file, text].join('\0'))
  if (known.has(key)) return { ...place, key, tasks: undefined }
  const source = readPart(file.text, piece)
  const input = readShape(source)
  if (input === undefined || !source.isPlain) return undefined
  const tasks = build({ source, input })
  file.problems.push(...source.problems)
  // Warnings are told at each load, and an env_file may be another by then.
  const isClean = source.problems.length === 0 && !text.includes('env_file')
  return { ...place, key: isClean ? key : undefined, tasks }
}

function placeOf({ text }: OpenFile, offset: number): Pick<Stretch, 'file' | 'line'> {
  return { file: text.path, line: text.placeOf(offset).line }
}

function problemsOf({ frame, problems }: OpenFile): readonly Problem[] {
  return [...frame.source.problems, ...problems]
}

function namesTwice(files: readonly OpenFile[], merged: MergedFile): boolean {
  const cut = files.flatMap((file) => file.cut?.names ?? [])
  const all = [...cut, ...merged.tasks.map(({ name }) => name)]
  return new Set(all).size < all.length
}

/** Of so many problems, or guesses, those that are told depend on what was read first. */
function isTooBad(files: readonly OpenFile[]): boolean {
  const count = files.reduce((sum, { problems }) => sum + problems.length, 0)
  return count > maxProblems || files.some(({ text }) => text.guesses > maxGuesses)
}

/** All that the meaning of a piece depends on besides its own text. */
function contextOf(files: readonly OpenFile[], { digest, ...facts }: TasksFacts): string {
  // What the frames say, and not how: a comment above all tasks changes none.
  const frames = files.map(({ frame }) => ({ ...frame.input, tasks: undefined }))
  return digest(JSON.stringify([frames, facts]))
}
