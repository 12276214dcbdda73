import path from 'node:path'
import { pause } from '../host/clock.ts'
import type { Host } from '../host/host.ts'
import { isAlive, type ProcessIdentity } from '../host/processes.ts'
import type { RunDescription } from './directory.ts'
import type { LiveRun, RunContext } from './live-run.ts'

/*
 * Output over max_size is truncated in the middle: the start and the end are kept. While the collector
 * writes, emptyMiddle() gives the disk blocks back. When it has ended, cutMiddle() makes the file shorter.
 */

/** Who writes the output of a run. */
export interface Collected {
  readonly description: Pick<RunDescription, 'bootId'>
  readonly collector: ProcessIdentity | undefined
}

/** Whether the collector of a run still writes: the run itself, or what it left behind, has the pipe. */
export function isCollecting(host: Host, { description, collector }: Collected): boolean {
  return description.bootId === host.processes.bootId && isAlive(host, collector)
}

/** The output counts as whole this long after the end of the run, even if somebody still writes. */
const maxCollectMs = 1_000

/** Whether the output of a run that ended at `endedMs` counts as whole. */
export function isOutputWhole(host: Host, run: Collected, endedMs: number): boolean {
  return Math.abs(host.clock.now() - endedMs) >= maxCollectMs || !isCollecting(host, run)
}

/** Settles when the output of a run that has ended counts as whole. */
export async function outputWhole(host: Host, run: Collected, endedMs: number): Promise<void> {
  while (!isOutputWhole(host, run, endedMs)) await pause(host.clock, collectPollMs)
}

/** The last bytes are usually there within a millisecond. */
const collectPollMs = 5

/*
 * A process that a run left behind may write its output for days. As long as it does, the run has an
 * entry in `written`, so that every daemon keeps that output within max_size and keeps the run.
 */

/** The folder that has an entry for each run that has ended and whose output is still written. */
export function writtenFolder(home: string): string {
  return path.join(home, 'written')
}

/** Notes that the output of a run that has ended is still written. */
export function noteWritten({ files }: Host, home: string, { description }: LiveRun): void {
  files.makeDirectory(writtenFolder(home))
  files.write(path.join(writtenFolder(home), description.run), `${description.task}\n`)
}

/** Removes that note: nobody writes the output any more. */
export function forgetWritten({ files }: Host, home: string, run: string): void {
  files.remove(path.join(writtenFolder(home), run))
}

/** A smaller hole is not worth a process. */
const minHoleBytes = 1024 * 1024
/** Only whole blocks of the file system can be given back. */
const blockBytes = 4096
const holeTimeoutMs = 10_000
/** A file system that makes no holes will not learn it: do not start a process at each look. */
const looksAfterFailure = 30

/**
 * Empties the middle of an output that is still written, of a run or of what it left behind. The
 * collector appends to this very file, so the file cannot be replaced; instead its blocks are given back
 * (fallocate(2), punch hole), and start and end stay where they are. What counts is what the file takes on
 * the disk. Call it often: it skips a look while a hole is being made. Trouble is reported by onTrouble,
 * once for each run.
 */
export async function emptyMiddle(context: RunContext, run: LiveRun): Promise<void> {
  const { files } = context.host
  if (run.output.looksToSkip > 0) {
    run.output.looksToSkip -= 1
    return
  }
  const output = path.join(run.directory, 'output')
  const named = files.facts(output)
  if (named === undefined)
    complain(
      context,
      run,
      'its output file was removed while it was being written, so that output is lost',
    )
  // A file without a name must not fill the disk either.
  const file = named === undefined && isCollecting(context.host, run) ? openFile(run) : output
  const facts = named ?? files.facts(file)
  if (facts === undefined) return
  const max = run.description.maxOutputBytes
  if (facts.allocated <= max) return
  const start = blocksUp(Math.max(run.output.emptiedTo, Math.floor(max / 2)))
  const to = blocksDown(facts.size - Math.ceil(max / 2))
  if (to - start >= minHoleBytes) {
    if (await punchHole(context, run, file, [start, to])) run.output.emptiedTo = to
  } else if (facts.allocated - facts.size >= minHoleBytes) {
    // Blocks behind the end, reserved by fallocate(1).
    const from = blocksUp(facts.size)
    await punchHole(context, run, file, [from, from + facts.allocated])
  }
}

/** The output as its collector has it open. */
function openFile({ collector }: LiveRun): string {
  return `/proc/${collector?.pid}/fd/1`
}

async function punchHole(
  context: RunContext,
  run: LiveRun,
  file: string,
  [from, to]: readonly [number, number],
): Promise<boolean> {
  const hole = ['--punch-hole', '--offset', String(from), '--length', String(to - from), file]
  const options = { timeoutMs: holeTimeoutMs }
  run.output.looksToSkip = Infinity
  const result = await context.host.processes.runProgram('fallocate', hole, options)
  run.output.looksToSkip = result.ok ? 0 : looksAfterFailure
  if (!result.ok)
    complain(
      context,
      run,
      `its output is over max_size and could not be truncated: ${result.missing ? 'fallocate is missing' : result.stderr.trim()}`,
    )
  return result.ok
}

/**
 * Cuts the middle out of the output of a run, if it is over its max_size. Nobody may write it any more,
 * because a shorter file takes its place.
 */
export async function cutMiddle(host: Host, directory: string, maxBytes: number): Promise<void> {
  const output = path.join(directory, 'output')
  const facts = host.files.facts(output)
  // A program that made a file of exabytes has only made a hole.
  if (facts === undefined || !Number.isSafeInteger(facts.size)) return
  const { size, allocated } = facts
  if (size > maxBytes) {
    const endBytes = Math.ceil(maxBytes / 2)
    const line = cutLine(size - maxBytes)
    await host.files.cutMiddle(output, maxBytes - endBytes, endBytes, line)
  } else if (allocated - size >= minHoleBytes) host.files.truncate(output, size)
}

/** What cutMiddle() writes in place of the middle. */
function cutLine(bytes: number): string {
  return `\n[torch: ${bytes} bytes left out here]\n`
}

/** The place in an output file where cutMiddle() has cut out its middle. */
export interface Cut {
  /** Where the line that says so begins in the file, and its length. */
  readonly start: number
  readonly lineBytes: number
  /** How many bytes that line stands for. */
  readonly leftOut: number
}

/** Finds the cut in the output file of a run with this `maxBytes`; undefined if nothing is cut out. */
export function cutIn({ files }: Host, file: string, maxBytes: number): Cut | undefined {
  const start = maxBytes - Math.ceil(maxBytes / 2)
  const size = files.facts(file)?.size ?? 0
  if (size <= maxBytes) return undefined
  const bytes = files.readBytes(file, start, cutLine(Number.MAX_SAFE_INTEGER).length)
  const [line = '', leftOut] =
    /^\n\[torch: (\d+) bytes left out here\]\n/.exec(bytes.toString()) ?? []
  // A task may print such a line itself.
  if (line === '' || size !== maxBytes + line.length) return undefined
  return { start, lineBytes: line.length, leftOut: Number(leftOut) }
}

/** Reports that the collector of a run could not write all of its output. */
export function complainOfLoss(context: RunContext, run: LiveRun): void {
  complain(context, run, 'some of its output is lost, because it could not be written')
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
