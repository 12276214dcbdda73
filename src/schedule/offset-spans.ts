import { remembered } from '../text/cache.ts'
import { secondsPerDay } from './calendar.ts'

/*
 * A zone as spans of constant offset, found with Intl alone: it asks for the offset at regular
 * seconds and narrows each change down to its second. Time is cut in chunks, so that only what is
 * looked at is computed, once; neighbouring spans may therefore have the same offset.
 */

/** From `from` up to but not with `to`, epoch seconds; offset in seconds east of UTC. */
export interface Span {
  readonly from: number
  readonly to: number
  readonly offset: number
}

/** No offset is larger than this either way, and no overlap is longer (Alaska in 1867: 24 h). */
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

/** The span that holds that second. Throws a RangeError if the zone is none. */
export function spanAt(name: string, second: number): Span {
  const zone = remembered(zones, maxZones, name, () => newZone(name))
  const index = Math.floor(second / chunkSeconds)
  const spans = remembered(zone.chunks, maxChunks, index, () => spansOf(zone, index * chunkSeconds))
  const span = spans.find(({ to }) => second < to)
  if (span === undefined) throw new RangeError(`${second} is in no span of ${name}`)
  return span
}

/** The spans of [from, to), cut to it. */
export function* spansIn(name: string, from: number, to: number): Generator<Span> {
  for (let second = from; second < to;) {
    const span = spanAt(name, second)
    yield { from: second, to: Math.min(span.to, to), offset: span.offset }
    second = span.to
  }
}

function newZone(name: string): Zone {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    timeZoneName: 'longOffset',
    day: 'numeric',
  })
  return { format, chunks: new Map() }
}

function spansOf(zone: Zone, start: number): readonly Span[] {
  const end = start + chunkSeconds
  const spans: Span[] = []
  let from = start
  let offset = measure(zone, start)
  for (let second = start + sampleSeconds; second <= end; second += sampleSeconds) {
    const after = measure(zone, second)
    if (after === offset) continue
    const change = changeBetween(zone, second - sampleSeconds, second)
    spans.push({ from, to: change, offset })
    from = change
    offset = after
  }
  if (from < end) spans.push({ from, to: end, offset })
  return spans
}

/** The first second with the offset of `high`; `low` has another. */
function changeBetween(zone: Zone, low: number, high: number): number {
  const before = measure(zone, low)
  let [old, changed] = [low, high]
  while (changed - old > 1) {
    const middle = Math.floor((old + changed) / 2)
    if (measure(zone, middle) === before) old = middle
    else changed = middle
  }
  return changed
}

/** Intl writes `31, GMT-04:56:02`, and `31, GMT+00:00` or `31, GMT` for none. */
function measure(zone: Zone, second: number): number {
  const text = zone.format.format(second * 1000)
  const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text)
  if (match === null) throw new RangeError(`no offset in "${text}"`)
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return sign === '-' ? -size : size
}
