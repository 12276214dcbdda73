import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { scheduleWords } from '../../src/http/schedule-words.ts'
import { parseSchedule } from '../../src/schedule/parse.ts'
import { anySchedule } from '../support/schedule-texts.ts'

test.each([
  ['30 2 * * *', 'At 02:30'],
  ['*/5 * * * *', 'Every 5 minutes'],
  ['0 0 9 * * 1-5', 'At 09:00, Monday through Friday'],
  ['50 * * * * *', 'At 50 seconds past the minute'],
  ['00 30 2 * * *', 'At 02:30'],
  ['15 30 2 * * 1-5', 'At 02:30:15, Monday through Friday'],
  ['15 30 * * * *', 'At 15 seconds past the minute, at 30 minutes past the hour'],
  ['*/10 * * * * *', 'Every 10 seconds'],
  ['* * * * * *', 'Every second'],
  ['@daily', 'At 00:00'],
  ['@every 90s', 'Every 1m30s'],
  ['@reboot', 'At boot'],
])('the words of %s are: %s', (text, words) => {
  expect(scheduleWords(text)).toBe(words)
})

test.each([
  ['H 3 * * *', 'H is another minute on each machine'],
  ['0 9 * * 1#2', 'the second Monday'],
  ['0 9 L * *', 'the last day'],
  ['0 9 * * 5L', 'the last Friday'],
  ['0,30 * * * * *', 'a list of seconds'],
  ['*/7 * * * * *', 'a step that does not divide the minute'],
  ['*/10 */5 * * * *', 'steps of seconds and of minutes'],
  ['15 30 2,4 * * *', 'a second in more than one hour'],
  ['0 0 1 * 1', 'a day of the month or a weekday'],
  ['*/7 * * * *', 'a step that does not divide the hour'],
  ['0 5-23/3 * * *', 'a step within a range'],
  ['0 9 ? * 1', 'a question mark'],
  ['0 22-2 * * *', 'a range over midnight'],
  ['nonsense', 'no schedule'],
])('%s has no words: %s', (text) => {
  expect(scheduleWords(text)).toBeNull()
})

/** Any schedule, and many of the forms that get words. */
const number = (most: number) => fc.integer({ min: 0, max: most }).map(String)
const listOf = (least: number, most: number) =>
  fc
    .uniqueArray(fc.integer({ min: least, max: most }), { minLength: 1, maxLength: 4 })
    .map((values) => values.join(','))
const rangeOf = (least: number, most: number) =>
  fc
    .tuple(fc.integer({ min: least, max: most - 1 }), fc.integer({ min: 1, max: most }))
    .map(([from, more]) => `${from}-${Math.min(from + more, most)}`)
const steps = (whole: number) => fc.integer({ min: 2, max: whole - 1 }).map((step) => `*/${step}`)
const star = fc.constant('*')
const plain = fc
  .tuple(
    fc.option(fc.oneof(star, number(59), steps(60), listOf(0, 59)), { nil: '' }),
    fc.oneof(star, number(59), steps(60), listOf(0, 59)),
    fc.oneof(star, number(23), steps(24), listOf(0, 23), rangeOf(0, 23)),
    fc.oneof(star, star, listOf(1, 31)),
    fc.oneof(star, star, listOf(1, 12)),
    fc.oneof(star, star, listOf(0, 6), rangeOf(0, 6), fc.constantFrom('mon', 'mon-fri', 'sat,sun')),
  )
  .map((fields) => fields.filter((field) => field !== '').join(' '))

test('whatever the schedule, its words mean the same times and days as the engine has', () => {
  const numRuns = Number(process.env['TORCH_TEST_WORDS'] ?? 2_000)
  let worded = 0
  fc.assert(
    fc.property(fc.oneof({ weight: 3, arbitrary: plain }, anySchedule()), (text) => {
      const words = scheduleWords(text)
      const parsed = parseSchedule(text, { zone: 'UTC', seed: 'task@host' })
      if (words === null || !parsed.ok || parsed.schedule.kind !== 'cron') return
      worded += 1
      const { seconds, minutes, hours, days, months, weekdays } = parsed.schedule
      const sixty = ({ low, high }: typeof minutes): number[] => [
        ...bits(low, 0, 29),
        ...bits(high, 0, 29).map((bit) => bit + 30),
      ]
      const engine = {
        seconds: sixty(seconds),
        minutes: sixty(minutes),
        hours: bits(hours, 0, 23),
        days: bits(days, 1, 31),
        months: bits(months, 1, 12),
        weekdays: bits(weekdays, 0, 6),
      }
      expect({ text, words, ...meaningOf(words) }).toEqual({ text, words, ...engine })
    }),
    { numRuns },
  )
  expect(worded).toBeGreaterThan(numRuns / 10)
})

