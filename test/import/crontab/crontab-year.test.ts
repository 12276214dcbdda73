import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nextOf } from '../../../src/schedule/due.ts'
import type { Task } from '../../../src/tasks/task.ts'
import { wallClock } from '../../support/schedule-reference.ts'
import { fromCrontab, tasksOf } from '../read.ts'
import { cronMatcher } from './reference.ts'

/** The seconds in [from, to) in which torch starts a task, counted as the wall clock shows them. */
function torchStarts(task: Task, from: number, to: number, offset: number): number[] {
  const starts: number[] = []
  for (
    let slot = nextOf(task.schedules, from - offset - 1);
    slot !== undefined && slot < to - offset;
    slot = nextOf(task.schedules, slot)
  ) {
    starts.push(slot + offset)
  }
  return starts
}

/** The first minute in which only cron or only torch starts the task; undefined if there is none. */
function firstDifference(
  task: Task | undefined,
  when: string,
  { from, to, offset }: { readonly from: number; readonly to: number; readonly offset: number },
): string | undefined {
  const matches = cronMatcher(when)
  const starts = new Set(torchStarts(task!, from, to, offset))
  for (let minute = from; minute < to; minute += 60) {
    const cron = matches(minute)
    if (cron === starts.delete(minute)) continue
    const at = new Date(minute * 1000).toISOString()
    return `${when}: at ${at} ${cron ? 'only cron' : 'only torch'} starts it`
  }
  // The starts that are left are not at full minutes.
  return starts.size === 0 ? undefined : `${when}: ${[...starts].join()}`
}

const year = Date.UTC(2028, 0, 1) / 1000
const nextYear = Date.UTC(2029, 0, 1) / 1000
const day = 86_400

describe('a whole leap year', () => {
  const offset = 5.5 * 3600
  test.each([
    '* * * * *',
    '*/7 * * * *',
    '*/90 */30 * * *',
    '5,*/20 1-3,22-23/1 * * *',
    '09 08 007 * *',
    '0 0 29 2 *',
    '0 0 31 * *',
    '0 0 13 * 5',
    '0 0 13 * */5',
    '0 0 */40 * 1',
    '0 0 *,5 * 1',
    '0 0 5,* * 1',
    '0 12 * * 0-7/3',
    '0 12 * * 5-7',
    '0 12 * * 7',
    '0 12 * * */8',
    '0 12 * jan-MAR,5,Nov-dec/1 mon,WED-fri',
    '30 4 1,15 * 5',
    '0 9-17/200 1-7 * mon-sat/2',
    ...['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'],
  ])('torch starts the entry %s in the same minutes as cron, for a whole leap year', (when) => {
    const [task] = tasksOf(fromCrontab(`CRON_TZ=Asia/Kolkata\n${when} x\n`))
    expect(firstDifference(task, when, { from: year, to: nextYear, offset })).toBeUndefined()
  })
})

const bounds = [
  { low: 0, high: 59, names: [] },
  { low: 0, high: 23, names: [] },
  { low: 1, high: 31, names: [] },
  { low: 1, high: 12, names: 'jan feb MAR Apr may jun JUL aug sep oct Nov dec'.split(' ') },
  { low: 0, high: 7, names: 'sun Mon TUE wed thu fri sat'.split(' ') },
] as const

/** A field as people write it. Often a lone `*`, because otherwise few entries would ever be due. */
function fieldOf({ low, high, names }: (typeof bounds)[number]): fc.Arbitrary<string> {
  const value = fc.integer({ min: low, max: high })
  const written = (number: number): fc.Arbitrary<string> =>
    fc.constantFrom(String(number), `0${number}`, names[number - low] ?? String(number))
  const one = value.chain(written)
  const range = fc
    .tuple(value, value)
    .chain(([a, b]) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)]
      // The name of Sunday is the first day of a week.
      return fc.tuple(
        written(from),
        names.length === 7 && to === 7 ? fc.constant('7') : written(to),
      )
    })
    .map((ends) => ends.join('-'))
  const step = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 100 }))
  const stepped = fc.tuple(fc.oneof(range, fc.constant('*')), step).map((parts) => parts.join('/'))
  const list = fc.array(fc.oneof(one, range, stepped, fc.constant('*')), {
    minLength: 1,
    maxLength: 4,
  })
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant('*') },
    list.map((items) => items.join(',')),
  )
}

const blanks = fc.constantFrom(' ', '  ', '\t', ' \t ')
const whens = fc
  .tuple(...bounds.map(fieldOf), blanks)
  .map((parts) => parts.slice(0, 5).join(parts[5]))

/** Compares all entries on days with the same offset from UTC. */
function agree(zone: string, entries: readonly string[], from: number, days: number): void {
  const text = `CRON_TZ=${zone}\n${entries.map((when) => `${when} x\n`).join('')}`
  const tasks = tasksOf(fromCrontab(text))
  const to = from + days * day
  const [local = 0] = wallClock(zone, from, from, day)
  const stretch = { from, to, offset: local - from }
  const differences = entries.map((when, at) => firstDifference(tasks[at], when, stretch))
  expect(differences.filter((difference) => difference !== undefined)).toEqual([])
}

const entries = fc.array(whens, { minLength: 20, maxLength: 20 })

describe('random entries on some days of the year', () => {
  test('torch starts random entries in the same minutes as cron, in a zone with a fixed offset', () => {
    const window = fc.integer({ min: 0, max: 365 - 6 })
    fc.assert(
      fc.property(entries, window, (whole, at) => agree('Asia/Kolkata', whole, year + at * day, 6)),
      { numRuns: 12 },
    )
  })

  // When the clock changes, cron and torch have different rules: see cron-entry.ts.
  test.each([
    ['Europe/Berlin', '2028-02-10'],
    ['Europe/Berlin', '2028-07-01'],
    ['America/New_York', '2028-09-15'],
    ['Australia/Lord_Howe', '2028-01-20'],
  ])('torch starts random entries in the same minutes as cron, in %s from %s', (zone, date) => {
    const from = Date.parse(`${date}T00:00:00Z`) / 1000
    fc.assert(
      fc.property(entries, (whole) => agree(zone, whole, from, 3)),
      { numRuns: 4 },
    )
  })
})
