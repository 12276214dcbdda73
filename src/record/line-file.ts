import fs from 'node:fs'
import { TorchError, messageOf } from '../errors.ts'
import { wallClock } from '../host/clock.ts'
import { type WholeLines, wholeLines, type Write } from './whole-lines.ts'

/** Where log lines go: written at once, in order, each one whole; never throws once it is open. */
export interface LineFile {
  /** Text with its newline. What cannot be written is counted, and announced when writing works again. */
  put(text: string): void
  /** Opens the same path anew. Words of why not, where it failed: then the old file stays in use. */
  reopen(): string | undefined
  close(): void
}

export type LineTarget = { readonly file: string } | { readonly descriptor: number }

/** How often it is looked whether the file was removed: what is written there is lost to everybody. */
const lookMs = 1_000

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
  let lines: WholeLines | undefined = wholeLines(openTarget(target), write)
  let nextLookMs = 0
  let lost = 0

  function lookWhetherRemoved(): void {
    const now = wallClock.monotonic()
    if (!('file' in target) || lines === undefined || now < nextLookMs) return
    nextLookMs = now + lookMs
    // One that was renamed keeps its one name, and is somebody's to read.
    if (fs.fstatSync(lines.descriptor).nlink === 0 && reopen() === undefined) onRemoved()
  }

  function reopen(): string | undefined {
    if (!('file' in target)) return undefined
    try {
      const fresh = wholeLines(openTarget(target), write)
      close()
      lines = fresh
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
      if (lines?.take(text) !== true) lost += 1
    },
    reopen,
    close,
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
    throw new TorchError('log-unwritable', `cannot write the log: ${messageOf(error)}`, {
      hint: 'see who may write there, and whether the folder exists',
      cause: error,
    })
  }
}
