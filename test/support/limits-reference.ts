import type { WrittenLimits } from './limits.ts'

/*
 * A slow and literal second implementation of the limits of a schedule. It compares dates as text and walks from
 * day to day, and shares nothing with the engine.
 */

const dayMs = 86_400_000
const farthest = 31

/** Which wall clock times a schedule fires at, given which it matches. Both count as if they were UTC. */
export function limitedMatcher(
  matches: (local: number) => boolean,
  limits: WrittenLimits,
): (local: number) => boolean {
  const known = new Map<number, number[]>()
  const open = new Map<number, boolean>()
  const isOpen = (day: number): boolean => {
    const found = open.get(day) ?? isLeft(day, limits)
    open.set(day, found)
    return found
  }
  return (local) => {
    const day = Math.floor(local / 86_400)
    const time = local - day * 86_400
    const sources = known.get(day) ?? sourcesOf(day, limits, isOpen)
    known.set(day, sources)
    return sources.some((source) => matches(source * 86_400 + time))
  }
}

/** The days whose slots fire on this day. */
function sourcesOf(day: number, limits: WrittenLimits, isOpen: IsOpen): number[] {
  const sources: number[] = []
  for (let source = day - farthest; source <= day + farthest; source++)
    if (isInCycle(source, limits.cycle) && targetOf(source, limits, isOpen) === day)
      sources.push(source)
  return sources
}

type IsOpen = (day: number) => boolean

function targetOf(day: number, limits: WrittenLimits, isOpen: IsOpen): number | undefined {
  if (isOpen(day)) return day
  if (limits.onExcluded === undefined || limits.onExcluded === 'skip') return undefined
  const step = limits.onExcluded === 'next-day' ? 1 : -1
  for (let count = 1; count <= farthest; count++)
    if (isOpen(day + step * count)) return day + step * count
  return undefined
}

function isLeft(day: number, { only, except = [] }: WrittenLimits): boolean {
  const isIn = (entry: string): boolean => contains(entry, day)
  return (only === undefined || only.some(isIn)) && !except.some(isIn)
}

function contains(entry: string, day: number): boolean {
  const date = new Date(day * dayMs)
  const isWeekend = date.getUTCDay() % 6 === 0
  if (entry === 'weekends') return isWeekend
  if (entry === 'workdays') return !isWeekend
  const [from = '', to = from] = entry.split('..')
  const iso = date.toISOString()
  const text = from.length === 5 ? iso.slice(5, 10) : iso.slice(0, 10)
  return from <= to ? from <= text && text <= to : from <= text || text <= to
}

function isInCycle(day: number, cycle: WrittenLimits['cycle']): boolean {
  if (cycle === undefined) return true
  const first = Date.parse(`${cycle.from}T00:00Z`) / dayMs
  const since = numberIn(cycle.unit, day) - numberIn(cycle.unit, first)
  return since >= 0 && since % cycle.count === 0
}

/** A number that grows by one with each day, week or month. */
function numberIn(unit: 'days' | 'weeks' | 'months', day: number): number {
  const date = new Date(day * dayMs)
  if (unit === 'months') return date.getUTCFullYear() * 12 + date.getUTCMonth()
  if (unit === 'days') return day
  let monday = day
  while (new Date(monday * dayMs).getUTCDay() !== 1) monday--
  return Math.round((monday - 4) / 7)
}
