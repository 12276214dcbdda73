import path from 'node:path'
import { hasCode } from '../host/system-error.ts'
import type { Host } from '../host/host.ts'
import { readDescription, readTraces } from '../run/directory.ts'
import { type Cut, cutIn, outputWhole } from '../run/output.ts'
import {
  behindHole,
  chunkBytes,
  hasBlock,
  isHole,
  isSparse,
  newHoleSkipper,
  type Piece,
  tailOffset,
} from './holes.ts'
import type { HomeFiles, KeptRun } from './kept-runs.ts'

/*
 * The output of one run, read as it grows. Torch shortens an output that is too large (run/output.ts).
 * Places in it all the same count what the run wrote: a reader who comes again finds the place where
 * it stopped.
 */

/** Reads the output file of one run. */
export interface OutputReader {
  /** The next bytes; undefined if nothing new is there. */
  next(): Piece | undefined
  /** The same within a bounded time: `hole` if it has only read zeros so far. */
  step(): Piece | 'hole' | undefined
  /** How much the run wrote, in bytes: 0 if its file does not exist. */
  size(): number
  /** When the file was last written, in milliseconds since the epoch. */
  writtenMs(): number | undefined
  close(): void
}

/** The output file of one run, shown as it grows. Bytes pass unchanged. */
export interface RunOutput {
  /** Shows everything new since the last call; true if there was something. */
  drain(): Promise<boolean>
  close(): void
}

/** Where to begin: a place in what the run wrote, or its last lines. */
export type Beginning = { readonly from: number } | { readonly lastLines: number }
export const fromStart: Beginning = { from: 0 }

/**
 * Reads the output of a run, from the moment its file exists. The file stays open: when the run ends,
 * torch may replace it with a shorter one, but the open file is still complete.
 */
export function openOutput(host: Host, directory: string, beginning: Beginning): OutputReader {
  let open: OpenFile | undefined
  let pending: Iterator<Piece> | undefined
  const openNow = (): OpenFile | undefined => (open ??= openFile(host, directory, beginning))
  const step = (): Piece | 'hole' | undefined => {
    pending ??= openNow()?.chunk()
    const next = pending?.next()
    if (next !== undefined && next.done !== true) return next.value
    const wasThere = pending !== undefined
    pending = undefined
    return wasThere ? 'hole' : undefined
  }
  return {
    next() {
      for (;;) {
        const found = step()
        if (found !== 'hole') return found
      }
    },
    step,
    size: () => openNow()?.size() ?? 0,
    writtenMs: () => open && host.files.facts(open.file)?.mtimeMs,
    close() {
      if (open !== undefined) host.files.close(open.descriptor)
      open = undefined
      pending = undefined
    },
  }
}

/** Shows the output of a run from its beginning. */
export function wholeOutput(
  host: Host,
  directory: string,
  show: (bytes: Uint8Array) => Promise<void>,
): RunOutput {
  return shownOutput(openOutput(host, directory, fromStart), show)
}

/** Shows the output of a kept run, or only its last `lines`. */
export function outputOf(
  { host, paths }: HomeFiles,
  { task, run }: KeptRun,
  lines: number | undefined,
  show: (bytes: Uint8Array) => Promise<void>,
): RunOutput {
  const beginning = lines === undefined ? fromStart : { lastLines: lines }
  return shownOutput(openOutput(host, path.join(paths.runs, task, run), beginning), show)
}

function shownOutput(output: OutputReader, show: (bytes: Uint8Array) => Promise<void>): RunOutput {
  return {
    async drain() {
      let isAny = false
      for (let piece = output.next(); piece !== undefined; piece = output.next()) {
        isAny = true
        await show(piece.bytes)
      }
      return isAny
    },
    close: output.close,
  }
}

/**
 * Settles when the output of a run counts as whole; at once if the run has not ended. Returns whether
 * the run is over: it has ended, or its directory is gone.
 */
export async function untilWhole(host: Host, directory: string): Promise<boolean> {
  const { description, conclusion } = readTraces(host, directory)
  if (conclusion === undefined) return host.files.facts(directory) === undefined
  if (description === undefined) return true
  const { collector } = description
  await outputWhole(host, { description, collector }, conclusion.endedMs)
  return true
}

/** An output file that is open. */
interface OpenFile {
  readonly descriptor: number
  /** Its path as long as it is open, also when another file has taken its name. */
  readonly file: string
  /** The pieces of the next chunk; undefined at the end of the file. */
  chunk(): Iterator<Piece> | undefined
  /** How much the run wrote. */
  size(): number
}

/** undefined if there is no such file. It may not exist yet, or be removed with its run at any moment. */
function openFile(host: Host, directory: string, beginning: Beginning): OpenFile | undefined {
  let descriptor: number
  try {
    descriptor = host.files.openRead(path.join(directory, 'output'))
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
  const file = `/proc/self/fd/${descriptor}`
  const maxBytes = readDescription(host, directory)?.maxOutputBytes
  const cut = maxBytes === undefined ? undefined : cutIn(host, file, maxBytes)
  let offset = BigInt(
    'from' in beginning
      ? offsetOf(beginning.from, cut)
      : tailOffset(host, file, beginning.lastLines),
  )
  const first = Number(offset)
  let skip: ReturnType<typeof newHoleSkipper> | undefined
  return {
    descriptor,
    file,
    size() {
      const size = host.files.facts(file)?.size ?? 0
      return cut === undefined ? size : size - cut.lineBytes + cut.leftOut
    },
    chunk() {
      const bytes = host.files.readBytes(file, offset, chunkBytes)
      if (bytes.length === 0) return undefined
      const begin = Number(offset)
      offset += BigInt(bytes.length)
      // A slow reader may come to a hole that was not there in the beginning.
      if (skip === undefined && hasBlock(bytes) && isSparse(host, file))
        skip = newHoleSkipper(first)
      if (skip === undefined) return piecesOf(bytes, begin, cut)
      if (isHole(bytes)) offset = BigInt(behindHole(host, file, Number(offset)))
      return skip(bytes, begin)
    },
  }
}

/** Where a place in what the run wrote is in its file. */
function offsetOf(from: number, cut: Cut | undefined): number {
  if (cut === undefined || from <= cut.start) return from
  const behind = from - cut.start - cut.leftOut
  // Within what is gone: at the line that says so, which begins with a line break.
  return cut.start + (behind < 0 ? 1 : cut.lineBytes + behind)
}

/** The pieces of a chunk that begins at this offset of the file. */
function* piecesOf(bytes: Buffer, offset: number, cut: Cut | undefined): Generator<Piece> {
  if (cut === undefined) return yield { bytes, begin: offset, end: offset + bytes.length }
  const lineEnd = cut.start + cut.lineBytes
  const part = (from: number, to: number): Buffer =>
    bytes.subarray(Math.max(from - offset, 0), Math.max(to - offset, 0))
  const [before, line, behind] = [
    part(0, cut.start),
    part(cut.start, lineEnd),
    part(lineEnd, Infinity),
  ]
  if (before.length > 0) yield { bytes: before, begin: offset, end: offset + before.length }
  if (line.length > 0) {
    const isWhole = offset + bytes.length >= lineEnd
    yield { bytes: line, begin: cut.start, end: cut.start + (isWhole ? cut.leftOut : 1) }
  }
  if (behind.length === 0) return
  const begin = Math.max(offset, lineEnd) - cut.lineBytes + cut.leftOut
  yield { bytes: behind, begin, end: begin + behind.length }
}
