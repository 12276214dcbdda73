import { describe, expect, test } from 'vitest'
import { fromCrontab, tasksOf, told } from '../read.ts'

/** The schedule that an entry with this time gets, and what is said about it. */
function imported(when: string) {
  const result = fromCrontab(`${when} x\n`)
  return { schedule: tasksOf(result)[0]?.schedules[0]?.text, told: told(result) }
}

describe('times stay as they are written', () => {
  test.each([
    '* * * * *',
    '*/5 0-23/2 1,15 * *',
    '05 007 * jan-MAR,Nov sun,Mon-fri',
    '0 0 * * 5-7',
    '0 0 *,5 * 1',
    '0 0 5,* * 1',
    '59 23 31 12 7',
    '@reboot',
    '@midnight',
  ])('%s', (when) => {
    expect(imported(when)).toEqual({ schedule: when, told: [] })
  })

  test('but for the blanks between them', () => {
    expect(imported(' \t 0\t1  2 \t3   *').schedule).toBe('0 1 2 3 *')
  })
})

describe('times are written anew where torch has another dialect', () => {
  test.each([
    ['*/60 * * * *', '*/60 * * * *'],
    ['*/61 */25 */32 */13 */8', '*/60 */24 */31 */12 */7'],
    ['10-50/60 * * * *', '10-50/60 * * * *'],
    ['10-50/99 0-23/24 2-31/32 * 1-5/8', '10 0-23/24 2 * 1'],
  ])('%s', (when, schedule) => {
    expect(imported(when)).toEqual({ schedule, told: [] })
  })
})

describe('random ranges of cronie become H', () => {
  test.each([
    ['10~30 * * * *', 'H(10-30) * * * *', 'minute: "10~30"', 'H(10-30)'],
    ['~ * * * *', 'H * * * *', 'minute: "~"', 'H'],
    ['0 ~6 * * *', '0 H(0-6) * * *', 'hour: "~6"', 'H(0-6)'],
    ['0 20~ * * *', '0 H(20-23) * * *', 'hour: "20~"', 'H(20-23)'],
    ['0 0 ~ * *', '0 0 H(1-31) * *', 'day: "~"', 'H(1-31)'],
    ['0 0 * * mon~fri', '0 0 * * H(mon-fri)', 'weekday: "mon~fri"', 'H(mon-fri)'],
    ['0~59/10 * * * *', 'H(0-59)/10 * * * *', 'minute: "0~59/10"', 'H(0-59)/10'],
    ['~/99 * * * *', 'H/60 * * * *', 'minute: "~/99"', 'H/60'],
  ])('%s', (when, schedule, what, range) => {
    const note = `1: ${what} is another value at each start of cron; ${range} is one for each machine, and stays`
    expect(imported(when)).toEqual({ schedule, told: [note] })
  })
})

test.each([
  ['*5 * * * *', '* * * * *', 'minute: cron reads "*5" as *, and so does this'],
  ['0 *-5,7 * * *', '0 * * * *', 'hour: cron reads "*-5" as *, and so does this'],
  ['0 0 30 feb *', '0 0 30 feb *', 'it never fires: there is no such day'],
])('%s is said to be odd', (when, schedule, note) => {
  expect(imported(when)).toEqual({ schedule, told: [`1: ${note}`] })
})

describe('what cron refuses, or takes for something that nobody meant, is not imported', () => {
  test.each([
    ['60 * * * *', 'minute: "60" is out of range; minutes are 0-59'],
    ['0 24 * * *', 'hour: "24" is out of range; hours are 0-23'],
    ['0 0 0 * *', 'day: "0" is out of range; days are 1-31'],
    ['0 0 * 13 *', 'month: "13" is out of range; months are 1-12 or jan-dec'],
    ['0 0 * * 8', 'weekday: "8" is out of range; weekdays are 0-7 or sun-sat'],
    ['0 0 * january *', 'month: "january" is not a month; months are 1-12 or jan-dec'],
    ['0 0 mon * *', 'day: "mon" is not a day; days are 1-31'],
    ['*/0 * * * *', 'minute: "0" is not a step; minutes are 0-59'],
    ['*/x * * * *', 'minute: "x" is not a step; minutes are 0-59'],
    ['*/5-7 * * * *', 'minute: "5-7" is not a step; minutes are 0-59'],
    ['1-5/0 * * * *', 'minute: "0" is not a step; minutes are 0-59'],
    ['0 22-4 * * *', 'hour: "22-4" is reversed, which cron never matches; hours are 0-23'],
    [
      '0 0 * * fri-sun',
      'weekday: "fri-sun" is reversed, which cron never matches; weekdays are 0-7 or sun-sat',
    ],
    ['30~10 * * * *', 'minute: "30~10" is reversed; minutes are 0-59'],
    [
      '5/15 * * * *',
      'minute: "5/15" has a step, but no range; minutes are 0-59; did you mean "5-59/15"?',
    ],
    ['1-2-3 * * * *', 'minute: "1-2-3" is nothing that cron reads; minutes are 0-59'],
    ['1,,2 * * * *', 'minute: "" is nothing that cron reads; minutes are 0-59'],
    ['? * * * *', 'minute: "?" is nothing that cron reads; minutes are 0-59'],
    ['L * * * *', 'minute: "L" is not a minute; minutes are 0-59'],
    ['0 0 * * 5#2', 'weekday: "5#2" is nothing that cron reads; weekdays are 0-7 or sun-sat'],
    ['@Daily', 'cron knows no "@Daily"; did you mean @daily?'],
    ['@every_minute', 'the crons of Linux know no "@every_minute"; torch has @minutely'],
    ['@90', 'the crons of Linux know no "@90"; torch has @every 90s'],
    ['@never', 'the crons of Linux know no "@never"'],
  ])('%s', (when, message) => {
    expect(imported(when)).toEqual({ schedule: undefined, told: [`1: not imported: ${message}`] })
  })

  test.each([
    ['* * * * * *', 'a sixth field: cron has five, and then the command'],
    ['* * * * *', 'there is no command'],
    ['@daily', 'there is no command'],
    ['@daily %input', 'there is no command'],
    ['* * * *', 'expected five fields and a command'],
    ['hello', 'expected five fields and a command'],
    ['A="b', 'the quote is not closed'],
  ])('%s', (line, message) => {
    const result = fromCrontab(`${line}\n`)
    expect(told(result)).toEqual([`1: not imported: ${message}`])
    expect(result.yaml).toContain(`\n# Not imported: ${message}\n# ${line}\n\ntasks: {}\n`)
  })
})
