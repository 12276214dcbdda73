import path from 'node:path'
import { type LiveRun, type RunRoom } from './end.ts'

/** A hole smaller than this is not worth a process. */
const minHoleBytes = 1024 * 1024
/** Holes are made of whole blocks of the file system. */
const blockBytes = 4096
const holeTimeoutMs = 10_000

/**
 * Takes the middle out of the output of a run that writes on and on: what it writes is appended to
 * the same file, so its blocks are given back (fallocate(2), punch hole), and head and end stay where
 * they are. Tells of trouble by onTrouble, once per run.
 */
export async function trimOutput(room: RunRoom, run: LiveRun): Promise<void> {
  const { files, processes } = room.host
  const output = path.join(run.directory, 'output')
  const facts = files.facts(output)
  if (facts === undefined) {
    complain(room, run, 'its output was removed while it runs; what it writes is lost')
    return
  }
  const max = run.description.maxOutputBytes
  const from = blocksUp(Math.max(run.trimmed.to, Math.floor(max / 2)))
  const to = blocksDown(facts.size - Math.ceil(max / 2))
  if (facts.size <= max || to - from < minHoleBytes) return
  const hole = ['--punch-hole', '--offset', String(from), '--length', String(to - from), output]
  const result = await processes.runProgram('fallocate', hole, { timeoutMs: holeTimeoutMs })
  if (result.ok) run.trimmed.to = to
  else
    complain(room, run, `its output is over max_size and could not be cut: ${result.stderr.trim()}`)
}

function complain(room: RunRoom, run: LiveRun, words: string): void {
  if (!run.trimmed.complained) room.onTrouble(run, words)
  run.trimmed.complained = true
}

function blocksUp(bytes: number): number {
  return Math.ceil(bytes / blockBytes) * blockBytes
}

function blocksDown(bytes: number): number {
  return Math.floor(bytes / blockBytes) * blockBytes
}
