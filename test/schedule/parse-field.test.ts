import { describe, expect, test } from 'vitest'
import { fields, mistakesOf } from '../../src/schedule/field.ts'
import { parseField } from '../../src/schedule/parse-field.ts'
import { parseSchedule } from '../../src/schedule/parse.ts'
import { nextSixty } from '../../src/schedule/masks.ts'
import { bitsOf, readCron, refusal, sixtyOf } from '../support/schedules.ts'

function range(from: number, to: number, step = 1): number[] {
  return Array.from(
    { length: Math.floor((to - from) / step) + 1 },
    (_, index) => from + index * step,
  )
}

const all60 = range(0, 59)

test.each([
  ['*', all60],
  ['0', [0]],
  ['7', [7]],
  ['07', [7]],
  ['59', [59]],
  ['0,30', [0, 30]],
  ['30,0', [0, 30]],
  ['5-8', [5, 6, 7, 8]],
  ['29-31', [29, 30, 31]],
  ['5-5', [5]],
  ['*/15', [0, 15, 30, 45]],
  ['*/1', all60],
  ['*/60', [0]],
  ['*/59', [0, 59]],
  ['10-20/5', [10, 15, 20]],
  ['10-19/5', [10, 15]],
  ['50/5', [50, 55]],
  // Lists that overlap are legal.
  ['0,*/15', [0, 15, 30, 45]],
  ['5,5,5', [5]],
  ['1-3,2-4,3', [1, 2, 3, 4]],
  ['*,7', all60],
])('the minute field %s has the minutes %j', (text, minutes) => {
  expect(sixtyOf(readCron(`${text} 1 * * *`).minutes)).toEqual(minutes)
})

test.each([
  ['*', range(0, 23), true],
  ['0-23', range(0, 23), true],
  ['*/1', range(0, 23), true],
  ['0-11,12-23', range(0, 23), true],
  ['0-22', range(0, 22), false],
  ['*/2', range(0, 22, 2), false],
  ['9-17/4', [9, 13, 17], false],
  ['23', [23], false],
])('the hour field %s has the hours %j, and makes an interval: %s', (text, hours, interval) => {
  const schedule = readCron(`0 ${text} * * *`)
  expect(bitsOf(schedule.hours)).toEqual(hours)
  expect(schedule.interval).toBe(interval)
})

const aboutL = 'L is the last day of the month, and L-3 the third day before it'
const aboutW =
  '15W is the working day nearest to the 15th; for all working days write mon-fri as the weekday'

test.each<[string, number[], number[]]>([
  ['*', range(1, 31), []],
  ['1,15', [1, 15], []],
  ['31', [31], []],
  ['*/10', [1, 11, 21, 31], []],
  ['25-31/3', [25, 28, 31], []],
  ['L', [], [0]],
  ['l', [], [0]],
  ['1,L', [1], [0]],
  ['L,15-16', [15, 16], [0]],
  ['L-3', [], [3]],
  ['l-03,l-30,7', [7], [3, 30]],
])(
  'the day field %s has the days %j, and the days %j before the last one',
  (text, days, lastDays) => {
    const schedule = readCron(`0 0 ${text} * *`)
    expect(bitsOf(schedule.days)).toEqual(days)
    expect(bitsOf(schedule.lastDays)).toEqual(lastDays)
  },
)

test.each<[string, number[], number[]]>([
  ['15W', [15], []],
  ['1w,15W,31W', [1, 15, 31], []],
  ['LW', [], [0]],
  ['L-2W,lw', [], [0, 2]],
  ['1-7,20', [], []],
])(
  'the day field %s has the working days nearest to %j, and to %j before the last day',
  (text, workdays, lastWorkdays) => {
    const schedule = readCron(`0 0 ${text} * *`)
    expect(bitsOf(schedule.workdays)).toEqual(workdays)
    expect(bitsOf(schedule.lastWorkdays)).toEqual(lastWorkdays)
  },
)

test('day 31 in a schedule for short months is still day 31', () => {
  expect(bitsOf(readCron('0 0 31 2,3 *').days)).toEqual([31])
  expect(bitsOf(readCron('0 0 28-31 2 *').days)).toEqual([28, 29, 30, 31])
})

