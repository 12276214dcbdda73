import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nextDue } from '../../src/schedule/due.ts'
import { parseSchedule } from '../../src/schedule/parse.ts'

function refusal(text: string, zone = 'UTC') {
  const parsed = parseSchedule(text, { zone, seed: 'task@host' })
  return parsed.ok ? 'accepted' : [parsed.message, parsed.hint]
}

const sixFields = 'the fields are minute hour day month weekday, with the second before them or not'
const noYear = 'the fields are second minute hour day month weekday; there is none for a year'
const nicknames =
  'there are @yearly @annually @monthly @weekly @daily @midnight @hourly @minutely @secondly @every @reboot'

describe('what is refused, with which words', () => {
  test.each<[string, string, string | null]>([
    // The number of fields.
    ['', 'expected 5 or 6 fields, got 0', sixFields],
    ['   ', 'expected 5 or 6 fields, got 0', sixFields],
    ['5', 'expected 5 or 6 fields, got 1', sixFields],
    ['* * * *', 'expected 5 or 6 fields, got 4', sixFields],
    ['0 0 0 1 1 * 2026', 'expected 5 or 6 fields, got 7', noYear],
    ['1 2 3 4 5 6 7 8', 'expected 5 or 6 fields, got 8', sixFields],
    ['0 0 1 1 * 2026', 'weekday: 2026 is out of range; weekdays are 0-7 or sun-sat', noYear],
    // Numbers out of range, in each field.
    ['60 * * * * *', 'second: 60 is out of range; seconds are 0-59', null],
    ['75 * * * *', 'minute: 75 is out of range; minutes are 0-59', null],
    ['0 24 * * *', 'hour: 24 is out of range; hours are 0-23', null],
    ['0 0 0 * *', 'day: 0 is out of range; days are 1-31', null],
    ['0 0 32 * *', 'day: 32 is out of range; days are 1-31', null],
    ['0 0 * 0 *', 'month: 0 is out of range; months are 1-12 or jan-dec', null],
    ['0 0 * 13 *', 'month: 13 is out of range; months are 1-12 or jan-dec', null],
    ['0 0 * * 8', 'weekday: 8 is out of range; weekdays are 0-7 or sun-sat', null],
    ['0,15,99 * * * *', 'minute: 99 is out of range; minutes are 0-59', null],
    ['50-70 * * * *', 'minute: 70 is out of range; minutes are 0-59', null],
    [
      '99999999999999999999 * * * *',
      'minute: 99999999999999999999 is out of range; minutes are 0-59',
      null,
    ],
    // Ranges that run backwards.
    ['0 22-4 * * *', 'hour: 22-4 is reversed; hours are 0-23', 'write "22-23,0-4"'],
    ['0 23-0 * * *', 'hour: 23-0 is reversed; hours are 0-23', 'write "23,0"'],
    ['0 22-4/2 * * *', 'hour: 22-4 is reversed; hours are 0-23', 'write "22-23,0-4"'],
    ['0 0 28-3 * *', 'day: 28-3 is reversed; days are 1-31', 'write "28-31,1-3"'],
    [
      '0 0 * nov-feb *',
      'month: nov-feb is reversed; months are 1-12 or jan-dec',
      'write "nov-dec,jan-feb"',
    ],
    [
      '0 0 * * fri-mon',
      'weekday: fri-mon is reversed; weekdays are 0-7 or sun-sat',
      'write "fri-sat,sun-mon"',
    ],
    ['H(29-0) * * * *', 'minute: 29-0 is reversed; minutes are 0-59', 'write "29-59,0"'],
    // Steps.
    ['*/0 * * * *', 'minute: step 0 is out of range; steps are 1-60', null],
    ['*/70 * * * *', 'minute: step 70 is out of range; steps are 1-60', null],
    ['0 */25 * * *', 'hour: step 25 is out of range; steps are 1-24', null],
    ['0 0 */32 * *', 'day: step 32 is out of range; steps are 1-31', null],
    ['0 0 * */13 *', 'month: step 13 is out of range; steps are 1-12', null],
    ['0 0 * * */8', 'weekday: step 8 is out of range; steps are 1-7', null],
    ['H/0 * * * *', 'minute: step 0 is out of range; steps are 1-60', null],
    ['*/x * * * *', 'minute: "x" is not a step; steps are 1-60', null],
    ['*/ * * * *', 'minute: "" is not a step; steps are 1-60', null],
    ['*/5/5 * * * *', 'minute: "5/5" is not a step; steps are 1-60', null],
    ['*/-5 * * * *', 'minute: "-5" is not a step; steps are 1-60', null],
    // Words.
    ['abc * * * *', 'minute: "abc" is not a minute; minutes are 0-59', null],
    ['1.5 * * * *', 'minute: "1.5" is not a minute; minutes are 0-59', null],
    ['0x5 * * * *', 'minute: "0x5" is not a minute; minutes are 0-59', null],
    ['-5 * * * *', 'minute: "-5" is not a minute; minutes are 0-59', null],
    ['5- * * * *', 'minute: "5-" is not a minute; minutes are 0-59', null],
    ['1-2-3 * * * *', 'minute: "2-3" is not a minute; minutes are 0-59', null],
    ['** * * * *', 'minute: "**" is not a minute; minutes are 0-59', null],
    ['1,,2 * * * *', 'minute: "1,,2" has an empty item; minutes are 0-59', null],
    ['0, * * * *', 'minute: "0," has an empty item; minutes are 0-59', null],
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
    ['0 mon * * *', 'hour: "mon" is not an hour; hours are 0-23', null],
    ['\u001b[31m * * * *', 'minute: "\\u001b[31m" is not a minute; minutes are 0-59', null],
    // L, # and H where they do not belong.
    ['L * * * *', 'minute: "L" is not a minute; minutes are 0-59', null],
    ['0 0 L-3 * *', 'day: "L" is not a day; days are 1-31', null],
    ['0 0 15W * *', 'day: "15W" is not a day; days are 1-31', null],
    ['0 0 5L * *', 'day: "5L" is not a day; days are 1-31', null],
    [
      '0 0 * * L',
      'weekday: L needs a weekday before it; weekdays are 0-7 or sun-sat',
      '5L is the last Friday of the month',
    ],
    ['0 0 * * 8L', 'weekday: 8 is out of range; weekdays are 0-7 or sun-sat', null],
    ['0 0 * * 1-5L', 'weekday: "1-5" is not a weekday; weekdays are 0-7 or sun-sat', null],
    ['0 0 * * 5#6', 'weekday: "5#6" is out of range; a month has each weekday 1-5 times', null],
    ['0 0 * * 5#0', 'weekday: "5#0" is out of range; a month has each weekday 1-5 times', null],
    ['0 0 * * 5#', 'weekday: "5#" is out of range; a month has each weekday 1-5 times', null],
    ['0 0 * * 9#1', 'weekday: 9 is out of range; weekdays are 0-7 or sun-sat', null],
    ['0 0 5#2 * *', 'day: "5#2" is not a day; days are 1-31', null],
    ['H(0-75) * * * *', 'minute: 75 is out of range; minutes are 0-59', null],
    ['H(5) * * * *', 'minute: "H(5)" is not a minute; minutes are 0-59', null],
    ['H() * * * *', 'minute: "H()" is not a minute; minutes are 0-59', null],
    ['H-5 * * * *', 'minute: "H" is not a minute; minutes are 0-59', null],
    // Nicknames.
    ['@dayly', `unknown nickname "@dayly"; ${nicknames}`, 'did you mean "@daily"?'],
    ['@', `unknown nickname "@"; ${nicknames}`, null],
    ['@daily 5', `unknown nickname "@daily 5"; ${nicknames}`, 'did you mean "@daily"?'],
    ['@toString', `unknown nickname "@toString"; ${nicknames}`, null],
    [
      '@every',
      '@every: expected whole seconds, at least 1s, as in "@every 90s"; got nothing',
      null,
    ],
    [
      '@every 500ms',
      '@every: expected whole seconds, at least 1s, as in "@every 90s"; got "500ms"',
      null,
    ],
    [
      '@every 1500ms',
      '@every: expected whole seconds, at least 1s, as in "@every 90s"; got "1500ms"',
      null,
    ],
    [
      '@every 0s',
      '@every: expected whole seconds, at least 1s, as in "@every 90s"; got "0s"',
      null,
    ],
    [
      '@every 1h 30m',
      '@every: expected whole seconds, at least 1s, as in "@every 90s"; got "1h 30m"',
      null,
    ],
    [
      '@every 90',
      '@every: expected a duration as 500ms, 30s, 5m, 1h30m or 7d; got "90", which has no unit',
      null,
    ],
    ['@every day', '@every: expected a duration as 500ms, 30s, 5m, 1h30m or 7d; got "day"', null],
    ['@every 99999d', '@every: "99999d" is too long; the most is 36500d', null],
  ])('%j', (text, message, hint) => {
    expect(refusal(text)).toEqual([message, hint])
  })

  test('more text than any schedule needs', () => {
    const message = 'a schedule has at most 1024 characters, got 1026'
    expect(refusal(`${'0,'.repeat(509)}0 * * *\t`)).toEqual([message, null])
  })

  test('a zone that is none', () => {
    const words = 'unknown time zone "Europe/Berln"'
    expect(refusal('* * * * *', 'Europe/Berln')).toEqual([words, 'did you mean "Europe/Berlin"?'])
    expect(refusal('* * * * *', 'utc')).toEqual(['unknown time zone "utc"', 'did you mean "UTC"?'])
  })
})

describe('schedules that never fire', () => {
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
  ])('%s: %s', (text, never) => {
    const parsed = parseSchedule(text, { zone: 'Europe/Berlin', seed: '' })
    expect(parsed).toMatchObject({ ok: true, neverFires: never })
    if (parsed.ok && never) expect(nextDue(parsed.schedule, 0)).toBeUndefined()
  })
})

describe('whatever the text', () => {
  const item = fc.stringMatching(/^[*?HhLl0-9#/(),.a-z@-]{0,8}$/)
  const text = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.array(item, { maxLength: 8 }).map((fields) => fields.join(' ')),
    item.map((word) => `0 0 ${word} * ${word}`),
    fc.string().map((word) => `@every ${word}`),
  )

  test('reading it never throws, and what is accepted has a next time or never fires', () => {
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
})
