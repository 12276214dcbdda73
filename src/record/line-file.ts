import fs from 'node:fs'
import { messageOf, TorchError } from '../errors.ts'
import { wallClock } from '../host/clock.ts'
import { diskFiles } from '../host/files.ts'
import { hasCode } from '../host/system-error.ts'

/** Where log lines go. Each one is written at once, in order and whole. Nothing here throws once it is open. */
export interface LineFile {
  /** Takes a line with its newline. Lines that cannot be written are counted. */
  put(line: string): void
  /** Opens the same path again. If that fails, returns why, and the old file stays in use. */
  reopen(): string | undefined
  close(): void
}

export type LineTarget = { readonly file: string } | { readonly descriptor: number }

/** As fs.writeSync: returns how many bytes were written, or throws one of Node's system errors. */
type Write = (descriptor: number, bytes: Uint8Array) => number

/** How often to check whether the file was removed: nobody can read what is written to it then. */
const checkIntervalMs = 1_000

/**
 * Opens a file for appending (mode 0600), or uses a descriptor as it is. Just before the first line
 * that can be written again, `onLost` is called with the number of lost lines; a line that it puts
 * comes first. A file that was removed is created again, and `onRemoved` is called. Throws TorchError
 * `log-unwritable`.
 */
export function openLineFile(
  target: LineTarget,
  onLost: (lost: number) => void,
  { write = fs.writeSync, onRemoved = () => {} }: { write?: Write; onRemoved?: () => void } = {},
): LineFile {
  let lines: WholeLines | undefined = wholeLines(openTarget(target), write)
  let nextCheckMs = 0
  let lost = 0

  function replaceIfRemoved(): void {
    const now = wallClock.monotonic()
    if (!('file' in target) || lines === undefined || now < nextCheckMs) return
    nextCheckMs = now + checkIntervalMs
    // A file that was only renamed still has a name: somebody (logrotate) reads it.
    if (fs.fstatSync(lines.descriptor).nlink === 0 && reopen() === undefined) onRemoved()
  }

  function reopen(): string | undefined {
    if (!('file' in target)) return undefined
    try {
      const opened = wholeLines(openTarget(target), write)
      close()
      lines = opened
      return undefined
    } catch (error) {
      return messageOf(error)
    }
  }

  function close(): void {
    if (lines === undefined) return
    if (!lines.finish()) lost += 1
    if ('file' in target) fs.closeSync(lines.descriptor)
    lines = undefined
  }

  return {
    put(line) {
      replaceIfRemoved()
      if (lost > 0) {
        const before = lost
        lost = 0
        onLost(before) // calls put() with a line of its own: that shows whether writing works
        if (lost > 0) {
          lost = before + 1
          return
        }
      }
      if (lines?.write(line) !== true) lost += 1
    },
    reopen,
    close,
  }
}

function openTarget(target: LineTarget): number {
  if ('descriptor' in target) return target.descriptor
  return openForLog(() => diskFiles.openAppend(target.file))
}

/** Calls `open`. Throws TorchError `log-unwritable` if that fails. */
export function openForLog(open: () => number): number {
  try {
    return open()
  } catch (error) {
    throw new TorchError('log-unwritable', `cannot write the log: ${messageOf(error)}`, {
      hint: 'check that its directory exists and may be written',
      cause: error,
    })
  }
}

/** A descriptor that gets whole lines. */
interface WholeLines {
  readonly descriptor: number
  /** Returns false if no byte of the line could be written. */
  write(line: string): boolean
  /** Writes the rest of the last line. Returns false if some of it still could not be written. */
  finish(): boolean
}

/** How long one line waits, in naps of 1 ms, for the slow reader of a pipe. Further lines do not wait until it reads again. */
const maxNapsPerLine = 50
const nap = new Int32Array(new SharedArrayBuffer(4))

/** If a full disk took only half of a line, the rest of it is written before any other line. */
function wholeLines(descriptor: number, write: Write): WholeLines {
  let isStuck = false
  let rest: Uint8Array = new Uint8Array()

  function push(bytes: Uint8Array): number {
    let done = 0
    let naps = isStuck ? 0 : maxNapsPerLine
    while (done < bytes.length) {
      try {
        done += write(descriptor, bytes.subarray(done))
      } catch (error) {
        if (!hasCode(error, 'EAGAIN') || naps === 0) break
        naps -= 1
        Atomics.wait(nap, 0, 0, 1)
      }
    }
    isStuck = done < bytes.length
    return done
  }

  function finish(): boolean {
    if (rest.length > 0) rest = rest.subarray(push(rest))
    return rest.length === 0
  }

  return {
    descriptor,
    write(line) {
      if (!finish()) return false
      const bytes = Buffer.from(line)
      const done = push(bytes)
      if (done > 0) rest = bytes.subarray(done)
      return done > 0
    },
    finish,
  }
}
