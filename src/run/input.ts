import path from 'node:path'
import type { Host } from '../host/host.ts'
import { maxWholeWrite } from '../host/named-pipes.ts'
import { isAlive } from '../host/processes.ts'
import { quietly } from '../host/system-error.ts'
import { endPipe, inputHolder, inputPipe, unreadFile } from './input-pipes.ts'
import {
  type InputProgress,
  type InputStep,
  noteStep,
  type OpenLine,
  readProgress,
  takeStep,
} from './input-progress.ts'
import { isLive, type LiveRun } from './live-run.ts'

/** A part of what a sender sends to a run, from its byte `from` on: whole lines, each with its line break. */
export interface InputPart {
  /** Tells senders apart; nobody else may use the same word for this run. */
  readonly sender: string
  readonly from: number
  readonly bytes: Buffer
}

/**
 * - `written`: all of it, perhaps before this call.
 * - `full`: the pipe has no room, or another sender is in the middle of a line. Try again later.
 * - `starting`: the run does not read yet. Try again in a moment.
 * - `ended`: its input was closed.
 * - `gone`: nobody can read it any more.
 */
export type InputAnswer = 'written' | 'full' | 'starting' | 'ended' | 'gone'

/** A sender that found the pipe full is the next to write, if it calls again within this time. */
const maxTurnMs = 200
/** And a sender in the middle of a line within this time. */
const maxLineMs = 2_000

/**
 * Writes to the input of a run without waiting. If it returns `full`, the caller calls it again with the
 * same part: what is already written is not written again, even by the next daemon. Up to 4096 bytes are
 * written whole or not at all. So only a longer line can be torn, by the end of its sender or a crash;
 * then a line break comes before the next line, and the sender has to send the torn one again.
 */
export function writeInput(host: Host, run: LiveRun, part: InputPart): InputAnswer {
  const { sender, from, bytes } = part
  const progress = progressOf(host, run)
  if (positionIn(progress, part) >= from + bytes.length) return 'written'
  if (isInputEnded(host, run)) return 'ended'
  if (isOthersTurn(host, run, progress, sender)) return 'full'
  for (;;) {
    const at = positionIn(progress, part)
    if (at >= from + bytes.length) break
    const { open } = progress
    const answer =
      open !== undefined && open.sender !== sender
        ? endLine(host, run, progress, open)
        : writePiece(host, run, progress, { ...part, at })
    if (answer === 'no-reader') return isStarting(host, run) ? 'starting' : 'gone'
    if (answer === 'written') continue
    run.input.turn = { sender, atMs: host.clock.monotonic() }
    return 'full'
  }
  run.input.turn = undefined
  return 'written'
}

/** How many bytes of a sender's stream are in the pipe. */
export function inputPosition(host: Host, run: LiveRun, sender: string): number {
  return progressOf(host, run).positions.get(sender) ?? 0
}

/** How many bytes the run has not read yet; undefined if this machine does not say. */
export function unreadBytes(
  host: Host,
  { directory }: Pick<LiveRun, 'directory'>,
): number | undefined {
  return quietly(() => host.pipes.unread(path.join(directory, inputPipe)))
}

/** Closes the input of a run: it sees the end once it has read everything. */
export function endInput(host: Host, run: LiveRun): 'ended' | 'starting' | 'gone' {
  if (isInputEnded(host, run)) return 'ended'
  if (tellHolder(host, run) === 'written') {
    run.input.isEnded = true
    return 'ended'
  }
  return isStarting(host, run) ? 'starting' : 'gone'
}

/**
 * A program that opens /dev/stdin after the end of the input would wait for a writer for ever. It gets one
 * for a moment. Call it often while the run lives.
 */
export function wakeOpeners(host: Host, run: LiveRun): void {
  if (run.description.input === undefined) return
  quietly(() => {
    if (isInputEnded(host, run)) host.pipes.write(path.join(run.directory, inputPipe), nothing)
  })
}

const nothing = Buffer.alloc(0)

/** A run is over: ends the holder if its recorder could not. Returns how many bytes the run left unread. */
export function settleInput(host: Host, run: LiveRun): number {
  if (run.description.input === undefined) return 0
  quietly(() => tellHolder(host, run))
  return quietly(() => host.files.facts(path.join(run.directory, unreadFile))?.size) ?? 0
}

function progressOf(host: Host, run: LiveRun): InputProgress {
  run.input.progress ??= readProgress(host, run.directory)
  return run.input.progress
}

/** The sender itself may know that more was written: the disk may have refused the notes. */
function positionIn({ positions }: InputProgress, { sender, from }: InputPart): number {
  return Math.max(positions.get(sender) ?? 0, from)
}

function isInputEnded(host: Host, run: LiveRun): boolean {
  if (run.input.isEnded) return true
  const holder = inputHolder(host, run)
  if (holder !== undefined && !isAlive(host, holder)) run.input.isEnded = true
  return run.input.isEnded
}

/** Whether the recorder has not yet opened the pipes. */
function isStarting(host: Host, run: LiveRun): boolean {
  if (!isLive(run) || !isAlive(host, run.recorder)) return false
  const holder = inputHolder(host, run)
  return holder === undefined || isAlive(host, holder)
}

function tellHolder({ pipes }: Host, { directory }: LiveRun): WriteAnswer {
  return pipes.write(path.join(directory, endPipe), lineBreak)
}

const lineBreak = Buffer.from('\n')

/** A line that is shorter must not overtake one that waits for room, nor come into the middle of one. */
function isOthersTurn(
  host: Host,
  { input: { turn } }: LiveRun,
  { open }: InputProgress,
  sender: string,
): boolean {
  if (turn === undefined || turn.sender === sender) return false
  const isInLine = open?.sender === turn.sender
  return host.clock.monotonic() - turn.atMs < (isInLine ? maxLineMs : maxTurnMs)
}

/** The sender of an unfinished line has become silent. The line stays alone, and its sender begins it again. */
function endLine(
  host: Host,
  run: LiveRun,
  progress: InputProgress,
  { sender, line }: OpenLine,
): WriteAnswer {
  return write(host, run, progress, { sender, to: line, line: undefined }, lineBreak)
}

/** Whole lines, or a part of a long one. */
function writePiece(
  host: Host,
  run: LiveRun,
  progress: InputProgress,
  { sender, from, bytes, at }: InputPart & { readonly at: number },
): WriteAnswer {
  const most = bytes.subarray(at - from, at - from + maxWholeWrite)
  const wholeLines = most.lastIndexOf(lineBreak) + 1
  const piece = wholeLines > 0 ? most.subarray(0, wholeLines) : most
  const line = wholeLines > 0 ? undefined : (progress.open?.line ?? at)
  return write(host, run, progress, { sender, to: at + piece.length, line }, piece)
}

type WriteAnswer = ReturnType<Host['pipes']['write']>

function write(
  host: Host,
  run: LiveRun,
  progress: InputProgress,
  step: InputStep,
  bytes: Uint8Array,
): WriteAnswer {
  noteStep(host, run.directory, progress, step)
  const answer = host.pipes.write(path.join(run.directory, inputPipe), bytes)
  if (answer === 'written') takeStep(progress, step)
  return answer
}