test.each([
  ['*', range(1, 12)],
  ['jan', [1]],
  ['DEC', [12]],
  ['Mar-May', [3, 4, 5]],
  ['jan,7,OCT', [1, 7, 10]],
  ['feb-nov/3', [2, 5, 8, 11]],
  ['*/4', [1, 5, 9]],
  ['6/3', [6, 9, 12]],
])('the month field %s has the months %j', (text, months) => {
  expect(bitsOf(readCron(`0 0 1 ${text} *`).months)).toEqual(months)
})

const none = { every: [], last: [], nth: {} }
test.each([
  ['*', { ...none, every: range(0, 6) }],
  ['0', { ...none, every: [0] }],
  ['7', { ...none, every: [0] }],
  ['0,7', { ...none, every: [0] }],
  ['sun', { ...none, every: [0] }],
  ['MON-fri', { ...none, every: [1, 2, 3, 4, 5] }],
  ['1-5', { ...none, every: [1, 2, 3, 4, 5] }],
  ['5-7', { ...none, every: [0, 5, 6] }],
  ['5-0', { ...none, every: [0, 5, 6] }],
  ['fri-0', { ...none, every: [0, 5, 6] }],
  ['5-sun', { ...none, every: [0, 5, 6] }],
  ['7-0', { ...none, every: [0] }],
  ['0-0', { ...none, every: [0] }],
  ['3-0/2', { ...none, every: [0, 3, 5] }],
  ['?', { ...none, every: range(0, 6) }],
  ['?/2', { ...none, every: [0, 2, 4, 6] }],
  ['0-7', { ...none, every: range(0, 6) }],
  ['1-7', { ...none, every: range(0, 6) }],
  ['fri-sun', { ...none, every: [0, 5, 6] }],
  ['sun-tue', { ...none, every: [0, 1, 2] }],
  ['sun-sun', { ...none, every: [0] }],
  ['5-7/2', { ...none, every: [0, 5] }],
  ['4-7/2', { ...none, every: [4, 6] }],
  ['*/2', { ...none, every: [0, 2, 4, 6] }],
  ['*/3', { ...none, every: [0, 3, 6] }],
  ['*/7', { ...none, every: [0] }],
  ['1/2', { ...none, every: [1, 3, 5] }],
  ['5L', { ...none, last: [5] }],
  ['friL', { ...none, last: [5] }],
  ['FRIl', { ...none, last: [5] }],
  ['7L', { ...none, last: [0] }],
  ['0L', { ...none, last: [0] }],
  ['5#2', { ...none, nth: { 2: [5] } }],
  ['fri#2', { ...none, nth: { 2: [5] } }],
  ['7#5', { ...none, nth: { 5: [0] } }],
  ['1,5L,3#1,sat#1,sun#5', { every: [1], last: [5], nth: { 1: [3, 6], 5: [0] } }],
])('the weekday field %s has the weekdays %j', (text, expected) => {
  const { weekdays, lastWeekdays, nthWeekdays } = readCron(`0 0 * * ${text}`)
  const nth = Object.fromEntries(
    nthWeekdays.flatMap((mask, ordinal) => (mask === 0 ? [] : [[ordinal, bitsOf(mask)]])),
  )
  expect({ every: bitsOf(weekdays), last: bitsOf(lastWeekdays), nth }).toEqual(expected)
})

const hosts = Array.from({ length: 600 }, (_, index) => `web-${index}.example.org`)

function minuteOf(text: string, seed: string): number {
  return nextSixty(readCron(`${text} * * * *`, 'UTC', seed).minutes, 0)
}

/** The highest, if there are several. */
function dayOf(text: string, seed: string): number {
  return 31 - Math.clz32(readCron(`0 0 ${text} * *`, 'UTC', seed).days)
}

test('H always has the same value for the same task and host', () => {
  for (const seed of ['backup@db', 'x@y', '']) {
    expect(readCron('H H(1-5) H * H', 'UTC', seed)).toEqual(readCron('H H(1-5) H * H', 'UTC', seed))
  }
})

test('H is spread over the whole field by the host', () => {
  const counts = new Map<number, number>()
  for (const host of hosts) {
    const minute = minuteOf('H', `backup@${host}`)
    counts.set(minute, (counts.get(minute) ?? 0) + 1)
  }
  expect(counts.size).toBe(60)
  expect(Math.max(...counts.values())).toBeLessThan(30)
})

