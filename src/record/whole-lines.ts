import { hasCode } from '../host/files.ts'

/** As fs.writeSync: how many bytes were taken, or one of Node's system errors. */
export type Write = (descriptor: number, bytes: Uint8Array) => number

/** A descriptor to which lines are written at once and in order. */
export interface WholeLines {
  readonly descriptor: number
  /** False where nothing of it could be written. */
  take(text: string): boolean
  /** Writes what is left of a line that was taken by half; false where some of it still is. */
  finish(): boolean
}

/** A pipe whose reader is slow gets this much time for a line, in 1 ms naps, and then none until it reads again. */
const maxNapsPerLine = 50
const nap = new Int32Array(new SharedArrayBuffer(4))

/**
 * No line is ever glued to half of another: of one that a full disk took by half the rest goes first,
 * when there is room again.
 */
export function wholeLines(descriptor: number, write: Write): WholeLines {
  let stuck = false
  let rest: Uint8Array = new Uint8Array()

  function push(bytes: Uint8Array): number {
    let done = 0
    let naps = stuck ? 0 : maxNapsPerLine
    while (done < bytes.length) {
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

  function finish(): boolean {
    if (rest.length > 0) rest = rest.subarray(push(rest))
    return rest.length === 0
  }

  return {
    descriptor,
    take(text) {
      if (!finish()) return false
      const bytes = Buffer.from(text)
      const done = push(bytes)
      if (done > 0) rest = bytes.subarray(done)
      return done > 0
    },
    finish,
  }
}
