import type { Host } from '../../host/host.ts'
import type { HistoryRow } from '../../plan/history-row.ts'
import { ambiguousRun, type HistoryReader, maxUsualRuns, median } from './read-history.ts'
import { rowsOfRuns } from './rebuild.ts'

/**
 * The history of a home whose history.db is lost, and that no daemon has begun anew yet: the runs
 * that still have their directory, without skips and misses.
 */
export function historyOfRuns(host: Host, runsFolder: string): HistoryReader {
  const rows = [...rowsOfRuns(host, runsFolder)]
    .filter((row) => row !== undefined)
    // Run ids sort by time.
    .toSorted((a, b) => ((a.run ?? '') < (b.run ?? '') ? -1 : 1))
  const finished = rows.filter(({ outcome }) => outcome !== 'running')
  return {
    rows({ tasks = [], outcomes = [], since, limit }) {
      const found = rows.filter(
        (row) =>
          (tasks.length === 0 || tasks.includes(row.task)) &&
          (outcomes.length === 0 || outcomes.includes(row.outcome)) &&
          (since === undefined || Date.parse(row.startedAt ?? '') >= Date.parse(since)),
      )
      return found.slice(Math.max(found.length - limit, 0))
    },
    lastOfEach: () => new Map(finished.map((row) => [row.task, row])),
    run: (idOrPrefix) => findRun(rows, idOrPrefix),
    tasks: () => [...new Set(rows.map((row) => row.task))].toSorted(),
    usual: (tasks) => new Map(tasks.flatMap((task) => usualOf(finished, task))),
    close() {},
  }
}

function findRun(rows: readonly HistoryRow[], idOrPrefix: string): HistoryRow | undefined {
  if (idOrPrefix === '') return undefined
  const found = rows.filter(({ run }) => run?.startsWith(idOrPrefix))
  if (found.length <= 1 || found[0]?.run === idOrPrefix) return found[0]
  throw ambiguousRun(idOrPrefix, found)
}

function usualOf(finished: readonly HistoryRow[], task: string): [string, number][] {
  const ok = finished.filter((row) => row.task === task && row.outcome === 'ok')
  const ms = median(ok.slice(-maxUsualRuns).flatMap(({ durationMs }) => durationMs ?? []))
  return ms === undefined ? [] : [[task, ms]]
}
