import type { Host } from '../../host/host.ts'
import { formatDuration } from '../../text/duration.ts'
import { localText } from '../../schedule/timezone.ts'

/** ISO 8601 in the machine's zone, to the second: what people are shown. */
export function shownTime(host: Host, iso: string | null): string {
  if (iso === null) return ''
  return localText(host.clock.zone(), Math.floor(Date.parse(iso) / 1000))
}

/** The same to the millisecond; of a text, or milliseconds since the epoch. */
export function exactTime(host: Host, time: string | number): string {
  const ms = new Date(time).getTime()
  const text = localText(host.clock.zone(), Math.floor(ms / 1000))
  return `${text.slice(0, 19)}.${String(ms % 1000).padStart(3, '0')}${text.slice(19)}`
}

/** `in 5m`, `3h20m ago`: as exact as its size asks. */
export function shownDistance(host: Host, iso: string): string {
  const ms = Date.parse(iso) - host.clock.now()
  return ms < 0 ? `${roughly(-ms)} ago` : `in ${roughly(ms)}`
}

/** A duration as exact as its size asks: `12ms`, `3.2s`, `5m10s`, `3h20m`, `12d4h`. */
export function roughly(ms: number): string {
  if (ms < 1000) return formatDuration(ms)
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)}s`
  const unit = ms >= 86_400_000 ? 3_600_000 : ms >= 3_600_000 ? 60_000 : 1000
  return formatDuration(Math.round(ms / unit) * unit)
}

/** Settles after so many milliseconds of the host's clock. */
export function pause(host: Host, ms: number): Promise<void> {
  return new Promise((resolve) => {
    host.clock.after(ms, resolve)
  })
}
