import type { HistoryReply, OutputReply, Protocol } from '../../control/protocol.ts'
import { TorchError } from '../../errors.ts'
import { readOutputPart } from '../../follow/output-part.ts'
import { readHistoryPage, shortLockWaitMs } from '../../record/history/history-page.ts'
import { readHistory } from '../../record/history/read-history.ts'
import { isRunId, runDirectory } from '../../run/directory.ts'
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

/** Answers `output`. */
export async function outputAnswer(
  daemon: Daemon,
  { run, from: first, bytes }: Protocol['output']['request'],
): Promise<OutputReply> {
  const { host, paths } = daemon
  const task = isRunId(run) ? taskOf(daemon, run) : undefined
  const directory = task === undefined ? undefined : runDirectory(paths.home, task, run)
  const part =
    directory === undefined ? undefined : await readOutputPart(host, directory, first, bytes)
  if (part === undefined)
    throw new TorchError('no-run', `no output of the run ${run} is kept`, {
      hint: 'history has the runs with their ids; old output is removed',
    })
  const { from, to, size, isWhole } = part
  return { text: part.bytes.toString('base64'), from, next: to, size, isWhole }
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
