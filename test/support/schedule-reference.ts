/*
 * A slow and literal second implementation of the schedule syntax and of the rules for clock changes. It
 * compares the text with the wall clock step by step, and shares nothing with the engine.
 */

import type { WrittenLimits } from './limits.ts'
import { limitedMatcher } from './limits-reference.ts'

const names = 'sun mon tue wed thu fri sat - jan feb mar apr may jun jul aug sep oct nov dec'.split(
  ' ',
)

/** Tells if a schedule of 6 fields matches a wall clock time, counted as if it were UTC. */
function wallMatcher(text: string): (local: number) => boolean {
  const fields = text.split(' ')
  const times = [0, 1, 2].map((index) => valuesOf(fields[index]!, 0, index === 2 ? 23 : 59))
  const months = valuesOf(fields[4]!, 1, 12)
  const days = fields[3]!.split(',')
  const weekdays = fields[5]!.split(',')
  const matching = new Map<number, boolean>()
  const dateMatches = (date: Date): boolean => {
    if (!months.has(date.getUTCMonth() + 1)) return false
    const byDay = days.some((item) => dayMatches(item, date))
    const byWeekday = weekdays.some((item) => weekdayMatches(item, date))
    return both ? byDay && byWeekday : byDay || byWeekday
  }
  const both = /^[*?]/.test(fields[3]!) || /^[*?]/.test(fields[5]!)
  return (local) => {
    const date = new Date(local * 1000)
    if (!times[0]!.has(date.getUTCSeconds())) return false
    if (!times[1]!.has(date.getUTCMinutes())) return false
    if (!times[2]!.has(date.getUTCHours())) return false
    const key = Math.floor(local / 86_400)
    const known = matching.get(key) ?? dateMatches(date)
    matching.set(key, known)
    return known
  }
}

function dayMatches(item: string, date: Date): boolean {
  const day = date.getUTCDate()
  const length = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  const [, last, before = '0', number, isWorkday] =
    /^(?:(L)(?:-(\d+))?|(\d+))(W)?$/.exec(item) ?? []
  if (last === undefined && isWorkday === undefined) return valuesOf(item, 1, 31).has(day)
  const wanted = last === undefined ? Number(number) : length - Number(before)
  if (wanted < 1 || wanted > length) return false
  return day === (isWorkday === undefined ? wanted : nearestWorkday(date, wanted, length))
}

/** The working day of the month with the least distance to the wanted one. */
function nearestWorkday(date: Date, wanted: number, length: number): number {
  const workdays = Array.from({ length }, (_, index) => index + 1).filter((day) => {
    const weekday = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), day)).getUTCDay()
    return weekday >= 1 && weekday <= 5
  })
  return workdays.toSorted((a, b) => Math.abs(a - wanted) - Math.abs(b - wanted))[0]!
}

function weekdayMatches(item: string, date: Date): boolean {
  const weekday = date.getUTCDay()
  if (item.endsWith('L')) return weekday === Number(item.slice(0, -1)) % 7 && isLast(date, 7)
  const [day, nth] = item.split('#')
  if (nth !== undefined) {
    return weekday === Number(day) % 7 && Math.ceil(date.getUTCDate() / 7) === Number(nth)
  }
  const values = valuesOf(item, 0, 6)
  return values.has(weekday) || (weekday === 0 && values.has(7))
}

/** True if the date `days` later is in another month. */
function isLast(date: Date, days: number): boolean {
  return new Date(date.getTime() + days * 86_400_000).getUTCMonth() !== date.getUTCMonth()
}

function valuesOf(list: string, min: number, max: number): Set<number> {
  const values = new Set<number>()
  for (const item of list.split(',')) {
    const [range = '', step = '1'] = item.split('/')
    const [low = '', high = low] = range.split('-')
    const all = low === '*' || low === '?'
    const last = all ? max : numberOf(high)
    for (let value = all ? min : numberOf(low); value <= last; value += Number(step)) {
      values.add(value)
    }
  }
  return values
}

function numberOf(word: string): number {
  const index = names.indexOf(word.toLowerCase())
  return index < 0 ? Number(word) : index < 7 ? index : index - 7
}

/**
 * What the wall clock of a zone shows at each step from `from` to `to` (both included), counted as if
 * it were UTC.
 */
export function wallClock(zone: string, from: number, to: number, step: number): number[] {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  const walls: number[] = []
  for (let second = from; second <= to; second += step) {
    const [month, day, year, hour, minute, sec] = format
      .format(second * 1000)
      .split(/\D+/)
      .map(Number)
    walls.push(Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, sec) / 1000)
  }
  return walls
}

function localOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(`${text.padEnd(16, 'T00:00')}Z`) / 1000
}

/**
 * When a schedule is due in the stretch of time that `walls` shows, from its second step on. The first
 * step must not be shortly after the clock was set back.
 */
export function referenceDue(
  text: string,
  walls: readonly number[],
  from: number,
  step: number,
  limits: WrittenLimits = {},
): number[] {
  const matches = limitedMatcher(wallMatcher(text), limits)
  const [earliest, end] = [localOf(limits.from) ?? -Infinity, localOf(limits.until) ?? Infinity]
  const [seconds, minutes, hours] = text.split(' ')
  const interval = valuesOf(hours!, 0, 23).size === 24
  const frequent = valuesOf(seconds!, 0, 59).size * valuesOf(minutes!, 0, 59).size > 1
  const due: number[] = []
  let highest = walls[0]!
  for (const [index, local] of walls.entries()) {
    if (index === 0) continue
    let isDue = (interval || frequent) && matches(local)
    // The clock passes every time from the highest one it has shown to the one it shows now.
    const firstPassed = interval ? Infinity : highest + step
    for (let passed = firstPassed; passed <= local && !isDue; passed += step) {
      isDue = matches(passed)
    }
    highest = Math.max(highest, local)
    // The clock has shown the time of `from`, and not yet that of `until`.
    if (highest < earliest || highest >= end) continue
    if (isDue) due.push(from + index * step)
  }
  return due
}
