import type { Host } from '../host/host.ts'

/*
 * If a run writes too much, torch frees the middle of its output on the disk (run/output.ts). That part reads as
 * zeros, and may be terabytes, so readers jump over it.
 */

/** Some bytes of an output, unchanged, or the line that stands for bytes that are gone. */
export interface Piece {
  readonly bytes: Buffer
  /** Where it begins and ends in what the run wrote. For the line of a gap: where the gap does. */
  readonly begin: number
  readonly end: number
}

/** How much of a file is read at once. */
export const chunkBytes = 64 * 1024
/** Holes consist of whole blocks. */
const block = Buffer.alloc(4096)

/** Whether a hole may begin or end in there. */
export function hasBlock(bytes: Buffer): boolean {
  return bytes.includes(block)
}

/** The offset in bytes at which the last `lines` of a file begin. Reads from the end. */
export function tailOffset(host: Host, file: string, lines: number): number {
  const { size = 0, allocated = 0 } = host.files.facts(file) ?? {}
  let left = lines
  for (let end = size; end > 0;) {
    const start = Math.max(end - chunkBytes, 0)
    const bytes = host.files.readBytes(file, BigInt(start), end - start)
    // All that is in front of a large hole is within this many bytes.
    const before = Math.ceil(allocated / block.length) * block.length
    end = isHole(bytes) && start - before >= minJumpBytes ? before : start
    for (let at = bytes.length - 1; at >= 0; at--) {
      // The line break at the very end does not begin a line.
      if (bytes[at] !== newline || start + at === size - 1) continue
      if (--left <= 0) return left < 0 ? size : start + at + 1
    }
  }
  return left < 0 || lines === 0 ? size : 0
}

const newline = 10

/** If a run writes too much, torch frees the middle of the file on the disk: it reads as zeros. */
export function isSparse(host: Host, file: string): boolean {
  const facts = host.files.facts(file)
  return facts !== undefined && facts.allocated < facts.size - chunkBytes
}

/** Less is read: it takes no time, and may be more than one hole. */
const minJumpBytes = 1024 ** 3

const zeros = Buffer.alloc(chunkBytes)

export function isHole(bytes: Buffer): boolean {
  return bytes.length === chunkBytes && bytes.equals(zeros)
}

/** Where to read on within a hole: what is behind a large one is at most what the file takes on the disk. */
export function behindHole(host: Host, file: string, offset: number): number {
  const { size = 0, allocated = 0 } = host.files.facts(file) ?? {}
  const end = Math.floor((size - allocated) / block.length) * block.length
  return end - offset >= minJumpBytes ? end : offset
}

const holeLine = Buffer.from('\n[torch: output left out here]\n')

/**
 * Replaces each hole in the chunks of a file with a line that says so, at the end of the hole. Reading
 * begins at this offset.
 */
export function newHoleSkipper(first: number): (bytes: Buffer, offset: number) => Generator<Piece> {
  let holeBegin: number | undefined
  return function* (bytes, offset) {
    for (let at = 0; at < bytes.length;) {
      const found = holeBegin !== undefined && bytes[at] === 0 ? at : bytes.indexOf(block, at)
      const end = found === -1 ? bytes.length : found
      if (end > at) {
        const begin = offset + at
        if (holeBegin !== undefined) yield gap(holeBegin, begin, holeBegin === first)
        holeBegin = undefined
        yield { bytes: bytes.subarray(at, end), begin, end: offset + end }
      }
      at = end
      if (at === bytes.length) return
      holeBegin ??= offset + at
      while (at < bytes.length && bytes[at] === 0) at++
    }
  }
}

/** The line for a hole. It ends the line before it, unless reading begins within the hole. */
function gap(begin: number, end: number, isFirst: boolean): Piece {
  return { bytes: isFirst ? holeLine.subarray(1) : holeLine, begin, end }
}
