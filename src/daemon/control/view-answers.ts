import type { HistoryReply, OutputReply, Protocol } from '../../control/protocol.ts'
import { TorchError } from '../../errors.ts'
import { openOutput, type OutputReader } from '../../follow/run-output.ts'
import type { Host } from '../../host/host.ts'
import { readHistoryPage, shortLockWaitMs } from '../../record/history/history-page.ts'
import { readHistory } from '../../record/history/read-history.ts'
import { isRunId, readTraces, runDirectory } from '../../run/directory.ts'
import { isOutputWhole } from '../../run/output.ts'
import type { Daemon } from '../state.ts'

/** The rows of a page without a limit. */
const defaultRows = 100

/** Answers `history`. It looks at a bounded number of rows, so no tick waits for it. */
export function historyAnswer(
  { paths }: Daemon,
  { run, limit = defaultRows, ...filter }: Protocol['history']['request'],
): HistoryReply {
  if (run === undefined) return readHistoryPage(paths.history, { ...filter, limit })
  const reader = readHistory(paths.history, shortLockWaitMs)
  try {
    const row = reader.run(run)
    return { rows: row === undefined ? [] : [row], more: null }
  } finally {
    reader.close()
  }
}

/** Answers `output`. A hole in the file may be large: it is read in turns of the event loop. */
export async function outputAnswer(
  daemon: Daemon,
  { run, from, bytes }: Protocol['output']['request'],
): Promise<OutputReply> {
  const { host, paths } = daemon
  const task = isRunId(run) ? taskOf(daemon, run) : undefined
  const directory = task === undefined ? undefined : runDirectory(paths.home, task, run)
  if (directory === undefined || host.files.facts(directory) === undefined)
    throw new TorchError('no-run', `no output of the run ${run} is kept`, {
      hint: 'history has the runs with their ids; old output is removed',
    })
  // Look BEFORE reading: after its end a run writes nothing more.
  const isEnded = hasWholeOutput(host, directory)
  const output = openOutput(host, directory, { from })
  try {
    const part = await readPart(host, output, from, bytes)
    const size = output.size()
    return { ...part, size, isWhole: isEnded }
  } finally {
    output.close()
  }
}

function taskOf({ runs, paths }: Daemon, run: string): string | undefined {
  const live = runs.all().find(({ description }) => description.run === run)
  if (live !== undefined) return live.description.task
  const reader = readHistory(paths.history, shortLockWaitMs)
  try {
    return reader.run(run)?.task
  } finally {
    reader.close()
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
  bytes: number,
): Promise<Pick<OutputReply, 'text' | 'from' | 'next'>> {
  const parts: Buffer[] = []
  let [begin, next, left]: [number | undefined, number, number] = [undefined, from, bytes]
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
    next = part.length < piece.bytes.length ? piece.begin + part.length : piece.end
  }
  return { text: Buffer.concat(parts).toString('base64'), from: begin ?? from, next }
}
