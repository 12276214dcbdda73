import path from 'node:path'
import { askDaemon } from '../control/client.ts'
import type { HistoryRow } from '../plan/history-row.ts'
import { runRow } from '../record/history/rows.ts'
import { readTraces } from '../run/directory.ts'
import type { HomeFiles, KeptRun } from './kept-runs.ts'

/**
 * The row of a run that has ended: from its directory or, if that is gone, from the history. undefined
 * if the run has not ended, or if nobody has recorded its end yet.
 */
export async function endOfRun(home: HomeFiles, run: KeptRun): Promise<HistoryRow | undefined> {
  const directory = path.join(home.paths.runs, run.task, run.run)
  const { description, conclusion } = readTraces(home.host, directory)
  if (description !== undefined) return conclusion && runRow(description, conclusion)
  const row = await rowInHistory(home, run.run)
  return row?.outcome === 'running' ? undefined : row
}

/** The row of a run in the history, after the daemon, if one runs, has written what it holds back. */
export async function rowInHistory(
  { paths }: HomeFiles,
  run: string,
): Promise<HistoryRow | undefined> {
  await askDaemon(paths.socket, 'flush', {}, { timeoutMs: flushMs }).catch(() => {})
  const { readHistory } = await import('../record/history/read-history.ts')
  const reader = readHistory(paths.history)
  try {
    return reader.run(run)
  } finally {
    reader.close()
  }
}

const flushMs = 5_000
