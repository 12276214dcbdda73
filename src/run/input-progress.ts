import path from 'node:path'
import type { Host } from '../host/host.ts'
import { quietly } from '../host/system-error.ts'
import { parseJson } from './directory.ts'
import { inputPipe } from './input-pipes.ts'

/*
 * How far the senders of a run's input came, in memory and on disk. The file `fed` describes the write that
 * is about to happen, and what had been written before it. After a crash, the mark on the pipe says whether
 * that write happened (host/named-pipes.ts): so nothing is sent twice, and nothing is left out.
 */

export interface InputProgress {
  /** The number of the next write. */
  count: number
  /** The pipe has the mark of the next write already. */
  isMarked: boolean
  /** How many bytes of its stream each sender has written. Whoever wrote last is the last one. */
  readonly positions: Map<string, number>
  /** The line that is not yet written to its end. */
  open: OpenLine | undefined
}

export interface OpenLine {
  readonly sender: string
  /** Where in the stream of its sender the line begins. */
  readonly line: number
}

/** One write: a part of a sender's stream. */
export interface InputStep {
  readonly sender: string
  readonly to: number
  /** The beginning of the line that is unfinished after this write; undefined if there is none. */
  readonly line: number | undefined
}

/** More senders than this are not remembered: the ones that wrote longest ago are forgotten. */
const maxSenders = 16

const progressFile = 'fed'

/** The content of the file. */
interface ProgressRecord {
  readonly count: number
  readonly positions: readonly (readonly [sender: string, position: number])[]
  readonly open?: OpenLine
  readonly step: InputStep
}

/** What an earlier daemon, or this one, has written to the input of a run. */
export function readProgress({ files, pipes }: Host, directory: string): InputProgress {
  const text = quietly(() => files.readText(path.join(directory, progressFile)))
  const record = parseJson(text?.split('\n')[0]) as ProgressRecord | undefined
  if (record === undefined)
    return { count: 1, isMarked: false, positions: new Map(), open: undefined }
  const { count, positions, open, step } = record
  const progress = { count, isMarked: true, positions: new Map(positions), open }
  const isWritten = quietly(() => pipes.markOf(path.join(directory, inputPipe))) !== count
  if (isWritten) takeStep(progress, step)
  return progress
}

/**
 * Notes a write that comes next. FIRST the mark, then the file: a crash in between must not make the
 * write before this one look as if it had not happened. A disk that refuses the note does not keep the
 * lines from the run.
 */
export function noteStep(
  { files, pipes }: Host,
  directory: string,
  progress: InputProgress,
  step: InputStep,
): void {
  const { count, open } = progress
  const positions = [...progress.positions]
  const record: ProgressRecord = { count, positions, ...(open && { open }), step }
  quietly(() => {
    if (!progress.isMarked) pipes.mark(path.join(directory, inputPipe), count)
    progress.isMarked = true
    // In place: whoever reads takes the first line.
    files.overwrite(path.join(directory, progressFile), `${JSON.stringify(record)}\n`)
  })
}

/** The write has happened. */
export function takeStep(progress: InputProgress, { sender, to, line }: InputStep): void {
  progress.count += 1
  progress.isMarked = false
  progress.positions.delete(sender)
  progress.positions.set(sender, to)
  const [oldest] = progress.positions.keys()
  if (progress.positions.size > maxSenders && oldest !== undefined)
    progress.positions.delete(oldest)
  progress.open = line === undefined ? undefined : { sender, line }
}
