import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { nextDue } from '../../src/schedule/due.ts'
import { parseSchedule } from '../../src/schedule/parse.ts'
import type { CronSchedule } from '../../src/schedule/schedule.ts'
import { bitsOf, dueTimes, read, readCron, refusal, sixtyOf } from '../support/schedules.ts'

function textless(schedule: CronSchedule) {
  return { ...schedule, text: '' }
}

test('five fields begin with the minute, at second 0; six fields begin with the second', () => {
  const five = readCron('7 8 * * *')
  expect([sixtyOf(five.seconds), sixtyOf(five.minutes), bitsOf(five.hours)]).toEqual([
    [0],
    [7],
    [8],
  ])
  const six = readCron('6 7 8 * * *')
  expect([sixtyOf(six.seconds), sixtyOf(six.minutes), bitsOf(six.hours)]).toEqual([[6], [7], [8]])
})

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
])('in %s a match of one day field is enough: %s', (text, either) => {
  expect(readCron(text).eitherDay).toBe(either)
})

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
])('the nickname %j means %s', (nickname, fields) => {
  expect(textless(readCron(nickname))).toEqual(textless(readCron(fields)))
  expect(readCron(nickname).text).toBe(nickname)
})

test.each([
  ['@every 90s', 90],
  ['@every 1s', 1],
  ['@EVERY 1H30M', 5400],
  ['  @every   2d ', 172_800],
  ['@every 2000ms', 2],
])('%j means every %d seconds', (text, seconds) => {
  expect(read(text)).toEqual({ kind: 'every', text, seconds })
})

