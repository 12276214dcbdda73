import type { RecentRun, TimelineRow, TimelineRun } from '../../http/api.ts'
import type { HistoryRow } from '../model/model.ts'

/** More runs than this in a row are shown as density: the server has to count them again. */
const maxBars = 200
const maxRecentRuns = 30

/**
 * A row of the timeline after a row of the history is new or has changed; undefined if only the server can say how
 * it looks now.
 */
export function withRow(row: TimelineRow, news: HistoryRow): TimelineRow | undefined {
  if (news.run === null) return withGap(row, news)
  if (row.density !== null || news.startedAt === null) return undefined
  const run = timelineRun(news, news.run, news.startedAt)
  const at = row.runs.findIndex((each) => each.run === run.run)
  if (at !== -1) return { ...row, runs: row.runs.with(at, run) }
  return row.runs.length >= maxBars ? undefined : { ...row, runs: [...row.runs, run] }
}

function withGap(
  row: TimelineRow,
  { slot, lastSlot, count, outcome, reason, host }: HistoryRow,
): TimelineRow {
  if (slot === null || (outcome !== 'missed' && outcome !== 'skipped')) return row
  const first = Date.parse(slot)
  const last = lastSlot === null ? first : Date.parse(lastSlot)
  const gap = [first, last, count ?? 1, outcome, reason ?? '', host] as const
  const others = row.gaps.filter((each) => each[0] !== first || each[3] !== outcome)
  return { ...row, gaps: [...others, gap] }
}

function timelineRun(row: HistoryRow, run: string, startedAt: string): TimelineRun {
  const { endedAt, outcome, exitCode, signal, lateMs, attempt, revision, host } = row
  const endMs = endedAt === null ? null : Date.parse(endedAt)
  return {
    run,
    startMs: Date.parse(startedAt),
    endMs,
    outcome,
    exitCode,
    signal,
    lateMs,
    attempt,
    revision,
    host,
  }
}

/** The last runs of a task, oldest first, after a row of the history is new or has changed. */
export function withRecent(runs: readonly RecentRun[], news: HistoryRow): readonly RecentRun[] {
  if (news.run === null || news.startedAt === null) return runs
  const run: RecentRun = [news.run, news.outcome, Date.parse(news.startedAt), news.durationMs]
  const at = runs.findIndex(([id]) => id === news.run)
  return at === -1 ? [...runs, run].slice(-maxRecentRuns) : runs.with(at, run)
}
