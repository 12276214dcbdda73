import { civilDateOf, lengthOfMonth, weekdayOf } from './civil-date.ts'
import { momentMeant, parseDate, parseMoment } from './dates.ts'
import type { Cycle, DaySet } from './limits.ts'

/** One entry of a calendar: days of certain years, or days that come each year, as twelve masks. */
type DayEntry =
  | { readonly kind: 'range'; readonly range: readonly [first: number, last: number] }
  | { readonly kind: 'yearly'; readonly months: readonly number[] }

/** An entry of a calendar, or what is wrong with it and what to write instead. */
type ReadDays =
  | { readonly ok: true; readonly entry: DayEntry }
  | { readonly ok: false; readonly message: string; readonly hint: string | null }

/** Calendars that every file has. */
export const builtInCalendars: Readonly<Record<string, DaySet>> = {
  weekends: { ...noDays(), weekdays: 0b100_0001 },
  workdays: { ...noDays(), weekdays: 0b011_1110 },
}

function noDays(): DaySet {
  return { weekdays: 0, yearly: Array.from({ length: 12 }, () => 0), ranges: [] }
}

/** Reads `2026-12-25`, `12-25` of each year, or a range with `..` of two of the same kind. */
export function parseDays(text: string): ReadDays {
  const [from = '', to = from, ...more] = text.split('..').map((part) => part.trim())
  if (more.length > 0) return refuseDays(text)
  const [first, last] = [parseDate(from), parseDate(to)]
  if (first !== undefined && last !== undefined) {
    if (last >= first) return { ok: true, entry: { kind: 'range', range: [first, last] } }
    return {
      ok: false,
      message: `${JSON.stringify(text)} runs backwards`,
      hint: `did you mean ${JSON.stringify(`${to}..${from}`)}?`,
    }
  }
  const [begin, end] = [parseYearly(from), parseYearly(to)]
  if (begin === undefined || end === undefined) return refuseDays(text)
  return { ok: true, entry: { kind: 'yearly', months: yearlyMasks(begin, end) } }
}

/** The days of all entries together. */
export function daySetOf(entries: readonly DayEntry[]): DaySet {
  return uniteDays(
    entries.map((entry) =>
      entry.kind === 'range'
        ? { ...noDays(), ranges: [entry.range] }
        : { ...noDays(), yearly: entry.months },
    ),
  )
}

/** The days that are in one of the sets or more. */
export function uniteDays(sets: readonly DaySet[]): DaySet {
  const yearly = Array.from({ length: 12 }, (_, at) =>
    sets.reduce((days, set) => days | (set.yearly[at] ?? 0), 0),
  )
  const ranges: [number, number][] = []
  const all = sets.flatMap((set) => set.ranges)
  for (const [first, last] of all.toSorted(([a], [b]) => a - b)) {
    const before = ranges.at(-1)
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last)
    else ranges.push([first, last])
  }
  return { weekdays: sets.reduce((days, set) => days | set.weekdays, 0), yearly, ranges }
}

/** Every `count` days, weeks (Monday to Sunday) or months from the one with this day number on. */
export function cycleOf(unit: 'days' | 'weeks' | 'months', count: number, from: number): Cycle {
  const { year, month } = civilDateOf(from)
  if (unit === 'months') return { kind: 'months', first: year * 12 + month, period: count }
  if (unit === 'days') return { kind: 'days', first: from, period: count, length: 1 }
  const monday = from - ((weekdayOf(from) + 6) % 7)
  return { kind: 'days', first: monday, period: 7 * count, length: 7 }
}

type YearlyDay = readonly [month: number, day: number]

function parseYearly(text: string): YearlyDay | undefined {
  const [, month, day] = /^(\d\d)-(\d\d)$/.exec(text)?.map(Number) ?? []
  if (month === undefined || day === undefined || month < 1 || month > 12) return undefined
  return day >= 1 && day <= lengthOfMonth(leapYear, month) ? [month, day] : undefined
}

/** It has the 29th of February. */
const leapYear = 2000

/** The days from one to another as twelve masks. `12-24..01-01` runs over the end of the year. */
function yearlyMasks([month, day]: YearlyDay, [lastMonth, lastDay]: YearlyDay): number[] {
  const months = Array.from({ length: 12 }, () => 0)
  let [atMonth, atDay] = [month, day]
  for (;;) {
    months[atMonth - 1] = (months[atMonth - 1] ?? 0) | (1 << atDay)
    if (atMonth === lastMonth && atDay === lastDay) return months
    atDay = atDay === lengthOfMonth(leapYear, atMonth) ? 1 : atDay + 1
    if (atDay === 1) atMonth = atMonth === 12 ? 1 : atMonth + 1
  }
}

function refuseDays(text: string): ReadDays {
  const message = `expected a date such as 2026-12-25 or 12-25, or a range such as 2026-12-24..2027-01-01; got ${JSON.stringify(text)}`
  return { ok: false, message, hint: hintForDays(text) }
}

function hintForDays(text: string): string | null {
  const parts = text.split(/\s*(?:\.\.+|\s-\s|\bto\b|\/(?=\d{4}-))\s*/)
  const meant = parts.map((part) => {
    const moment = momentMeant(part.trim()) ?? part.trim()
    return parseMoment(moment)?.isDate === false ? moment.slice(0, 10) : moment
  })
  if (parts.length <= 2 && meant.join('..') !== text && parseDays(meant.join('..')).ok)
    return `did you mean ${JSON.stringify(meant.join('..'))}?`
  const isMissing = /^(?:\d{4}-)?\d\d-\d\d$/.test(text)
  if (isMissing) return 'that day does not exist'
  return /^\d{1,2}[./-]\d{1,2}[./-]?$/.test(text) ? 'write month and day: "12-25"' : null
}
