import type { Host } from '../../../host/host.ts'
import type { HistoryRow } from '../../../plan/history-row.ts'
import { outcomeCell } from '../../terminal/outcomes.ts'
import type { Cell } from '../../terminal/table.ts'
import { roughly, shownTime } from '../../terminal/times.ts'

/** A start that is later than this, in ms, is worth a word. */
const maxPunctualMs = 1_000

/** When a row is of: runs by their start, skips and misses when torch knew of them. It sorts by that. */
export function timeOf(row: HistoryRow): string | null {
  return row.startedAt ?? row.endedAt ?? row.slot
}

/** How it ended; of misses also which slots they were. `lives`: what is called running runs still. */
export function rowOutcome(host: Host, row: HistoryRow, lives: boolean): Cell {
  if (row.outcome === 'running' && !lives) return ['ended, not yet on record', 'yellow']
  return outcomeCell(row, { when: row.outcome === 'missed' ? gapWords(host, row) : '' })
}

/** `02:00 to 04:45`; with the day where it is another than that of the row. */
function gapWords(host: Host, row: HistoryRow): string {
  const day = shownTime(host, timeOf(row)).slice(0, 10)
  const times = [row.slot, row.lastSlot ?? row.slot].map((slot) => {
    const [date = '', clock = ''] = shownTime(host, slot).slice(0, 19).split('T')
    const time = clock.replace(/:00$/, '')
    return date === day ? time : `${date} ${time}`
  })
  return [...new Set(times)].join(' to ')
}

/** What started it: `schedule`, or which attempt it is, `attempt 2 of 4`. */
export function triggerWords({ trigger, attempt }: HistoryRow, attempts?: number): string {
  if (trigger !== 'retry' || attempt === null) return trigger ?? ''
  return `attempt ${attemptWords(attempt, attempts)}`
}

/** `2 of 4`, or only `2` where nobody knows of how many. */
export function attemptWords(attempt: number, attempts: number | undefined): string {
  return attempts === undefined || attempts < attempt
    ? String(attempt)
    : `${attempt} of ${attempts}`
}

/** `3.2s late`; nothing for a start in time. */
export function lateWords({ lateMs }: HistoryRow): string {
  return lateMs !== null && lateMs > maxPunctualMs ? `${roughly(lateMs)} late` : ''
}

/** How long it took; of one that runs how long it does so far. */
export function tookWords(
  host: Host,
  { durationMs, startedAt, outcome }: HistoryRow,
  lives: boolean,
): string {
  if (durationMs !== null) return roughly(durationMs)
  if (outcome !== 'running' || startedAt === null || !lives) return ''
  return `${roughly(Math.max(host.clock.now() - Date.parse(startedAt), 0))} so far`
}
