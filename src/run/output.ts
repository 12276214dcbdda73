import path from 'node:path'
import type { Host } from '../host/host.ts'
import type { LiveRun, RunContext } from './live-run.ts'

/*
 * Output over max_size is truncated in the middle: the start and the end are kept. While the run
 * writes, emptyMiddle() gives the disk blocks back. When it has ended, cutMiddle() makes the file shorter.
 */

/** A smaller hole is not worth a process. */
const minHoleBytes = 1024 * 1024
/** Only whole blocks of the file system can be given back. */
const blockBytes = 4096
const holeTimeoutMs = 10_000

/**
 * Empties the middle of the output of a run that is still writing. The command appends to this very
 * file, so the file cannot be replaced; instead its blocks are given back (fallocate(2), punch hole), and
 * start and end stay where they are. Trouble is reported by onTrouble, once for each run.
 */
export async function emptyMiddle(context: RunContext, run: LiveRun): Promise<void> {
  const { files, processes } = context.host
  const output = path.join(run.directory, 'output')
  const facts = files.facts(output)
  if (facts === undefined) {
    complain(context, run, 'its output file was removed while it runs; its output is lost')
    return
  }
  const max = run.description.maxOutputBytes
  const from = blocksUp(Math.max(run.output.emptiedTo, Math.floor(max / 2)))
  const to = blocksDown(facts.size - Math.ceil(max / 2))
  if (facts.size <= max || to - from < minHoleBytes) return
  const hole = ['--punch-hole', '--offset', String(from), '--length', String(to - from), output]
  const result = await processes.runProgram('fallocate', hole, { timeoutMs: holeTimeoutMs })
  if (result.ok) run.output.emptiedTo = to
  else
    complain(
      context,
      run,
      `its output is over max_size and could not be truncated: ${result.stderr.trim()}`,
    )
}

/** Cuts the middle out of the output of a run that has ended, if it is over its max_size. */
export async function cutMiddle(host: Host, directory: string, maxBytes: number): Promise<void> {
  const output = path.join(directory, 'output')
  const size = host.files.facts(output)?.size ?? 0
  if (size <= maxBytes) return
  const endBytes = Math.ceil(maxBytes / 2)
  const line = `\n[torch: ${size - maxBytes} bytes left out here]\n`
  await host.files.cutMiddle(output, maxBytes - endBytes, endBytes, line)
}

function complain(context: RunContext, run: LiveRun, message: string): void {
  if (!run.output.hasComplained) context.onTrouble(run, message)
  run.output.hasComplained = true
}

function blocksUp(bytes: number): number {
  return Math.ceil(bytes / blockBytes) * blockBytes
}

function blocksDown(bytes: number): number {
  return Math.floor(bytes / blockBytes) * blockBytes
}
