import path from 'node:path'
import type { Host } from '../../host/host.ts'
import type { HistoryRow } from '../../plan/history-row.ts'
import { isRunId, readTraces } from '../../run/directory.ts'
import type { OrderedRun } from '../../run/order.ts'
import { runRow } from './rows.ts'

/** Reading these takes a few milliseconds. */
const runsPerStep = 50
const pauseMs = 20
const retryMs = 1_000

/**
 * Adds all finished runs that still have a directory to a new history, in small steps. Skips and
 * misses have no directory, so they are lost with the old history. Calls `done` with the number of
 * runs.
 */
export function rebuildHistory(
  host: Host,
  runsFolder: string,
  add: (row: HistoryRow, orderMs: number) => void,
  done: (runs: number) => void,
): void {
  let rows = rowsOfRuns(host, runsFolder)
  let count = 0
  const step = (): void => {
    try {
      if (addSome()) return done(count)
      host.clock.after(pauseMs, step)
    } catch {
      // A directory could not be listed. Start again: a row that is added twice replaces itself.
      rows = rowsOfRuns(host, runsFolder)
      count = 0
      host.clock.after(retryMs, step)
    }
  }
  /** Returns true at the end. */
  const addSome = (): boolean => {
    for (let read = 0; read < runsPerStep; read++) {
      const next = rows.next()
      if (next.done === true) return true
      if (next.value === undefined || next.value.row.outcome === 'running') continue
      add(next.value.row, next.value.orderMs)
      count += 1
    }
    return false
  }
  // LATER: the caller is still opening the history that `add` writes to.
  host.clock.after(pauseMs, step)
}

/** The row of a run, with the place of the run in order. */
interface RowOfRun extends OrderedRun {
  readonly row: HistoryRow
}

/** The rows of all runs that have a directory, task by task; undefined for a run that cannot be read. */
export function* rowsOfRuns(host: Host, runsFolder: string): Generator<RowOfRun | undefined> {
  for (const task of host.files.list(runsFolder)) {
    for (const run of host.files.list(path.join(runsFolder, task)).filter(isRunId)) {
      yield rowOfRun(host, path.join(runsFolder, task, run))
    }
  }
}

function rowOfRun(host: Host, directory: string): RowOfRun | undefined {
  try {
    const { description, conclusion } = readTraces(host, directory)
    if (description === undefined) return undefined
    const { run, startedMs, orderMs = startedMs } = description
    return { run, orderMs, row: runRow(description, conclusion) }
  } catch {
    return undefined
  }
}
