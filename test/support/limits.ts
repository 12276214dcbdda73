import * as fc from 'fast-check'
import { expect } from 'vitest'
import { parseMoment, secondOf } from '../../src/schedule/dates.ts'
import {
  builtInCalendars,
  cycleOf,
  daySetOf,
  parseDays,
  uniteDays,
} from '../../src/schedule/day-sets.ts'
import { withLimits } from '../../src/schedule/due.ts'
import type { DaySet, Limits } from '../../src/schedule/limits.ts'
import type { Schedule } from '../../src/schedule/schedule.ts'
import { read } from './schedules.ts'

/** Limits as they are written. A calendar is a list of its entries; `weekends` and `workdays` may be among them. */
export interface WrittenLimits {
  readonly cycle?: { unit: 'days' | 'weeks' | 'months'; count: number; from: string } | undefined
  readonly only?: readonly string[] | undefined
  readonly except?: readonly string[] | undefined
  readonly onExcluded?: 'skip' | 'next-day' | 'previous-day'
  /** Local times without an offset. */
  readonly from?: string | undefined
  readonly until?: string | undefined
}

/** A schedule within limits. */
export function readLimited(text: string, written: WrittenLimits, zone = 'UTC'): Schedule {
  return withLimits(read(text, zone), limitsOf(written, zone))
}

function limitsOf(written: WrittenLimits, zone: string): Limits {
  const { cycle, only, except, onExcluded = 'skip', from, until } = written
  const calendar =
    only === undefined && except === undefined
      ? undefined
      : { only: only && daysOf(only), except: except && daysOf(except), onExcluded }
  return {
    zone,
    from: secondIn(zone, from),
    until: secondIn(zone, until),
    cycle: cycle && cycleOf(cycle.unit, cycle.count, dayOf(cycle.from)),
    calendar,
    id: JSON.stringify(written),
  }
}

function secondIn(zone: string, text: string | undefined): number | undefined {
  const moment = text === undefined ? undefined : parseMoment(text)
  return moment && secondOf(moment, zone)
}

function dayOf(date: string): number {
  return Date.parse(`${date}T00:00Z`) / 86_400_000
}

function daysOf(entries: readonly string[]): DaySet {
  return uniteDays(
    entries.map((text) => {
      const known = builtInCalendars[text]
      if (known !== undefined) return known
      const parsed = parseDays(text)
      if (!parsed.ok) expect.fail(parsed.message)
      return daySetOf([parsed.entry])
    }),
  )
}

/** Any limits that matter between the dates. */
export function anyLimits(first: string, last: string): fc.Arbitrary<WrittenLimits> {
  const date = fc.integer({ min: dayOf(first), max: dayOf(last) }).map(dateOf)
  const range = fc
    .tuple(date, fc.integer({ min: 0, max: 20 }))
    .map(([from, days]) => `${from}..${dateOf(dayOf(from) + days)}`)
  const yearly = fc.oneof(date, range).map((text) => text.replaceAll(/\d{4}-/g, ''))
  const named = fc.constantFrom('weekends', 'workdays')
  const days = fc.option(
    fc.array(fc.oneof(date, range, yearly, named), { minLength: 1, maxLength: 4 }),
    { nil: undefined },
  )
  const cycle = fc.record({
    unit: fc.constantFrom('days' as const, 'weeks' as const, 'months' as const),
    count: fc.integer({ min: 2, max: 5 }),
    from: date,
  })
  const time = fc
    .tuple(date, fc.constantFrom('', 'T00:30', 'T02:30', 'T03:00', 'T12:00:00'))
    .map((parts) => parts.join(''))
  const maybe = <T>(each: fc.Arbitrary<T>) => fc.option(each, { nil: undefined, freq: 1 })
  return fc.record({
    cycle: maybe(cycle),
    only: days,
    except: days,
    onExcluded: fc.constantFrom('skip' as const, 'next-day' as const, 'previous-day' as const),
    from: maybe(time),
    until: maybe(time),
  })
}

function dateOf(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10)
}
