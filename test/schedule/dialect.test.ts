import { describe, expect, test } from 'vitest'
import { nextBit, nextSixty, type SixtyMask } from '../../src/schedule/masks.ts'
import type { CronSchedule } from '../../src/schedule/schedule.ts'
import { dueTimes, read, readCron } from './read.ts'

function bitsOf(mask: number): number[] {
  const bits: number[] = []
  for (let bit = nextBit(mask, 0); bit >= 0; bit = nextBit(mask, bit + 1)) bits.push(bit)
  return bits
}

function sixtyOf(mask: SixtyMask): number[] {
  const bits: number[] = []
  for (let bit = nextSixty(mask, 0); bit >= 0; bit = nextSixty(mask, bit + 1)) bits.push(bit)
  return bits
}

function range(from: number, to: number, step = 1): number[] {
  return Array.from(
    { length: Math.floor((to - from) / step) + 1 },
    (_, index) => from + index * step,
  )
}

const all60 = range(0, 59)

function textless(schedule: CronSchedule) {
  return { ...schedule, text: '' }
}

describe('minutes', () => {
  test.each([
    ['*', all60],
    ['?', all60],
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
    ['?/20', [0, 20, 40]],
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
  ])('%s', (text, minutes) => {
    expect(sixtyOf(readCron(`${text} 1 * * *`).minutes)).toEqual(minutes)
  })

  test('of five fields the second is 0, of six it is the first', () => {
    const five = readCron('7 8 * * *')
    expect([sixtyOf(five.seconds), sixtyOf(five.minutes), bitsOf(five.hours)]).toEqual([
      [0],
      [7],
      [8],
    ])
    const six = readCron('6 7 8 * * *')
    expect([sixtyOf(six.seconds), sixtyOf(six.minutes), bitsOf(six.hours)]).toEqual([[6], [7], [8]])
  })
})

describe('hours, and what makes an interval', () => {
  test.each([
    ['*', range(0, 23), true],
    ['0-23', range(0, 23), true],
    ['*/1', range(0, 23), true],
    ['0-11,12-23', range(0, 23), true],
    ['0-22', range(0, 22), false],
    ['*/2', range(0, 22, 2), false],
    ['9-17/4', [9, 13, 17], false],
    ['23', [23], false],
  ])('%s', (text, hours, interval) => {
    const schedule = readCron(`0 ${text} * * *`)
    expect(bitsOf(schedule.hours)).toEqual(hours)
    expect(schedule.interval).toBe(interval)
  })
})

describe('days of the month', () => {
  test.each([
    ['*', range(1, 31), false],
    ['1,15', [1, 15], false],
    ['31', [31], false],
    ['*/10', [1, 11, 21, 31], false],
    ['25-31/3', [25, 28, 31], false],
    ['L', [], true],
    ['l', [], true],
    ['1,L', [1], true],
    ['L,15-16', [15, 16], true],
  ])('%s', (text, days, lastDay) => {
    const schedule = readCron(`0 0 ${text} * *`)
    expect(bitsOf(schedule.days)).toEqual(days)
    expect(schedule.lastDay).toBe(lastDay)
  })

  test('31 stays 31, whatever the month', () => {
    expect(bitsOf(readCron('0 0 31 2,3 *').days)).toEqual([31])
    expect(bitsOf(readCron('0 0 28-31 2 *').days)).toEqual([28, 29, 30, 31])
  })
})

describe('months', () => {
  test.each([
    ['*', range(1, 12)],
    ['jan', [1]],
    ['DEC', [12]],
    ['Mar-May', [3, 4, 5]],
    ['jan,7,OCT', [1, 7, 10]],
    ['feb-nov/3', [2, 5, 8, 11]],
    ['*/4', [1, 5, 9]],
    ['6/3', [6, 9, 12]],
  ])('%s', (text, months) => {
    expect(bitsOf(readCron(`0 0 1 ${text} *`).months)).toEqual(months)
  })
})

describe('weekdays', () => {
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
  ])('%s', (text, expected) => {
    const { weekdays, lastWeekdays, nthWeekdays } = readCron(`0 0 * * ${text}`)
    const nth = Object.fromEntries(
      nthWeekdays.flatMap((mask, ordinal) => (mask === 0 ? [] : [[ordinal, bitsOf(mask)]])),
    )
    expect({ every: bitsOf(weekdays), last: bitsOf(lastWeekdays), nth }).toEqual(expected)
  })
})

