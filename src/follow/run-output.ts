import path from 'node:path'
import { hasCode } from '../host/system-error.ts'
import type { Host } from '../host/host.ts'
import { readTraces } from '../run/directory.ts'
import { outputWhole } from '../run/output.ts'
import type { HomeFiles, KeptRun } from './kept-runs.ts'

/** The output file of one run, read as it grows. Bytes pass unchanged. */
export interface RunOutput {
  /** Shows everything new since the last call; true if there was something. */
  drain(): Promise<boolean>
  close(): void
}

const chunkBytes = 64 * 1024

/**
 * Reads the output file of a run, from the moment it exists. The file stays open: when the run ends,
 * torch may replace it with a shorter one, but the open file is still complete.
 */
export function openOutput(
  host: Host,
  directory: string,
  beginAt: (file: string) => number,
  show: (bytes: Uint8Array) => Promise<void>,
): RunOutput {
  const file = path.join(directory, 'output')
  let descriptor: number | undefined
  let offset = 0n
  let pieces = (bytes: Buffer): Iterable<Uint8Array> => [bytes]
  const open = (): boolean => {
    if (descriptor !== undefined) return true
    try {
      descriptor = host.files.openRead(file)
    } catch (error) {
      // The file may not exist yet, or be removed with its run at any moment.
      if (hasCode(error, 'ENOENT')) return false
      throw error
    }
    offset = BigInt(beginAt(`/proc/self/fd/${descriptor}`))
    if (isSparse(host, file)) pieces = withoutHoles()
    return true
  }
  return {
    async drain() {
      if (!open()) return false
      const before = offset
      for (;;) {
        const bytes = host.files.readBytes(`/proc/self/fd/${descriptor}`, offset, chunkBytes)
        if (bytes.length === 0) return offset > before
        offset += BigInt(bytes.length)
        if (isHole(bytes)) offset = BigInt(behindHole(host, file, Number(offset)))
        for (const piece of pieces(bytes)) await show(piece)
      }
    },
    close() {
      if (descriptor !== undefined) host.files.close(descriptor)
      descriptor = undefined
    },
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

/** Shows the output of a run from its beginning. */
export function wholeOutput(
  host: Host,
  directory: string,
  show: (bytes: Uint8Array) => Promise<void>,
): RunOutput {
  return openOutput(host, directory, () => 0, show)
}

/** Reads the output of a kept run, or only its last `lines`. */
export function outputOf(
  { host, paths }: HomeFiles,
  { task, run }: KeptRun,
  lines: number | undefined,
  show: (bytes: Uint8Array) => Promise<void>,
): RunOutput {
  const begin = (file: string) => (lines === undefined ? 0 : tailOffset(host, file, lines))
  return openOutput(host, path.join(paths.runs, task, run), begin, show)
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
function isSparse(host: Host, file: string): boolean {
  const facts = host.files.facts(file)
  return facts !== undefined && facts.allocated < facts.size - chunkBytes
}

/** Less is read: it takes no time, and may be more than one hole. */
const minJumpBytes = 1024 ** 3

const zeros = Buffer.alloc(chunkBytes)

function isHole(bytes: Buffer): boolean {
  return bytes.length === chunkBytes && bytes.equals(zeros)
}

/** Where to read on within a hole: what is behind a large one is at most what the file takes on the disk. */
function behindHole(host: Host, file: string, offset: number): number {
  const { size = 0, allocated = 0 } = host.files.facts(file) ?? {}
  const end = Math.floor((size - allocated) / block.length) * block.length
  return end - offset >= minJumpBytes ? end : offset
}

/** Holes consist of whole blocks. */
const block = Buffer.alloc(4096)
const holeLine = Buffer.from('\n[torch: output left out here]\n')

/** Replaces each hole in the chunks of a file with a line that says so. */
function withoutHoles(): (bytes: Buffer) => Iterable<Uint8Array> {
  let inHole = false
  return function* (bytes) {
    for (let at = 0; at < bytes.length;) {
      const hole = inHole && bytes[at] === 0 ? at : bytes.indexOf(block, at)
      const end = hole === -1 ? bytes.length : hole
      if (end > at) {
        inHole = false
        yield bytes.subarray(at, end)
      }
      at = end
      if (at === bytes.length) return
      if (!inHole) yield holeLine
      inHole = true
      while (at < bytes.length && bytes[at] === 0) at++
    }
  }
}