function bits(mask: number, from: number, to: number): number[] {
  return upTo(from, to).filter((bit) => ((mask >>> bit) & 1) === 1)
}

function upTo(from: number, to: number, step = 1): number[] {
  const found: number[] = []
  for (let value = from; value <= to; value += step) found.push(value)
  return found
}

const dayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const monthNames = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August'],
  ...['September', 'October', 'November', 'December'],
]

/** Reads the words as a person does. Throws for words that it does not know. */
function meaningOf(words: string) {
  const found = {
    seconds: [0],
    minutes: upTo(0, 59),
    hours: upTo(0, 23),
    days: upTo(1, 31),
    months: upTo(1, 12),
    weekdays: upTo(0, 6),
  }
  // Only a list of days of the month begins with "on day".
  const parts = words
    .replaceAll(', and ', ' and ')
    .split(/, (?=at |between |on |only |every |[A-Z][a-z]+day through)/)
  for (const part of parts) readPart(part, found)
  return found
}

type Meaning = ReturnType<typeof meaningOf>

function readPart(part: string, found: Omit<Meaning, never>): void {
  const list = (text: string): string[] => text.split(/, | and /).map((each) => each.trim())
  const match = (form: RegExp): RegExpExecArray | null => form.exec(part)
  let groups: RegExpExecArray | null
  if (/^Every minute$/i.test(part)) return
  if (/^Every second$/.test(part)) {
    found.seconds = upTo(0, 59)
    return
  }
  if (/^Every hour$/.test(part) || /^On the hour$/i.test(part)) {
    found.minutes = [0]
    return
  }
  if ((groups = match(/^Every (\d+) seconds$/))) found.seconds = upTo(0, 59, Number(groups[1]))
  else if ((groups = match(/^At (\d+) seconds? past the minute$/)))
    found.seconds = [Number(groups[1])]
  else if ((groups = match(/^At (\d\d):(\d\d):(\d\d)$/))) {
    const [hour = 0, minute = 0, second = 0] = groups.slice(1).map(Number)
    Object.assign(found, { hours: [hour], minutes: [minute], seconds: [second] })
  } else if ((groups = match(/^Every (\d+) minutes$/i)))
    found.minutes = upTo(0, 59, Number(groups[1]))
  else if ((groups = match(/^Every (\d+) hours$/i))) {
    found.hours = upTo(0, 23, Number(groups[1]))
  } else if ((groups = match(/^(?:At )?0*(\d+) minutes? past the hour$/i)))
    found.minutes = [Number(groups[1])]
  else if ((groups = match(/^between (\d\d):00 and (\d\d):(\d\d)$/i))) {
    found.hours = upTo(Number(groups[1]), Number(groups[2]))
    expect(['00', '59']).toContain(groups[3])
    // "between 09:00 and 17:00" ends in the last hour with its only minute.
  } else if ((groups = match(/^At ((?:\d\d:\d\d(?:, | and )?)+)$/i))) {
    const times = list(groups[1] ?? '').map((time) => time.split(':').map(Number))
    found.hours = [...new Set(times.map(([hour = 0]) => hour))].toSorted((a, b) => a - b)
    found.minutes = [...new Set(times.map(([, minute = 0]) => minute))]
  } else if ((groups = match(/^(?:on|only on) day (.+?)(?: of the month)?$/i)))
    found.days = numbers(list(groups[1] ?? ''))
  else if ((groups = match(/^only in (.+)$/i)))
    found.months = named(list(groups[1] ?? ''), monthNames).map((at) => at + 1)
  else if ((groups = match(/^(?:only on )?([A-Z][a-z]+day) through ([A-Z][a-z]+day)$/)))
    found.weekdays = upTo(dayNames.indexOf(groups[1] ?? ''), dayNames.indexOf(groups[2] ?? ''))
  else if ((groups = match(/^only on (.+)$/i)))
    found.weekdays = named(list(groups[1] ?? ''), dayNames)
  else throw new Error(`unknown words: ${part}`)
}

function numbers(texts: readonly string[]): number[] {
  return texts.map(Number).toSorted((a, b) => a - b)
}

function named(texts: readonly string[], names: readonly string[]): number[] {
  const found = texts.map((text) => names.indexOf(text))
  expect(found).not.toContain(-1)
  return found.toSorted((a, b) => a - b)
}
