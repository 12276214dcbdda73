import { dayNumberOf, lengthOfMonth, secondsPerDay } from './civil-date.ts'
import { firstInstant } from './daylight-saving.ts'

/** A date, or a time with or without an offset, as it is written. */
export interface Moment {
  /** A local second: the time as if it were UTC. */
  readonly local: number
  /** Seconds east of UTC; undefined: in the zone of whoever reads it. */
  readonly offset: number | undefined
  readonly isDate: boolean
}

const form = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d))?(?:(Z)|([+-])(\d\d):(\d\d))?)?$/i

/** Reads `2026-12-01`, `2026-12-01T08:00`, `2026-12-01T08:00:30Z` or `...+09:00`; undefined for anything else. */
export function parseMoment(text: string): Moment | undefined {
  const match = form.exec(text)
  const day = match === null ? undefined : parseDate(text.slice(0, 10))
  if (match === null || day === undefined) return undefined
  const [hour, minute, second] = [4, 5, 6].map((at) => Number(match[at] ?? 0))
  const [ahead, more] = [Number(match[9] ?? 0), Number(match[10] ?? 0)]
  if (hour === undefined || minute === undefined || second === undefined) return undefined
  if (hour > 23 || minute > 59 || second > 59 || ahead > 23 || more > 59) return undefined
  const size = ahead * 3600 + more * 60
  const hasOffset = match[7] !== undefined || match[8] !== undefined
  return {
    local: day * secondsPerDay + hour * 3600 + minute * 60 + second,
    offset: hasOffset ? (match[8] === '-' ? -size : size) : undefined,
    isDate: match[4] === undefined,
  }
}

/** The number of the day `2026-12-01`; undefined if there is no such day. The years are 1970 to 9999. */
export function parseDate(text: string): number | undefined {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text)?.map(Number) ?? []
  if (year === undefined || month === undefined || day === undefined) return undefined
  const isDay = year >= 1970 && month >= 1 && month <= 12 && day >= 1
  return isDay && day <= lengthOfMonth(year, month) ? dayNumberOf(year, month, day) : undefined
}

/**
 * The epoch second of a moment. A local time that the clock of the zone skips is the first second after the gap;
 * one that comes twice is the first of the two.
 */
export function secondOf({ local, offset }: Moment, zone: string): number {
  return offset === undefined ? firstInstant(zone, local) : local - offset
}

/** What somebody probably meant who wrote a date or a time in another form; undefined if nobody knows. */
export function momentMeant(text: string): string | undefined {
  const [, year, month = '', day = '', hour, minute = '', second] =
    /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T]+(\d{1,2}):(\d\d)(?::(\d\d))?)?$/i.exec(
      text.trim(),
    ) ?? []
  if (year === undefined) return undefined
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
  const time =
    hour === undefined
      ? ''
      : `T${hour.padStart(2, '0')}:${minute}${second === undefined ? '' : `:${second}`}`
  return parseMoment(date + time) === undefined ? undefined : date + time
}
