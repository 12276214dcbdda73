import type { Host } from '../../host/host.ts'
import { localText } from '../../schedule/timezone.ts'
import { formatDuration } from '../../text/duration.ts'

/** For people: ISO 8601 in the time zone of this machine, to the second. */
export function shownTime(host: Host, iso: string | null): string {
  if (iso === null) return ''
  return localText(host.clock.zone(), Math.floor(Date.parse(iso) / 1000))
}

/**
 * The same moment on the clock of another zone: `03:00-04:00`, with the day if it is another one there,
 * with seconds if there are any. undefined if that clock shows the same as the clock here.
 */
export function timeThere(host: Host, iso: string, zone: string): string | undefined {
  const second = Math.floor(Date.parse(iso) / 1000)
  const [here, there] = [localText(host.clock.zone(), second), localText(zone, second)]
  if (here === there) return undefined
  const [day = '', time = ''] = there.split('T')
  const short = time.replace(/^(\d\d:\d\d):00/, '$1')
  return here.startsWith(day) ? short : `${day}T${short}`
}

/** The same to the millisecond, of a text or of milliseconds since the epoch. */
export function exactTime(host: Host, time: string | number): string {
  const ms = new Date(time).getTime()
  const text = localText(host.clock.zone(), Math.floor(ms / 1000))
  return `${text.slice(0, 19)}.${String(ms % 1000).padStart(3, '0')}${text.slice(19)}`
}

/** `in 5m`, `3h20m ago`. */
export function shownDistance(host: Host, iso: string): string {
  const ms = Date.parse(iso) - host.clock.now()
  return ms < 0 ? `${roughly(-ms)} ago` : `in ${roughly(ms)}`
}

/** When the next start is, as `in 5m`. One in the past is due `now`: the daemon is about to start it. */
export function dueWords(host: Host, next: string): string {
  return Date.parse(next) <= host.clock.now() ? 'now' : shownDistance(host, next)
}

/** A duration in a few characters: `12ms`, `3.2s`, `5m10s`, `3h20m`, `12d4h`. */
export function roughly(ms: number): string {
  if (ms < 1000) return formatDuration(ms)
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)}s`
  const unit = ms >= 86_400_000 ? 3_600_000 : ms >= 3_600_000 ? 60_000 : 1000
  return formatDuration(Math.round(ms / unit) * unit)
}

/** Cells of a bar between its brackets. */
const barCells = 8
/** A run that takes less than this, in ms, gets no bar. */
const minBarMs = 5_000
/** A run that is younger than this, in ms, gets no duration. */
const minShownMs = 2_000

export interface Progress {
  readonly text: string
  /** It takes longer than usual. */
  readonly isOver: boolean
}

/**
 * How far a run is, compared with the usual duration of its task (undefined: unknown):
 * `[####----] 3m10s of 5m`, `for 3m10s`, or nothing for a young run. In milliseconds.
 */
export function progressOf(
  elapsedMs: number,
  usualMs: number | undefined,
  isUnicode: boolean,
): Progress {
  const isLong = Math.max(elapsedMs, usualMs ?? 0) >= minBarMs
  if (usualMs === undefined || !isLong)
    return { text: elapsedMs < minShownMs ? '' : `for ${roughly(elapsedMs)}`, isOver: false }
  const full = Math.min(Math.floor((elapsedMs / Math.max(usualMs, 1)) * barCells), barCells)
  const [done, open] = isUnicode ? ['█', '░'] : ['#', '-']
  const bar = done.repeat(full) + open.repeat(barCells - full)
  const text = `[${bar}] ${roughly(elapsedMs)} of ${roughly(usualMs)}`
  return { text, isOver: elapsedMs > usualMs }
}