describe('the day rule: either field, unless one begins with * or ?', () => {
  test.each([
    ['0 0 13 * 5', true],
    ['0 0 1-31 * 5', true],
    ['0 0 13 * 0-6', true],
    ['0 0 L * 5', true],
    ['0 0 13 * 5L', true],
    ['0 0 13,* * 5', true],
    ['0 0 H * 5', true],
    ['0 0 13 * *', false],
    ['0 0 * * 5', false],
    ['0 0 ? * 5', false],
    ['0 0 13 * ?', false],
    ['0 0 */2 * 5', false],
    ['0 0 13 * */2', false],
    ['0 0 *,13 * 5', false],
  ])('%s', (text, either) => {
    expect(readCron(text).eitherDay).toBe(either)
  })

  test.each<[string, string[]]>([
    // March 2026 begins on a Sunday.
    ['0 0 13 * 5', ['03-06', '03-13', '03-20', '03-27', '04-03', '04-10', '04-13']],
    ['0 0 15 * 5', ['03-06', '03-13', '03-15', '03-20']],
    ['0 0 */2 * 1', ['03-09', '03-23', '04-13', '04-27']],
    ['0 0 1-7 * */7', ['03-01', '04-05', '05-03']],
    ['0 0 L * *', ['03-31', '04-30', '05-31', '06-30']],
    ['0 0 L 2 *', ['02-28', '02-29']],
    ['0 0 31,L * *', ['03-31', '04-30', '05-31']],
    ['0 0 * * 5L', ['03-27', '04-24', '05-29']],
    ['0 0 * * 1#1', ['03-02', '04-06', '05-04']],
    ['0 0 * * 0#5', ['03-29', '05-31', '08-30']],
    ['0 0 L * 5#2', ['03-13', '03-31', '04-10', '04-30']],
    ['0 0 31 * *', ['03-31', '05-31', '07-31', '08-31', '10-31', '12-31', '01-31']],
  ])('%s', (text, days) => {
    const from = text === '0 0 L 2 *' ? '2027-02-01T00:00:00Z' : '2026-02-28T23:59:59Z'
    expect(dueTimes('UTC', text, from, days.length).map((time) => time.slice(5, 10))).toEqual(days)
  })
})

describe('nicknames', () => {
  test.each([
    ['@yearly', '0 0 0 1 1 *'],
    ['@annually', '0 0 0 1 1 *'],
    ['@monthly', '0 0 0 1 * *'],
    ['@weekly', '0 0 0 * * 0'],
    ['@daily', '0 0 0 * * *'],
    ['@midnight', '0 0 0 * * *'],
    ['@hourly', '0 0 * * * *'],
    ['@minutely', '0 * * * * *'],
    ['@secondly', '* * * * * *'],
    ['  @DAILY ', '0 0 0 * * *'],
  ])('%s is %s', (nickname, fields) => {
    expect(textless(readCron(nickname))).toEqual(textless(readCron(fields)))
    expect(readCron(nickname).text).toBe(nickname)
  })

  test.each([
    ['@every 90s', 90],
    ['@every 1s', 1],
    ['@EVERY 1H30M', 5400],
    ['  @every   2d ', 172_800],
    ['@every 2000ms', 2],
  ])('%s is every %d seconds', (text, seconds) => {
    expect(read(text)).toEqual({ kind: 'every', text, seconds })
  })

  test('@every counts from the epoch, so that a restart does not move it', () => {
    expect(dueTimes('UTC', '@every 90s', '1970-01-01T00:00:01Z', 2)).toEqual([
      '1970-01-01T00:01:30+00:00',
      '1970-01-01T00:03:00+00:00',
    ])
    expect(dueTimes('America/New_York', '@every 7h', '2026-01-01T00:00:00Z', 1)).toEqual(
      dueTimes('America/New_York', '@every 7h', '2026-01-01T00:00:01Z', 1),
    )
  })

  test('@reboot is never due by the clock', () => {
    expect(read('@Reboot')).toEqual({ kind: 'reboot', text: '@Reboot' })
    expect(dueTimes('UTC', '@reboot', '2026-01-01T00:00:00Z', 1)).toEqual([])
  })
})

test('blanks and tabs separate fields, as many as there are', () => {
  expect(textless(readCron(' \t0  12\t* *   1-5 '))).toEqual(textless(readCron('0 12 * * 1-5')))
})

test('a schedule is plain data that can be sent to a worker', () => {
  for (const text of ['*/5 8-18 1,L * 5L,1#2', '@every 90s', '@reboot']) {
    const schedule = read(text, 'Europe/Berlin')
    expect(structuredClone(schedule)).toEqual(schedule)
    expect(JSON.parse(JSON.stringify(schedule))).toEqual(schedule)
  }
})
