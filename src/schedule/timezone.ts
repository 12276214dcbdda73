import { remembered } from '../text/cache.ts'
import { civilDateOf, secondsPerDay } from './calendar.ts'
import { spanAt } from './offset-spans.ts'

/** Names whose answer is kept. */
const maxKnownNames = 1024
const known = new Map<string, boolean>()

/**
 * Is this a time zone that schedules can use: an IANA name, written as in the database. Intl would
 * take `europe/berlin` as well, but the C library, which reads the TZ of a run, takes it for UTC.
 */
export function isZone(name: string): boolean {
  return remembered(known, maxKnownNames, name, () => {
    if (!/^[A-Z]/.test(name)) return false
    try {
      void new Intl.DateTimeFormat('en-US', { timeZone: name })
    } catch {
      return false
    }
    const lower = name.toLowerCase()
    return !Intl.supportedValuesOf('timeZone').some(
      (zone) => zone !== name && zone.toLowerCase() === lower,
    )
  })
}

/** The zones that there are, by their names today. */
export function zoneNames(): string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone')]
}

/** Seconds east of UTC at that second, to the second in old times too. The zone must be one. */
export function offsetAt(zone: string, second: number): number {
  return spanAt(zone, second).offset
}

/**
 * ISO 8601 with the offset, `2026-03-08T03:00:00-04:00`. An offset of whole seconds, as before
 * standard time, is written in full (`-04:56:02`).
 */
export function localText(zone: string, second: number): string {
  const offset = offsetAt(zone, second)
  const local = second + offset
  const dayNumber = Math.floor(local / secondsPerDay)
  const { year, month, day } = civilDateOf(dayNumber)
  const date = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`
  return `${date}T${clock(local - dayNumber * secondsPerDay, true)}${offsetText(offset)}`
}

function offsetText(offset: number): string {
  const size = Math.abs(offset)
  return (offset < 0 ? '-' : '+') + clock(size, size % 60 !== 0)
}

function clock(time: number, withSeconds: boolean): string {
  const text = `${two(Math.floor(time / 3600))}:${two(Math.floor(time / 60) % 60)}`
  return withSeconds ? `${text}:${two(time % 60)}` : text
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
