import { liveRuns } from '../../../follow/kept-runs.ts'
import type { Host } from '../../../host/host.ts'
import type { HistoryRow } from '../../../plan/history-row.ts'
import type { Call } from '../../command.ts'
import { outcomeCell } from '../../terminal/outcomes.ts'
import type { Cell } from '../../terminal/table.ts'
import { roughly, shownTime } from '../../terminal/times.ts'

/** Starts later than this count as late, in milliseconds. */
const maxPunctualMs = 1_000

/**
 * Whether a run that the history calls running still runs. Without a daemon it may have ended long
 * ago.
 */
export function stillRuns(
  { host, paths }: Call,
  rows: readonly HistoryRow[],
  isServed: boolean,
): (row: HistoryRow) => boolean {
  if (isServed || rows.every(({ outcome }) => outcome !== 'running')) return () => true
  const living = new Set([...liveRuns(host, paths.home).values()].flat())
  return ({ run }) => living.has(run ?? '')
}

/** The time by which rows are sorted: the start of a run, or when torch noticed a skip or a miss. */
export function timeOf(row: HistoryRow): string | null {
  return row.startedAt ?? row.endedAt ?? row.slot
}

/** The outcome, for misses and pauses with their slots. `isRunning`: a run that the row calls running still runs. */
export function rowOutcome(host: Host, row: HistoryRow, isRunning: boolean): Cell {
  if (row.outcome === 'running' && !isRunning) return ['ended, not recorded yet', 'yellow']
  return outcomeCell(row, row.lastSlot === null ? '' : gapWords(host, row))
}

/** `02:00 to 04:45`; with the day if it differs from the day of the row, and both days of a longer gap. */
function gapWords(host: Host, row: HistoryRow): string {
  const day = shownTime(host, timeOf(row)).slice(0, 10)
  const ends = [row.slot, row.lastSlot ?? row.slot].map((slot) => {
    const [date = '', clock = ''] = shownTime(host, slot).slice(0, 19).split('T')
    return { date, time: clock.replace(/:00$/, '') }
  })
  const isLong = ends[0]?.date !== ends[1]?.date
  const times = ends.map(({ date, time }, at) =>
    isLong || (at === 0 && date !== day) ? `${date} ${time}` : time,
  )
  return row.slot === row.lastSlot || row.lastSlot === null ? (times[0] ?? '') : times.join(' to ')
}

/** `2 of 4`, or `2` if the number of possible attempts is unknown. */
export function attemptWords(attempt: number, attempts: number | undefined): string {
  return attempts === undefined || attempts < attempt
    ? String(attempt)
    : `${attempt} of ${attempts}`
}

/** `3.2s late`; empty for a start in time. */
export function lateWords({ lateMs }: HistoryRow): string {
  return lateMs !== null && lateMs > maxPunctualMs ? `${roughly(lateMs)} late` : ''
}

/** The duration; for a run that still runs `3m so far`, or in short `3m`. */
export function tookWords(
  host: Host,
  { durationMs, startedAt, outcome }: HistoryRow,
  isRunning: boolean,
  isShort = false,
): string {
  if (durationMs !== null) return roughly(durationMs)
  if (outcome !== 'running' || startedAt === null || !isRunning) return ''
  return `${roughly(Math.max(host.clock.now() - Date.parse(startedAt), 0))}${isShort ? '' : ' so far'}`
}
