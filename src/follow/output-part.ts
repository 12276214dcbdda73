import type { Host } from '../host/host.ts'
import { readTraces } from '../run/directory.ts'
import { isOutputWhole } from '../run/output.ts'
import { openOutput, type OutputReader } from './run-output.ts'

/** Some of what a run printed. */
export interface OutputPart {
  readonly bytes: Buffer
  /** Where the bytes begin and end in what the run printed. */
  readonly from: number
  readonly to: number
  /** How much the run has printed until now. */
  readonly size: number
  /** The run has ended, and nothing comes behind `size`. */
  readonly isWhole: boolean
}

/**
 * Reads some of the output of a run from this byte on; undefined if it is not kept. A hole in the file may be
 * large: it is read in turns of the event loop.
 */
export async function readOutputPart(
  host: Host,
  directory: string,
  from: number,
  maxBytes: number,
): Promise<OutputPart | undefined> {
  if (host.files.facts(directory) === undefined) return undefined
  // Look BEFORE reading: after its end a run writes nothing more.
  const isWhole = hasWholeOutput(host, directory)
  const output = openOutput(host, directory, { from })
  try {
    const part = await readPart(host, output, from, maxBytes)
    // What came while it was read counts too.
    return { ...part, size: Math.max(output.size(), part.to), isWhole }
  } finally {
    output.close()
  }
}

function hasWholeOutput(host: Host, directory: string): boolean {
  const { description, conclusion } = readTraces(host, directory)
  if (conclusion === undefined) return false
  if (description === undefined) return true
  return isOutputWhole(host, { description, collector: description.collector }, conclusion.endedMs)
}

async function readPart(
  { clock }: Host,
  output: OutputReader,
  from: number,
  maxBytes: number,
): Promise<Pick<OutputPart, 'bytes' | 'from' | 'to'>> {
  const parts: Buffer[] = []
  let [begin, to, left]: [number | undefined, number, number] = [undefined, from, maxBytes]
  while (left > 0) {
    const piece = output.step()
    if (piece === undefined) break
    if (piece === 'hole') {
      await clock.turn()
      continue
    }
    begin ??= piece.begin
    const part = piece.bytes.subarray(0, left)
    parts.push(part)
    left -= part.length
    // The line of a gap stands for more bytes than it has.
    to = part.length < piece.bytes.length ? piece.begin + part.length : piece.end
  }
  return { bytes: Buffer.concat(parts), from: begin ?? from, to }
}
