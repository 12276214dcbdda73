import fs from 'node:fs'
import { TorchError, wordsOf } from '../errors.ts'
import { wallClock } from '../host/clock.ts'
import { hasCode } from '../host/files.ts'

/** Where log lines go: written at once, in order, each one whole; never throws once it is open. */
export interface LineFile {
  /** Text with its newline. What cannot be written is counted, and announced when writing works again. */
  put(text: string): void
  /** Opens the same path anew. Words of why not, where it failed: then the old file stays in use. */
  reopen(): string | undefined
  close(): void
}

export type LineTarget = { readonly file: string } | { readonly descriptor: number }
/** As fs.writeSync: how many bytes were taken, or one of Node's system errors. */
type Write = (descriptor: number, bytes: Uint8Array) => number

/** A pipe whose reader is slow gets this much time for a line, in 1 ms naps, and then none until it reads again. */
const maxNapsPerLine = 50
/** How often it is looked whether the file was removed: what is written there is lost to everybody. */
const lookMs = 1_000
const nap = new Int32Array(new SharedArrayBuffer(4))

/**
 * Opens a file for appending (mode 0600), or takes a descriptor as it is. `announce` is called
 * with the number of lost lines just before the first line that can be written again; what it
 * puts comes before that line. A file that was removed is made again, and `onRemoved` called. Throws
 * TorchError `log-unwritable`.
 */
export function openLineFile(
  target: LineTarget,
  announce: (lost: number) => void,
  { write = fs.writeSync, onRemoved = () => {} }: { write?: Write; onRemoved?: () => void } = {},
): LineFile {
  let descriptor: number | undefined = openTarget(target)
  let nextLookMs = 0
  let lost = 0
  let stuck = false
  // A full disk may take half of a line. The other half is kept and goes first when there is
  // room again: no line is ever glued to half of another.
  let rest: Uint8Array = new Uint8Array()

  function push(bytes: Uint8Array): number {
    let done = 0
    let naps = stuck ? 0 : maxNapsPerLine
    while (descriptor !== undefined && done < bytes.length) {
      try {
        done += write(descriptor, bytes.subarray(done))
      } catch (error) {
        if (!hasCode(error, 'EAGAIN') || naps === 0) break
        naps -= 1
        Atomics.wait(nap, 0, 0, 1)
      }
    }
    stuck = done < bytes.length
    return done
  }

  function finishRest(): boolean {
    if (rest.length > 0) rest = rest.subarray(push(rest))
    return rest.length === 0
  }

  function take(text: string): boolean {
    if (!finishRest()) return false
    const bytes = Buffer.from(text)
    const done = push(bytes)
    if (done > 0) rest = bytes.subarray(done)
    return done > 0
  }

  function lookWhetherRemoved(): void {
    const now = wallClock.monotonic()
    if (!('file' in target) || descriptor === undefined || now < nextLookMs) return
    nextLookMs = now + lookMs
    // One that was renamed keeps its one name, and is somebody's to read.
    if (fs.fstatSync(descriptor).nlink === 0 && reopen() === undefined) onRemoved()
  }

  function reopen(): string | undefined {
    if (!('file' in target)) return undefined
    try {
      const fresh = openTarget(target)
      if (!finishRest()) lost += 1
      rest = new Uint8Array()
      stuck = false
      if (descriptor !== undefined) fs.closeSync(descriptor)
      descriptor = fresh
      return undefined
    } catch (error) {
      return wordsOf(error)
    }
  }

  return {
    put(text) {
      lookWhetherRemoved()
      if (lost > 0) {
        const before = lost
        lost = 0
        announce(before) // comes back here with its own line: that is the attempt
        if (lost > 0) {
          lost = before + 1
          return
        }
      }
      if (!take(text)) lost += 1
    },
    reopen,
    close() {
      finishRest()
      if (descriptor !== undefined && 'file' in target) fs.closeSync(descriptor)
      descriptor = undefined
    },
  }
}

function openTarget(target: LineTarget): number {
  if ('descriptor' in target) return target.descriptor
  return openForLog(() => fs.openSync(target.file, 'a', 0o600))
}

/** What `open` gives; throws TorchError `log-unwritable` where it fails. */
export function openForLog(open: () => number): number {
  try {
    return open()
  } catch (error) {
    throw new TorchError('log-unwritable', `cannot write the log: ${wordsOf(error)}`, {
      hint: 'see who may write there, and whether the folder exists',
      cause: error,
    })
  }
}