test.each([
  ['H(0-29)', 0, 29],
  ['h(10-12)', 10, 12],
  ['H(5-5)', 5, 5],
])('the hashed minute %s stays in its range and uses every value of it', (text, low, high) => {
  const minutes = new Set(hosts.map((host) => minuteOf(text, host)))
  expect([Math.min(...minutes), Math.max(...minutes)]).toEqual([low, high])
  expect(minutes.size).toBe(high - low + 1)
})

test('H/15 means every 15 minutes, starting at a hashed minute', () => {
  for (const host of hosts.slice(0, 50)) {
    const { minutes } = readCron('H/15 * * * *', 'UTC', host)
    const first = nextSixty(minutes, 0)
    const due = [first, first + 15, first + 30, first + 45]
    expect(first).toBeLessThan(15)
    expect(minutes).toEqual(readCron(`${due.join(',')} * * * *`).minutes)
  }
})

test('H(0-29)/10 means three minutes in the first half of the hour', () => {
  for (const host of hosts.slice(0, 50)) {
    const { minutes } = readCron('H(0-29)/10 * * * *', 'UTC', host)
    const first = nextSixty(minutes, 0)
    expect(minutes).toEqual(readCron(`${first},${first + 10},${first + 20} * * * *`).minutes)
  }
})

test('H as a day is at most 28, unless its range goes further', () => {
  expect(Math.max(...hosts.map((host) => dayOf('H', host)))).toBe(28)
  expect(Math.max(...hosts.map((host) => dayOf('H(1-31)', host)))).toBe(31)
})

test('H as a weekday prefers no weekday', () => {
  const masks = hosts.map((host) => readCron('0 0 * * H', 'UTC', host).weekdays)
  for (let day = 0; day < 7; day++) {
    expect(masks.filter((mask) => mask === 1 << day).length).toBeGreaterThan(50)
  }
})

test('H(0-7) counts Sunday once', () => {
  for (const host of hosts.slice(0, 50)) {
    const { weekdays } = readCron('0 0 * * H(0-7)/7', 'UTC', host)
    expect([1, 2, 4, 8, 16, 32, 64]).toContain(weekdays)
  }
})

test('two H fields of one schedule have independent values', () => {
  const same = hosts.filter((host) => {
    const schedule = readCron('H H * * * *', 'UTC', host)
    return nextSixty(schedule.seconds, 0) === nextSixty(schedule.minutes, 0)
  })
  expect(same.length).toBeLessThan(40)
})

test('H can be an item of a list', () => {
  const { minutes } = readCron('7,H(30-40) * * * *', 'UTC', 'task@host')
  expect(nextSixty(minutes, 0)).toBe(7)
  expect(nextSixty(minutes, 8)).toBe(minuteOf('H(30-40)', 'task@host'))
})

