import fs from 'node:fs'
import { hasCode } from './files.ts'

/** poll(2) of the C library. */
type Poll = (files: Buffer, count: number, timeoutMs: number) => number

/**
 * More than these have their line and have not come so far as to close their input: to give it to
 * others would only have them all wait for a processor, and with them what is due in the next second.
 */
const maxUntaken = 8
/** One that does not come so far in this time is not waited for any more. */
const maxWaitMs = 20

/** From <poll.h>: a file is an int and two shorts; this event is told without being asked for. */
const pollFileBytes = 8
const pollEventsOffset = 6

/** The writing end of a pipe: not by its number alone, which is another's once it is closed. */
interface Pipe {
  readonly end: number
}

/** Gives programs that wait on the reading ends of pipes their lines, so that few have them untaken. */
export interface Orders {
  /** Takes the pipe over. False where nobody reads it any more. */
  give(pipe: Pipe, line: string): boolean
  /** The program is gone: what is still held of its pipe is closed. */
  over(pipe: Pipe): void
}

export function openOrders(poll: Poll): Orders {
  let untaken: Pipe[] = []
  const files = Buffer.alloc(maxUntaken * pollFileBytes)

  const closeTaken = (): void => {
    files.fill(0)
    for (const [index, { end }] of untaken.entries()) files.writeInt32LE(end, index * pollFileBytes)
    const isTaken = (index: number): boolean =>
      files.readInt16LE(index * pollFileBytes + pollEventsOffset) !== 0
    const found = poll(files, untaken.length, maxWaitMs)
    close(untaken.filter((_, index) => (found > 0 ? isTaken(index) : index === 0)))
  }
  const close = (pipes: readonly Pipe[]): void => {
    untaken = untaken.filter((pipe) => !pipes.includes(pipe))
    for (const { end } of pipes) fs.closeSync(end)
  }

  return {
    give(pipe, line) {
      while (untaken.length >= maxUntaken) closeTaken()
      try {
        // Less than PIPE_BUF: the whole line, or nothing of it.
        fs.writeSync(pipe.end, line)
      } catch (error) {
        fs.closeSync(pipe.end)
        if (hasCode(error, 'EPIPE')) return false
        throw error
      }
      untaken.push(pipe)
      return true
    },
    over: (pipe) => close(untaken.filter((each) => each === pipe)),
  }
}
