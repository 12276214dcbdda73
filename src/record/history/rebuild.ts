import path from 'node:path'
import type { Host } from '../../host/host.ts'
import type { HistoryRow } from '../../plan/history-row.ts'
import { isRunId, readTraces } from '../../run/directory.ts'
import { runRow } from './rows.ts'

/** So many run directories are read at a time: a few milliseconds. */
const runsPerStep = 50
const pauseMs = 20
const retryMs = 1_000

/**
 * Puts all finished runs that have a directory into a history that was begun anew, in small steps.
 * Skips and misses have none: they are gone with the old one. Calls `done` with the number of runs.
 */
export function rebuildHistory(
  host: Host,
  runsFolder: string,
  add: (row: HistoryRow) => void,
  done: (runs: number) => void,
): void {
  let rows = rowsOfRuns(host, runsFolder)
  let count = 0
  const step = (): void => {
    try {
      if (takeSome()) return done(count)
      host.clock.after(pauseMs, step)
    } catch {
      // A folder could not be listed: from the start again. What is there twice counts once.
      rows = rowsOfRuns(host, runsFolder)
      count = 0
      host.clock.after(retryMs, step)
    }
  }
  /** True where there are no more. */
  const takeSome = (): boolean => {
    for (let read = 0; read < runsPerStep; read++) {
      const next = rows.next()
      if (next.done === true) return true
      if (next.value === undefined || next.value.outcome === 'running') continue
      add(next.value)
      count += 1
    }
    return false
  }
  // Not at once: the history that these go into is only being opened.
  host.clock.after(pauseMs, step)
}

/** The rows of all runs that have a directory, task by task; undefined for one that cannot be read. */
export function* rowsOfRuns(host: Host, runsFolder: string): Generator<HistoryRow | undefined> {
  for (const task of host.files.list(runsFolder)) {
    for (const run of host.files.list(path.join(runsFolder, task)).filter(isRunId)) {
      yield rowOfRun(host, path.join(runsFolder, task, run))
    }
  }
}

function rowOfRun(host: Host, directory: string): HistoryRow | undefined {
  try {
    const { description, conclusion } = readTraces(host, directory)
    return description && runRow(description, conclusion)
  } catch {
    return undefined
  }
}
