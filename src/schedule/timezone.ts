import { remembered } from '../text/cache.ts'
import { civilDateOf, secondsPerDay } from './civil-date.ts'

/*
 * A zone is a sequence of spans of constant offset. Intl is the only source: it gives the offset at
 * regular sample seconds, and each change between two samples is narrowed down to its second. Time is
 * cut into chunks, so that only the chunks in use are computed, once each. Two neighbouring spans may
 * therefore have the same offset.
 */

/** Constant offset, in seconds east of UTC, from `from` up to but not including `to` (epoch seconds). */
export interface Span {
  readonly from: number
  readonly to: number
  readonly offset: number
}

/** No offset from UTC is larger, and no repeated time is longer (Alaska in 1867: 24 h). */
export const maxOffsetSeconds = secondsPerDay

/** The shortest time between two changes in the IANA database is 3.99 days (Freetown in 1939). */
const sampleSeconds = 2 * secondsPerDay

const chunkSeconds = 16 * sampleSeconds

/** A century of one zone. */
const maxChunks = 1200
/** A formatter takes about 30 kB. */
const maxZones = 128

interface Zone {
  readonly format: Intl.DateTimeFormat
  readonly chunks: Map<number, readonly Span[]>
}
const zones = new Map<string, Zone>()

/** Seconds east of UTC at that second, exact for historic offsets too. `zone` must be a valid name. */
export function offsetAt(zone: string, second: number): number {
  return spanAt(zone, second).offset
}

/** The span that contains that second. Throws a RangeError for an unknown zone. */
export function spanAt(name: string, second: number): Span {
  const zone = remembered(zones, maxZones, name, () => newZone(name))
  const index = Math.floor(second / chunkSeconds)
  const spans = remembered(zone.chunks, maxChunks, index, () => spansOf(zone, index * chunkSeconds))
  const span = spans.find(({ to }) => second < to)
  if (span === undefined) throw new RangeError(`${second} is in no span of ${name}`)
  return span
}

/** The spans of [from, to); the first and the last one are cut to fit. */
export function* spansIn(name: string, from: number, to: number): Generator<Span> {
  for (let second = from; second < to;) {
    const span = spanAt(name, second)
    yield { from: second, to: Math.min(span.to, to), offset: span.offset }
    second = span.to
  }
}

/**
 * ISO 8601 with the offset: `2026-03-08T03:00:00-04:00`. A historic offset with seconds is written
 * in full (`-04:56:02`).
 */
export function localText(zone: string, second: number): string {
  const offset = offsetAt(zone, second)
  const local = second + offset
  const dayNumber = Math.floor(local / secondsPerDay)
  const { year, month, day } = civilDateOf(dayNumber)
  const date = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`
  return `${date}T${clock(local - dayNumber * secondsPerDay, true)}${offsetText(offset)}`
}

function newZone(name: string): Zone {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    timeZoneName: 'longOffset',
    day: 'numeric',
  })
  return { format, chunks: new Map() }
}

/** The spans of the chunk that begins at `start`. */
function spansOf(zone: Zone, start: number): readonly Span[] {
  const end = start + chunkSeconds
  const spans: Span[] = []
  let from = start
  let offset = readOffset(zone, start)
  for (let second = start + sampleSeconds; second <= end; second += sampleSeconds) {
    const after = readOffset(zone, second)
    if (after === offset) continue
    const change = changeBetween(zone, second - sampleSeconds, second)
    spans.push({ from, to: change, offset })
    from = change
    offset = after
  }
  if (from < end) spans.push({ from, to: end, offset })
  return spans
}

/** The first second with the offset of `high`. The offset of `low` is different. */
function changeBetween(zone: Zone, low: number, high: number): number {
  const before = readOffset(zone, low)
  let [old, changed] = [low, high]
  while (changed - old > 1) {
    const middle = Math.floor((old + changed) / 2)
    if (readOffset(zone, middle) === before) old = middle
    else changed = middle
  }
  return changed
}

/** Intl writes `31, GMT-04:56:02`. For UTC it writes `31, GMT+00:00` or `31, GMT`. */
function readOffset(zone: Zone, second: number): number {
  const text = zone.format.format(second * 1000)
  const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text)
  if (match === null) throw new RangeError(`no offset in "${text}"`)
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return sign === '-' ? -size : size
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