describe('a mistake in a field', () => {
  test.each<[string, string, string | null]>([
    // numbers out of range
    ['60 * * * * *', 'second: 60 is out of range; seconds are 0-59', 'the full minute is second 0'],
    ['75 * * * *', 'minute: 75 is out of range; minutes are 0-59', null],
    ['60 * * * *', 'minute: 60 is out of range; minutes are 0-59', 'the full hour is minute 0'],
    ['0 24 * * *', 'hour: 24 is out of range; hours are 0-23', 'midnight is hour 0'],
    ['0 25 * * *', 'hour: 25 is out of range; hours are 0-23', null],
    ['0 0 0 * *', 'day: 0 is out of range; days are 1-31', 'the first day of a month is 1'],
    ['0 0 32 * *', 'day: 32 is out of range; days are 1-31', 'the last day of a month is L'],
    ['0 0 * 0 *', 'month: 0 is out of range; months are 1-12 or jan-dec', 'January is month 1'],
    ['0 0 * 13 *', 'month: 13 is out of range; months are 1-12 or jan-dec', null],
    ['0 0 * * 8', 'weekday: 8 is out of range; weekdays are 0-7 or sun-sat', null],
    ['0,15,99 * * * *', 'minute: 99 is out of range; minutes are 0-59', null],
    ['50-70 * * * *', 'minute: 70 is out of range; minutes are 0-59', null],
    [
      '99999999999999999999 * * * *',
      'minute: 99999999999999999999 is out of range; minutes are 0-59',
      null,
    ],
    [
      '0 0 1 1 * 2026',
      'weekday: 2026 is out of range; weekdays are 0-7 or sun-sat',
      'a schedule has no year; its 6 fields are second minute hour day month weekday',
    ],
    // ranges that run backwards
    ['0 22-4 * * *', 'hour: 22-4 runs backwards; hours are 0-23', 'write "22-23,0-4"'],
    ['0 23-0 * * *', 'hour: 23-0 runs backwards; hours are 0-23', 'write "23,0"'],
    ['0 22-4/2 * * *', 'hour: 22-4 runs backwards; hours are 0-23', 'write "22-23/2,0-4/2"'],
    ['0 20-6/5 * * *', 'hour: 20-6 runs backwards; hours are 0-23', 'write "20-23/5,1-6/5"'],
    ['0 5-1/3 * * *', 'hour: 5-1 runs backwards; hours are 0-23', 'write "5-23/3"'],
    ['0 22-4/99 * * *', 'hour: 22-4 runs backwards; hours are 0-23', null],
    ['0 23-4/2 * * *', 'hour: 23-4 runs backwards; hours are 0-23', 'write "23,1-4/2"'],
    ['0 0 25-L * *', 'day: "25-L" is not a range of days; days are 1-31', 'write "25-31"'],
    ['0 0 1-L/2 * *', 'day: "1-L" is not a range of days; days are 1-31', 'write "1-31/2"'],
    ['0 0 * * 7-2', 'weekday: 7-2 runs backwards; weekdays are 0-7 or sun-sat', 'write "sun-2"'],
    ['0 0 28-3 * *', 'day: 28-3 runs backwards; days are 1-31', 'write "28-31,1-3"'],
    [
      '0 0 * nov-feb *',
      'month: nov-feb runs backwards; months are 1-12 or jan-dec',
      'write "nov-dec,jan-feb"',
    ],
    [
      '0 0 * oct-feb/2 *',
      'month: oct-feb runs backwards; months are 1-12 or jan-dec',
      'write "oct-dec/2,feb"',
    ],
    [
      '0 0 * * fri-mon',
      'weekday: fri-mon runs backwards; weekdays are 0-7 or sun-sat',
      'write "fri-sat,sun-mon"',
    ],
    ['0 0 * * 5-1', 'weekday: 5-1 runs backwards; weekdays are 0-7 or sun-sat', 'write "5-6,0-1"'],
    [
      'H(50-9) * * * *',
      'minute: 50-9 runs backwards; minutes are 0-59',
      'H takes one range that runs forwards: H(50-59) or H(0-9)',
    ],
    [
      'H(0-3)/15 * * * *',
      'minute: step 15 is wider than the range of "H(0-3)", which has 4 values',
      'write "H(0-3)" for one value of this range',
    ],
    [
      '0 0 H/30 * *',
      'day: step 30 is wider than the range of "H", which has 28 values',
      'write "H" for one value of this range',
    ],
    ['? * * * *', 'minute: "?" is only for the day and the weekday; minutes are 0-59', 'write "*"'],
    [
      '0 0 1 ?/2 *',
      'month: "?" is only for the day and the weekday; months are 1-12 or jan-dec',
      'write "*"',
    ],
    // steps
    ['*/0 * * * *', 'minute: step 0 is out of range; steps are 1-60', null],
    [
      '*/70 * * * *',
      'minute: step 70 is out of range; steps are 1-60',
      'for every 70 minutes, the whole schedule is "@every 70m"',
    ],
    [
      '0 */25 * * *',
      'hour: step 25 is out of range; steps are 1-24',
      'for every 25 hours, the whole schedule is "@every 25h"',
    ],
    [
      '0 0 */32 * *',
      'day: step 32 is out of range; steps are 1-31',
      'for every 32 days, the whole schedule is "@every 32d"',
    ],
    [
      '*/90 * * * * *',
      'second: step 90 is out of range; steps are 1-60',
      'for every 90 seconds, the whole schedule is "@every 90s"',
    ],
    ['*/90 8-18 * * *', 'minute: step 90 is out of range; steps are 1-60', null],
    ['30 */25 * * *', 'hour: step 25 is out of range; steps are 1-24', null],
    ['5-50/70 * * * *', 'minute: step 70 is out of range; steps are 1-60', null],
    ['0 0 * */13 *', 'month: step 13 is out of range; steps are 1-12', null],
    ['0 0 * * */8', 'weekday: step 8 is out of range; steps are 1-7', null],
    ['H/0 * * * *', 'minute: step 0 is out of range; steps are 1-60', null],
    ['*/x * * * *', 'minute: "x" is not a step; steps are 1-60', null],
    ['*/ * * * *', 'minute: no step after the /; steps are 1-60', null],
    ['*/5/5 * * * *', 'minute: "5/5" is not a step; steps are 1-60', null],
    ['*/-5 * * * *', 'minute: "-5" is not a step; steps are 1-60', null],
    ['/15 * * * *', 'minute: "/15" has no range; minutes are 0-59', 'write "*/15"'],
    // words
    ['abc * * * *', 'minute: "abc" is not a minute; minutes are 0-59', null],
    ['1.5 * * * *', 'minute: "1.5" is not a minute; minutes are 0-59', null],
    ['0x5 * * * *', 'minute: "0x5" is not a minute; minutes are 0-59', null],
    ['-5 * * * *', 'minute: "-5" is not a minute; minutes are 0-59', null],
    ['5- * * * *', 'minute: "5-" is not a minute; minutes are 0-59', 'did you mean "5-59"?'],
    ['1-2-3 * * * *', 'minute: "1-2-3" is not a minute; minutes are 0-59', null],
    ['** * * * *', 'minute: "**" is not a minute; minutes are 0-59', null],
    ['*5 * * * *', 'minute: "*5" is not a minute; minutes are 0-59', 'did you mean "*/5"?'],
    ['1,,2 * * * *', 'minute: "1,,2" has a comma too many; minutes are 0-59', 'write "1,2"'],
    ['0, * * * *', 'minute: "0," has a comma too many; minutes are 0-59', 'write "0"'],
    [', * * * *', 'minute: "," has a comma too many; minutes are 0-59', null],
    [
      '0 0 * jna *',
      'month: "jna" is not a month; months are 1-12 or jan-dec',
      'did you mean "jan"?',
    ],
    [
      '0 0 * January *',
      'month: "January" is not a month; months are 1-12 or jan-dec',
      'did you mean "jan"?',
    ],
    [
      '0 0 * * Monday',
      'weekday: "Monday" is not a weekday; weekdays are 0-7 or sun-sat',
      'did you mean "mon"?',
    ],
    [
      '0 0 * * mon-frii',
      'weekday: "frii" is not a weekday; weekdays are 0-7 or sun-sat',
      'did you mean "fri"?',
    ],
    [
      '0 mon * * *',
      'hour: "mon" is not an hour; hours are 0-23',
      '"mon" is a weekday; the order is minute hour day month weekday',
    ],
    [
      '0 0 * fri *',
      'month: "fri" is not a month; months are 1-12 or jan-dec',
      '"fri" is a weekday; the order is minute hour day month weekday',
    ],
    [
      '0 jan * * *',
      'hour: "jan" is not an hour; hours are 0-23',
      '"jan" is a month; the order is minute hour day month weekday',
    ],
    ['\u001b[31m * * * *', 'minute: "\\u001b[31m" is not a minute; minutes are 0-59', null],
    // L, W, # and H
    ['L * * * *', 'minute: "L" is not a minute; minutes are 0-59', null],
    ['0 0 L-0 * *', 'day: "L-0" is out of range; L-1 to L-30 are allowed', 'write "L"'],
    ['0 0 L-0W * *', 'day: "L-0W" is out of range; L-1 to L-30 are allowed', 'write "LW"'],
    ['0 0 L-31 * *', 'day: "L-31" is out of range; L-1 to L-30 are allowed', aboutL],
    ['0 0 L3 * *', 'day: "L3" is not a day; days are 1-31', 'did you mean "L-3"?'],
    ['0 0 L+3 * *', 'day: "L+3" is not a day; days are 1-31', 'did you mean "L-3"?'],
    ['0 0 L-L * *', 'day: "L-L" is not a day; days are 1-31', aboutL],
    ['0 0 L-3/2 * *', 'day: L takes no step; got "L-3/2"; days are 1-31', 'write "L-3"'],
    [
      '0 0 0W * *',
      'day: "0W" is out of range; days are 1-31',
      'write "1W" for the first working day of the month',
    ],
    [
      '0 0 32W * *',
      'day: "32W" is out of range; days are 1-31',
      'write "LW" for the last working day of the month',
    ],
    ['0 0 W15 * *', 'day: "W15" is not a day; days are 1-31', 'did you mean "15W"?'],
    ['0 0 WL * *', 'day: "WL" is not a day; days are 1-31', 'did you mean "LW"?'],
    ['0 0 w * *', 'day: "w" is not a day; days are 1-31', aboutW],
    ['0 0 1-5W * *', 'day: W takes one day, not "1-5"; days are 1-31', aboutW],
    ['0 0 15W/2 * *', 'day: W takes no step; got "15W/2"; days are 1-31', 'write "15W"'],
    [
      '0 0 * * 15W',
      'weekday: "15W" is not a weekday; weekdays are 0-7 or sun-sat',
      '"15W" belongs in the field before the month, the day',
    ],
    [
      '0 0 * * L-3',
      'weekday: "L-3" is not a weekday; weekdays are 0-7 or sun-sat',
      '"L-3" belongs in the field before the month, the day',
    ],
    [
      '0 0 5L * *',
      'day: "5L" is not a day; days are 1-31',
      '"5L" belongs in the last field, the weekday',
    ],
    [
      '0 0 5#2 * *',
      'day: "5#2" is not a day; days are 1-31',
      '"5#2" belongs in the last field, the weekday',
    ],
    [
      '0 0 * * L',
      'weekday: L needs a weekday before it; weekdays are 0-7 or sun-sat',
      '5L is the last Friday of the month',
    ],
    ['0 0 * * 8L', 'weekday: 8 is out of range; weekdays are 0-7 or sun-sat', null],
    [
      '0 0 * * 1-5L',
      'weekday: L takes one weekday, not "1-5"; weekdays are 0-7 or sun-sat',
      'write "1L,2L,3L,4L,5L"',
    ],
    [
      '0 0 * * mon-wed#1',
      'weekday: # takes one weekday, not "mon-wed"; weekdays are 0-7 or sun-sat',
      'write "mon#1,tue#1,wed#1"',
    ],
    [
      '0 0 * * sat-mon#1',
      'weekday: # takes one weekday, not "sat-mon"; weekdays are 0-7 or sun-sat',
      'write "sat#1,sun#1,mon#1"',
    ],
    [
      '0 0 * * 6-1L',
      'weekday: L takes one weekday, not "6-1"; weekdays are 0-7 or sun-sat',
      'write "6L,0L,1L"',
    ],
    [
      '0 0 * * 7-2#3',
      'weekday: # takes one weekday, not "7-2"; weekdays are 0-7 or sun-sat',
      'write "0#3,1#3,2#3"',
    ],
    [
      '0 0 * * fri-sun#L',
      'weekday: # takes one weekday, not "fri-sun"; weekdays are 0-7 or sun-sat',
      'write "friL,satL,sunL"',
    ],
    [
      '0 0 * * fri#L',
      'weekday: "fri#L" is out of range; the number after # is 1-5',
      'write "friL" for the last one of the month',
    ],
    [
      '0 0 * * 5#6',
      'weekday: "5#6" is out of range; the number after # is 1-5',
      '5#2 is the second Friday of the month',
    ],
    [
      '0 0 * * 5#0',
      'weekday: "5#0" is out of range; the number after # is 1-5',
      '5#2 is the second Friday of the month',
    ],
    [
      '0 0 * * 5#',
      'weekday: "5#" is out of range; the number after # is 1-5',
      '5#2 is the second Friday of the month',
    ],
    ['0 0 * * 9#1', 'weekday: 9 is out of range; weekdays are 0-7 or sun-sat', null],
    ['H(0-75) * * * *', 'minute: 75 is out of range; minutes are 0-59', null],
    [
      'H(5) * * * *',
      'minute: "H(5)" is not a minute; minutes are 0-59',
      'H stands alone or takes a range, for example H(0-59)',
    ],
    [
      'H() * * * *',
      'minute: "H()" is not a minute; minutes are 0-59',
      'H stands alone or takes a range, for example H(0-59)',
    ],
    [
      'H-5 * * * *',
      'minute: "H" is not a minute; minutes are 0-59',
      'H stands alone or takes a range, for example H(0-59)',
    ],
  ])('the schedule %j is refused: %s', (text, message, hint) => {
    expect(refusal(text)).toEqual({ message, hint })
  })

  test('every mistake of every field is reported once', () => {
    const parsed = parseSchedule('61,62,61 22-4/99 * foo 8', { zone: 'UTC', seed: '' })
    expect(parsed.ok ? [] : mistakesOf(parsed).map(({ message }) => message)).toEqual([
      'minute: 61 is out of range; minutes are 0-59',
      'minute: 62 is out of range; minutes are 0-59',
      'hour: 22-4 runs backwards; hours are 0-23',
      'hour: step 99 is out of range; steps are 1-24',
      'month: "foo" is not a month; months are 1-12 or jan-dec',
      'weekday: 8 is out of range; weekdays are 0-7 or sun-sat',
    ])
  })

  test.each([
    '/15 * * * *',
    '*5 * * * *',
    '5- * * * *',
    '1,,2 * * * *',
    '0 0 * * Monday',
    '0 0 25-L * *',
    '0 0 * * mon-fri#1',
    '0 0 * * sat-mon#1',
    '0 0 * * 6-1L',
    '0 0 * * 1-5L',
    '0 0 * * fri#L',
    '0 0 * * 5#L',
    '0 ? * * *',
    'H(0-3)/15 * * * *',
  ])('the hint for the schedule %s is a valid field', (text) => {
    const hint = refusal(text).hint ?? ''
    const valid = /^(?:write|did you mean) "([^"]*)"/.exec(hint)?.[1] ?? ''
    const words = text.split(' ')
    const wrong = words.findIndex((word) => !/^(?:\*|0)$/.test(word))
    expect(readCron(words.with(wrong, valid).join(' ')).kind).toBe('cron')
  })

  test.each([...fields])(
    'the hint for a backwards range has the values of the range that wraps around: $name',
    (field) => {
      const size = field.last - field.min + 1
      const valuesOf = (text: string): string => {
        const parsed = parseField(field, text, '')
        const numbers = parsed.ok ? parsed.values.map((value) => Number(value) % 60) : []
        const days = field.name === 'weekday' ? numbers.map((value) => value % 7) : numbers
        return [...new Set(days)].toSorted((a, b) => a - b).join(' ')
      }
      let hints = 0
      const wrong: object[] = []
      const check = (written: string, from: number, to: number, step: number): void => {
        const parsed = parseField(field, written, '')
        if (parsed.ok) return
        hints++
        const hint = /^write "([^"]+)"$/.exec(parsed.hint ?? '')?.[1] ?? ''
        const first = field.name === 'weekday' ? from % 7 : from
        // Every value that a cron with wrapping ranges would take, counted one by one.
        const wrapped = range(first, first <= to ? to : to + size, step)
          .map((value) => ((value - field.min) % size) + field.min)
          .toSorted((a, b) => a - b)
          .join(' ')
        const values = valuesOf(hint)
        if (values !== wrapped) wrong.push({ written, hint, values, wrapped })
      }
      const nameOf = (value: number): string => field.names[value] ?? String(value)
      for (let from = field.min; from <= field.max; from++)
        for (let to = field.min; to < from; to++) {
          // Of the long fields, some ranges are enough: cron-parser is slow.
          if (size > 31 && (from * 7 + to) % 23 > 0) continue
          check(`${from}-${to}`, from, to, 1)
          for (let step = 1; step <= size; step += size > 12 && step > 4 ? 5 : 1) {
            check(`${from}-${to}/${step}`, from, to, step)
            if (field.names.length > 0)
              check(`${nameOf(from)}-${nameOf(to)}/${step}`, from, to, step)
          }
        }
      expect(wrong).toEqual([])
      expect(hints).toBeGreaterThan(100)
    },
  )
})
