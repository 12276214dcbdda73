import path from 'node:path'
import type { Host } from '../host/host.ts'
import type { HistoryRow } from '../plan/history-row.ts'
import { rebuildHistory } from '../record/history/rebuild.ts'
import { type History, openHistory } from '../record/history/write-history.ts'
import type { Log } from '../record/log.ts'
import type { Faults } from '../run/faults.ts'
import { counted } from '../text/plural.ts'
import type { HomePaths } from './settings.ts'
import type { StartQueue } from './starts/start-queue.ts'

interface HistoryParts {
  readonly host: Host
  readonly paths: HomePaths
  readonly log: Log
  readonly faults: Faults
  readonly queue: StartQueue
  /** What was decided about these runs must be on disk. */
  readonly beforeForgotten: () => void
}

/**
 * Opens the history of a daemon. One that is new, because the old one is lost or damaged, is rebuilt from the runs
 * that are kept.
 */
export function openDaemonHistory({
  host,
  paths,
  log,
  faults,
  queue,
  beforeForgotten,
}: HistoryParts): History {
  // On disk until it is rebuilt: after a crash, half of it must not be taken for the whole.
  const mark = `${paths.history}.rebuilding`
  let isOpen = false
  const rebuild = (): void => {
    const add: History['add'] = (row, orderMs) => history.add(row, orderMs)
    rebuildHistory(host, paths.runs, add, (runs) => {
      history.flush()
      faults.insist('note that the history is complete', () => host.files.remove(mark))
      if (runs === 0) return
      log.warn('rebuilt', { runs }, `the history was rebuilt from ${counted(runs, 'kept run')}`)
    })
  }
  const history = openHistory(paths.history, {
    after: (ms, callback) => host.clock.after(ms, callback),
    now: () => host.clock.now(),
    onTrouble: (words) => log.warn('trouble', { file: paths.history }, words),
    onNew() {
      host.files.write(mark, '')
      if (isOpen) rebuild()
    },
    onWritten(rows) {
      // FIRST save what follows from an end: so far only the entry in `active` tells the next daemon.
      queue.saveNow()
      beforeForgotten()
      forgetActive(host, paths, faults, rows)
    },
  })
  isOpen = true
  if (host.files.facts(mark) !== undefined) rebuild()
  return history
}

/** Removes the entries in `active` of runs that the history has: they are on record for good. */
function forgetActive(
  host: Host,
  paths: HomePaths,
  faults: Faults,
  rows: readonly HistoryRow[],
): void {
  for (const { run, outcome } of rows) {
    if (run === null || outcome === 'running') continue
    faults.insist('remove entries in active', () => host.files.remove(path.join(paths.active, run)))
  }
}
