import path from 'node:path'
import { hasCode } from '../../../host/system-error.ts'
import type { Host } from '../../../host/host.ts'
import type { Call } from '../../command.ts'
import type { KeptRun } from '../../daemon/kept-runs.ts'
import type { Terminal } from '../../terminal/terminal.ts'

/** The output of one run, shown as it grows. Bytes pass through as they are. */
export interface RunOutput {
  /** Shows all that came since the last time; true where there was something. */
  drain(): Promise<boolean>
  close(): void
}

const chunkBytes = 64 * 1024

/**
 * Opens the output of a run as soon as there is one. It stays open: at the run's end torch may put
 * a shorter file in its place, and the one that we read is still whole.
 */
export function openOutput(
  host: Host,
  directory: string,
  beginAt: (file: string) => number,
  show: (bytes: Uint8Array) => Promise<void>,
): RunOutput {
  const file = path.join(directory, 'output')
  let descriptor: number | undefined
  let offset = 0
  let pieces = (bytes: Buffer): Iterable<Uint8Array> => [bytes]
  const open = (): boolean => {
    if (descriptor !== undefined) return true
    try {
      descriptor = host.files.openRead(file)
    } catch (error) {
      // Not there yet, or gone with its run, at any moment.
      if (hasCode(error, 'ENOENT')) return false
      throw error
    }
    offset = beginAt(`/proc/self/fd/${descriptor}`)
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
        offset += bytes.length
        for (const piece of pieces(bytes)) await show(piece)
      }
    },
    close() {
      if (descriptor !== undefined) host.files.close(descriptor)
      descriptor = undefined
    },
  }
}

/** Shows the output on standard output, from its beginning. */
export function wholeOutput(host: Host, terminal: Terminal, directory: string): RunOutput {
  return openOutput(
    host,
    directory,
    () => 0,
    (bytes) => terminal.out(bytes),
  )
}

/** The same of a run by its name; of its last lines only where their number is given. */
export function outputOf(
  { host, paths }: Pick<Call, 'host' | 'paths'>,
  { task, run }: KeptRun,
  lines: number | undefined,
  show: (bytes: Uint8Array) => Promise<void>,
): RunOutput {
  const begin = (file: string) => (lines === undefined ? 0 : tailOffset(host, file, lines))
  return openOutput(host, path.join(paths.runs, task, run), begin, show)
}

/** Where the last so many lines of a file begin, in bytes; read from its end. */
export function tailOffset(host: Host, file: string, lines: number): number {
  const size = host.files.facts(file)?.size ?? 0
  let left = lines
  for (let end = size; end > 0; end -= chunkBytes) {
    const start = Math.max(end - chunkBytes, 0)
    const bytes = host.files.readBytes(file, start, end - start)
    for (let at = bytes.length - 1; at >= 0; at--) {
      // The line break at the very end closes the last line and begins none.
      if (bytes[at] !== newline || start + at === size - 1) continue
      if (--left <= 0) return left < 0 ? size : start + at + 1
    }
  }
  return left < 0 || lines === 0 ? size : 0
}

const newline = 10

/** Of a run that writes too much the middle is given back to the disk: it reads as zeros. */
function isSparse(host: Host, file: string): boolean {
  const facts = host.files.facts(file)
  return facts !== undefined && facts.allocated < facts.size - chunkBytes
}

/** A hole is made of whole blocks. */
const block = Buffer.alloc(4096)
const holeWords = Buffer.from('\n[torch: left out here]\n')

/** Gives what of the chunks of a file is not hole, with a line in place of each hole. */
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
      if (!inHole) yield holeWords
      inHole = true
      while (at < bytes.length && bytes[at] === 0) at++
    }
  }
}
