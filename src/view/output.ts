import path from 'node:path'
import type { HomeFiles } from '../follow/kept-runs.ts'
import { fromStart, openOutput } from '../follow/run-output.ts'
import { readTraces } from '../run/directory.ts'
import { isOutputWhole } from '../run/output.ts'
import type { OutputPart, RunName } from './view.ts'

/** Some of the output of a run, from its file; undefined if it is not kept. */
export function outputHere(
  { host, paths }: HomeFiles,
  { task, run }: RunName,
  from: number,
  maxBytes: number,
): OutputPart | undefined {
  const directory = path.join(paths.runs, task, run)
  if (host.files.facts(directory) === undefined) return undefined
  // Look BEFORE reading: after its end a run writes nothing more.
  const { description, conclusion } = readTraces(host, directory)
  const isOver =
    conclusion !== undefined &&
    (description === undefined ||
      isOutputWhole(host, { description, collector: description.collector }, conclusion.endedMs))
  const reader = openOutput(host, directory, from === 0 ? fromStart : { from })
  const chunks: Buffer[] = []
  let length = 0
  let [begin, end, size] = [from, from, 0]
  try {
    size = reader.size()
    while (length < maxBytes) {
      const piece = reader.next()
      if (piece === undefined) break
      if (length === 0) begin = piece.begin
      const bytes = piece.bytes.subarray(0, maxBytes - length)
      chunks.push(bytes)
      length += bytes.length
      // The line of a gap stands for more bytes than it has, and is not cut.
      end = bytes.length === piece.bytes.length ? piece.end : piece.begin + bytes.length
    }
  } finally {
    reader.close()
  }
  return {
    bytes: Buffer.concat(chunks),
    from: begin,
    to: end,
    // What came while it was read counts too.
    size: Math.max(size, end),
    isWhole: isOver,
  }
}
