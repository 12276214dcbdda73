import { localText } from '../../schedule/timezone.ts'
import { formatDuration } from '../../text/duration.ts'
import { howItEnded } from '../../text/how-it-ended.ts'
import { counted } from '../../text/plural.ts'
import { plainLine } from '../../text/sanitize.ts'
import { whyNotStarted } from '../../text/why-not-started.ts'
import type { HistoryRow } from './model.ts'

/** A duration in a few characters: `12ms`, `3.2s`, `5m10s`, `3h20m`, `12d4h`. */
export function roughly(ms: number): string {
  if (ms < 1000) return formatDuration(ms)
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)}s`
  const unit = ms >= 86_400_000 ? 3_600_000 : ms >= 3_600_000 ? 60_000 : 1000
  return formatDuration(Math.round(ms / unit) * unit)
}

/** In even fewer characters, for what is only compared: `12ms`, `36s`, `9m23s`, `39m`, `3h20m`. */
export function briefly(ms: number): string {
  return roughly(ms >= 600_000 && ms < 3_600_000 ? Math.round(ms / 60_000) * 60_000 : ms)
}

/** What p50 and p95 of a task mean: only runs that were ok count. */
export function usualWords(p50Ms: number, p95Ms: number): string {
  const runs = 'of the ok runs among the last 30'
  return `Half ${runs} took at most ${roughly(p50Ms)} (p50), 95% at most ${roughly(p95Ms)} (p95)`
}

/** Like roughly(), but in whole seconds: for a text that changes each second. */
export function countdown(ms: number): string {
  return roughly(Math.max(0, Math.ceil(ms / 1000) * 1000)).replace(/\.0s$/, 's')
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** A moment on the clock of the viewer, cut to what is needed: `14:05`, `Mon 14:05`, `2026-03-08 14:05`. */
export function shortTime(zone: string, ms: number, now: number): string {
  const [day, time] = dayAndTime(zone, ms)
  if (day === dayAndTime(zone, now)[0]) return time
  const isNear = Math.abs(ms - now) < 6 * 86_400_000
  return isNear ? `${weekdayOf(day)} ${time}` : `${day} ${time}`
}

/** `2026-03-08 14:05:09` on the clock of the viewer. */
export function fullTime(zone: string, ms: number): string {
  return localText(zone, Math.floor(ms / 1000))
    .slice(0, 19)
    .replace('T', ' ')
}

/** `14:05:09`, for a clock. */
export function clockTime(zone: string, ms: number): string {
  return fullTime(zone, ms).slice(11)
}

/** `Sun 8`. */
export function dayName(zone: string, ms: number): string {
  const [day] = dayAndTime(zone, ms)
  return `${weekdayOf(day)} ${Number(day.slice(8))}`
}

function dayAndTime(zone: string, ms: number): [string, string] {
  const text = localText(zone, Math.floor(ms / 1000))
  return [text.slice(0, 10), text.slice(11, 16)]
}

function weekdayOf(day: string): string {
  return weekdays[new Date(`${day}T00:00:00Z`).getUTCDay()] ?? ''
}

/** Why a slot did not start, from the reason in its row. */
export function reasonWords(reason: string, outcome?: string): string {
  return plainLine(whyNotStarted(reason, outcome))
}

type OutcomeFacts = Pick<HistoryRow, 'outcome' | 'exitCode' | 'signal'> &
  Partial<Pick<HistoryRow, 'reason' | 'count'>>

/** How a run ended, or why it did not start: `ok`, `failed 3`, `killed SIGTERM`, `missed 12 slots: torch was down`. */
export function outcomeWords({ outcome, exitCode, signal, reason, count }: OutcomeFacts): string {
  const why = reason == null ? '' : reasonWords(reason, outcome)
  if (outcome === 'skipped' || outcome === 'missed') {
    const what = outcome === 'missed' ? `missed ${counted(count ?? 1, 'slot')}` : 'skipped'
    return why === '' ? what : `${what}: ${why}`
  }
  const words = howItEnded({ outcome, exitCode, signal, reason })
  return why === '' || reason === outcome ? words : `${words} (${why})`
}

const triggerTexts: Readonly<Record<NonNullable<HistoryRow['trigger']>, string>> = {
  schedule: 'by its schedule',
  after: 'after another task',
  catchup: 'to catch up',
  retry: 'as a retry',
  manual: 'by hand',
  reboot: 'at boot',
  daemon: 'as a daemon task',
  message: 'by a message',
}

/** What started a run. A newer daemon may know more triggers. */
export function triggerWords(trigger: NonNullable<HistoryRow['trigger']>): string {
  return Object.hasOwn(triggerTexts, trigger) ? triggerTexts[trigger] : trigger
}

/** Cells of a progress bar between its brackets. */
const barCells = 8
/** A run that takes less than this, in ms, gets no bar. */
const minBarMs = 5_000

export interface Progress {
  /** Filled and open cells; null without a usual duration. */
  readonly cells: readonly [string, string] | null
  readonly words: string
  /** It takes longer than nineteen of twenty runs. */
  readonly isOver: boolean
}

/** How far a run is, compared with the usual duration of its task: `[####----] 3m10s of usually 5m`. */
export function progressOf(
  elapsedMs: number,
  usualMs: number | null,
  longMs: number | null,
): Progress {
  const elapsed = countdown(Math.max(0, elapsedMs))
  if (usualMs === null || Math.max(elapsedMs, usualMs) < minBarMs)
    return { cells: null, words: `running for ${elapsed}`, isOver: false }
  const full = Math.min(Math.floor((elapsedMs / Math.max(usualMs, 1)) * barCells), barCells)
  return {
    cells: ['#'.repeat(full), '-'.repeat(barCells - full)],
    words: `${elapsed} of usually ${briefly(usualMs)}`,
    isOver: elapsedMs > Math.max(usualMs, longMs ?? 0),
  }
}