test('@every counts from the epoch, so a restart does not move its slots', () => {
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

test('any number of spaces and tabs may separate the fields', () => {
  expect(textless(readCron(' \t0  12\t* *   1-5 '))).toEqual(textless(readCron('0 12 * * 1-5')))
})

test('a compiled schedule is plain data that can be sent to a worker', () => {
  for (const text of ['*/5 8-18 1,L * 5L,1#2', '@every 90s', '@reboot']) {
    const schedule = read(text, 'Europe/Berlin')
    expect(structuredClone(schedule)).toEqual(schedule)
    expect(JSON.parse(JSON.stringify(schedule))).toEqual(schedule)
  }
})

test.each([
  ['@5minutes', 'write "@every 5m"'],
  ['@every5m', 'write "@every 5m"'],
  ['@every_5_minutes', 'write "@every 5m"'],
  ['@evry 90s', 'write "@every 1m30s"'],
  ['@everyminute', 'write "@minutely"'],
  ['@every-day', 'write "@daily"'],
  ['@rebot', 'did you mean "@reboot"?'],
  ['@ daily', 'did you mean "@daily"?'],
  // Similar names with another meaning
  ['@biweekly', null],
  ['@bimonthly', null],
  ['@hourly30', null],
  ['@monthly_first', null],
  ['@everything', null],
])('the unknown nickname %s gets the hint %j', (text, hint) => {
  expect(refusal(text).hint).toBe(hint)
})

test.each([
  ['every day', 'did you mean "@daily"?'],
  ['weekdays', 'did you mean "0 0 * * mon-fri"?'],
  ['every 1.5h', 'did you mean "@every 1h30m"?'],
])('the words %s get the hint %j', (text, hint) => {
  expect(refusal(text).hint).toBe(hint)
})

test('a fraction of a second is not said to have no unit', () => {
  expect(refusal('@every 0.5s').message).toBe(
    '@every: expected a duration of whole seconds, at least 1s; got "0.5s"',
  )
})

test.each<[string, string, string | null]>([
  // fields
  [
    '',
    'expected 5 or 6 fields; got 0',
    'the 5 fields are minute hour day month weekday; the second may come before them',
  ],
  [
    '   ',
    'expected 5 or 6 fields; got 0',
    'the 5 fields are minute hour day month weekday; the second may come before them',
  ],
  [
    '5',
    'expected 5 or 6 fields; got 1',
    'the 5 fields are minute hour day month weekday; the second may come before them',
  ],
  [
    '* * * *',
    'expected 5 or 6 fields; got 4',
    'the 5 fields are minute hour day month weekday; the second may come before them',
  ],
  [
    '0 0 0 1 1 * 2026',
    'expected 5 or 6 fields; got 7',
    'a schedule has no year; its 6 fields are second minute hour day month weekday',
  ],
  [
    '1 2 3 4 5 6 7 8',
    'expected 5 or 6 fields; got 8',
    'the 5 fields are minute hour day month weekday; the second may come before them',
  ],
  // time zones
  [
    'CRON_TZ=Asia/Tokyo 0 0 * * *',
    'a schedule cannot set its time zone',
    'write "0 0 * * *" and use the key timezone: Asia/Tokyo',
  ],
  [
    'TZ="Japan" @every 5m',
    'a schedule cannot set its time zone',
    'write "@every 5m" and use the key timezone: Asia/Tokyo',
  ],
  ['TZ=UTC 61 0 * * *', 'a schedule cannot set its time zone', 'use the key timezone: UTC'],
  [
    '30 2 * * * Europe/Berlin',
    'a schedule cannot set its time zone',
    'write "30 2 * * *" and use the key timezone: Europe/Berlin',
  ],
  [
    '0 30 2 * * * EST',
    'a schedule cannot set its time zone',
    'write "0 30 2 * * *" and use the key timezone: America/New_York',
  ],
  [
    'CRON_TZ=CST 0 6 * * *',
    'a schedule cannot set its time zone',
    'write "0 6 * * *" and use the key timezone: America/Chicago or Asia/Shanghai',
  ],
  [
    'CRON_TZ=Berlin @daily',
    'a schedule cannot set its time zone',
    'write "@daily" and use the key timezone; did you mean "Europe/Berlin"?',
  ],
  [
    '@daily Europe/Berlin',
    'a schedule cannot set its time zone',
    'write "@daily" and use the key timezone: Europe/Berlin',
  ],
  [
    '@every 5m UTC',
    'a schedule cannot set its time zone',
    'write "@every 5m" and use the key timezone: UTC',
  ],
  [
    '0 6 * * * +05:30',
    'a schedule cannot set its time zone',
    'write "0 6 * * *" and use the key timezone; write the zone of a place with this offset, such as Asia/Kolkata for +05:30',
  ],
  // met may be a program, although MET is a zone
  [
    '0 6 * * * met',
    'expected only a schedule; got more text after it',
    'write "0 6 * * *"; a command belongs in the key command',
  ],
  // Lines of a crontab
  [
    '0 2 * * * /usr/bin/backup --full',
    'expected only a schedule; got more text after it',
    'write "0 2 * * *"; a command belongs in the key command',
  ],
  [
    '*/5 * * * * root backup 5',
    'expected only a schedule; got more text after it',
    'write "*/5 * * * *"; a command belongs in the key command',
  ],
  [
    '0 */5 * * * * php x',
    'expected only a schedule; got more text after it',
    'write "0 */5 * * * *"; a command belongs in the key command',
  ],
  [
    '61 2 * * * backup',
    'expected only a schedule; got more text after it',
    'a command belongs in the key command',
  ],
  [
    '@reboot /usr/bin/start',
    'expected only a schedule; got more text after it',
    'write "@reboot"; a command belongs in the key command',
  ],
  [
    '@every 5m /usr/bin/start',
    'expected only a schedule; got more text after it',
    'write "@every 5m"; a command belongs in the key command',
  ],
  // The six fields of AWS
  [
    '0 10 * * ? *',
    'month: "?" is only for the day and the weekday; months are 1-12 or jan-dec',
    'the 6 fields of AWS end with a year: write "0 10 * * ?"',
  ],
  [
    '15 10 ? * 6L *',
    'hour: "?" is only for the day and the weekday; hours are 0-23',
    'the 6 fields of AWS end with a year: write "15 10 ? * friL", because its weekdays 1-7 are sun-sat',
  ],
  // Words
  ['daily', 'expected 5 or 6 fields; got 1', 'did you mean "@daily"?'],
  ['every 5 minutes', 'expected 5 or 6 fields; got 3', 'did you mean "@every 5m"?'],
  [
    'TZ=nowhere 0 0 * * *',
    'a schedule cannot set its time zone',
    'write "0 0 * * *" and use the key timezone; write an IANA name, such as Europe/Berlin',
  ],
  // nicknames
  [
    '@dayly',
    'unknown nickname "@dayly"; torch knows @yearly @annually @monthly @weekly @daily @midnight @hourly @minutely @secondly @every @at @reboot',
    'did you mean "@daily"?',
  ],
  [
    '@',
    'unknown nickname "@"; torch knows @yearly @annually @monthly @weekly @daily @midnight @hourly @minutely @secondly @every @at @reboot',
    null,
  ],
  [
    '@daily 5',
    'expected only a schedule; got more text after it',
    'write "@daily"; a command belongs in the key command',
  ],
  [
    '@toString',
    'unknown nickname "@toString"; torch knows @yearly @annually @monthly @weekly @daily @midnight @hourly @minutely @secondly @every @at @reboot',
    null,
  ],
  [
    '@every',
    '@every: expected a duration of whole seconds, at least 1s; got nothing',
    'for example "@every 90s" or "@every 1h30m"',
  ],
  [
    '@every 500ms',
    '@every: expected a duration of whole seconds, at least 1s; got "500ms"',
    'for example "@every 90s" or "@every 1h30m"',
  ],
  [
    '@every 1500ms',
    '@every: expected a duration of whole seconds, at least 1s; got "1500ms"',
    'for example "@every 90s" or "@every 1h30m"',
  ],
  [
    '@every 0s',
    '@every: expected a duration of whole seconds, at least 1s; got "0s"',
    'for example "@every 90s" or "@every 1h30m"',
  ],
  [
    '@every 1h 30m',
    '@every: expected a duration of whole seconds, at least 1s; got "1h 30m"',
    'write "@every 1h30m"',
  ],
  [
    '@every 90',
    '@every: expected a duration of whole seconds, at least 1s; got "90"',
    'did you mean "@every 90s"?',
  ],
  [
    '@every 1.5h',
    '@every: expected a duration of whole seconds, at least 1s; got "1.5h"',
    'write "@every 1h30m"',
  ],
  [
    '@every 2 Hours 30 min',
    '@every: expected a duration of whole seconds, at least 1s; got "2 Hours 30 min"',
    'write "@every 2h30m"',
  ],
  [
    '@every day',
    '@every: expected a duration of whole seconds, at least 1s; got "day"',
    'write "@every 1d"',
  ],
  [
    '@every blue moon',
    '@every: expected a duration of whole seconds, at least 1s; got "blue moon"',
    'for example "@every 90s" or "@every 1h30m"',
  ],
  [
    '@every 1.0001s',
    '@every: expected a duration of whole seconds, at least 1s; got "1.0001s"',
    'for example "@every 90s" or "@every 1h30m"',
  ],
  ['@every 99999d', '@every: "99999d" is too long; the longest duration is 36500d', null],
])('the schedule %j is refused: %s', (text, message, hint) => {
  expect(refusal(text)).toEqual({ message, hint })
})

test.each([
  ['@weekdays', '0 0 * * mon-fri'],
  ['@weekend', '0 0 * * sat,sun'],
  ['@every_minute', '@minutely'],
  ['@every_second', '@secondly'],
  ['@noon', '0 12 * * *'],
  ['@quarterly', '0 0 1 1,4,7,10 *'],
  ['@hour', '@hourly'],
  ['@boot', '@reboot'],
])('the nickname %s is refused, and %s is suggested', (nickname, instead) => {
  expect(refusal(nickname).hint).toBe(`write "${instead}"`)
  expect(read(instead).text).toBe(instead)
})

test('a schedule of more than 1024 characters is refused', () => {
  expect(refusal(`${'0,'.repeat(509)}0 * * *\t`)).toEqual({
    message: 'a schedule may have at most 1024 characters; got 1026',
    hint: 'split it into a list of shorter schedules',
  })
})

test.each([
  ['Europe/Berln', 'did you mean "Europe/Berlin"?'],
  ['+05:00/x', 'write an IANA name, such as Europe/Berlin'],
  ['Mars', 'write an IANA name, such as Europe/Berlin'],
])('the time zone %s is refused', (zone, hint) => {
  expect(refusal('* * * * *', zone)).toEqual({ message: `unknown time zone "${zone}"`, hint })
})

test.each([
  ['0 0 30 2 *', true],
  ['0 0 31 2,4,6,9,11 *', true],
  ['0 0 31 4 ?', true],
  ['0 0 30,31 2 */2', true],
  ['0 0 29 2 *', false],
  ['0 0 29 2 */7', false],
  ['0 0 30 2 1', false],
  ['0 0 L 2 *', false],
  ['0 0 31 * *', false],
  ['0 0 * 2 1#5', false],
  ['0 0 */31 2 1#5', true],
  ['* * 31 4 *', true],
  ['@reboot', false],
  ['@every 1s', false],
])('the schedule %s never fires: %s', (text, never) => {
  const parsed = parseSchedule(text, { zone: 'Europe/Berlin', seed: '' })
  expect(parsed).toMatchObject({ ok: true, neverFires: never })
  if (parsed.ok && never) expect(nextDue(parsed.schedule, 0)).toBeUndefined()
})

const item = fc.stringMatching(/^[*?HhLl0-9#/(),.a-z@-]{0,8}$/)
const text = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.array(item, { maxLength: 8 }).map((fields) => fields.join(' ')),
  item.map((word) => `0 0 ${word} * ${word}`),
  fc.string().map((word) => `@every ${word}`),
)

test('any text is refused with a message, or accepted and due at some time unless it never fires', () => {
  fc.assert(
    fc.property(text, (any) => {
      const parsed = parseSchedule(any, { zone: 'UTC', seed: '' })
      if (!parsed.ok) {
        expect(parsed.message).toMatch(/^\S/)
      } else if (parsed.schedule.kind !== 'reboot') {
        expect(nextDue(parsed.schedule, 1_800_000_000) === undefined).toBe(parsed.neverFires)
      }
    }),
    { numRuns: 3000 },
  )
})
