import path from 'node:path'
import { askDaemon } from '../control/client.ts'
import type { StatusReport } from '../control/status-report.ts'
import { TorchError } from '../errors.ts'
import { newSleep } from '../host/clock.ts'
import type { HistoryRow } from '../plan/history-row.ts'
import { runRow } from '../record/history/rows.ts'
import { hasExited, readTraces } from '../run/directory.ts'
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

/** How often to look for the end, in milliseconds, if the system reports no change. */
const pollMs = 200
/** How long an end may stay without a record before the daemon is asked for it. */
const recordMs = 5_000

/**
 * Settles with the row of a run once it has ended and a daemon has recorded that, however long it takes
 * until one runs. Throws TorchError `no-run` if all records of the run are gone.
 */
export async function untilEndOfRun(home: HomeFiles, run: KeptRun): Promise<HistoryRow> {
  const { host, paths } = home
  const directory = path.join(paths.runs, run.task, run.run)
  const isThere = (file: string): boolean => host.files.facts(file) !== undefined
  const sleep = newSleep(host.clock)
  const stopWatching = host.watchNames(directory, (name) => {
    if (name !== 'output') sleep.wake()
  })
  try {
    for (let unknownSince: number | undefined; ;) {
      const isGone = !isThere(directory)
      if (isGone || isThere(path.join(directory, 'outcome.json'))) {
        const end = await endOfRun(home, run)
        if (end !== undefined) return end
      }
      const now = host.clock.monotonic()
      if (isGone || hasExited(host, directory)) unknownSince ??= now
      if (unknownSince !== undefined && now - unknownSince >= recordMs) {
        if (isGone) throw lostRun(run)
        const status = await askDaemon(paths.socket, 'status', {}).catch(() => undefined)
        const end = knownEnd(status, run.run)
        if (end !== undefined) return end
        unknownSince = now
      }
      await sleep.sleep(pollMs)
    }
  } finally {
    stopWatching()
  }
}

/** The end of a run, if it is the last one of its task and the daemon knows how it ended. */
export function knownEnd(status: StatusReport | undefined, run: string): HistoryRow | undefined {
  const last = status?.tasks.find((task) => task.last?.run === run)?.last ?? undefined
  return last?.outcome === 'running' ? undefined : last
}

function lostRun({ task, run }: KeptRun): TorchError {
  return new TorchError('no-run', `nothing is recorded of the run ${run} of ${task} any more`, {
    hint: 'its folder was removed while it was running; torch status shows what runs now',
  })
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
