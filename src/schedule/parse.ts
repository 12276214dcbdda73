import { maskOf, sixtyOf } from './masks.ts'
import { nextLocal } from './calendar.ts'
import { parseDuration } from '../text/duration.ts'
import { fields, noYear, parseField, type Refused } from './field.ts'
import { nearest } from '../text/suggest.ts'
import type { CronSchedule, Schedule } from './schedule.ts'
import { isZone, zoneNames } from './timezone.ts'

export type ParsedSchedule = { ok: true; schedule: Schedule; neverFires: boolean } | Refused

export interface ParseOptions {
  /** IANA name. */
  readonly zone: string
  /** What `H` is hashed from: `task@host`. */
  readonly seed: string
}

/** Every value of every field, listed, needs about half. */
const maxTextLength = 1024

/**
 * Reads a schedule of 5 or 6 fields, or a nickname. Never throws: what is wrong is said with the
 * field, its value and what is allowed. `neverFires` is true for a date that does not exist
 * (`0 0 30 2 *`); not for `@reboot`.
 */
export function parseSchedule(text: string, options: ParseOptions): ParsedSchedule {
  if (text.length > maxTextLength) {
    return refusal(`a schedule has at most ${maxTextLength} characters, got ${text.length}`)
  }
  if (!isZone(options.zone)) return unknownZone(options.zone)

  const words = text.trim().split(/\s+/)
  const first = words[0]?.toLowerCase() ?? ''
  if (first === '@every') return parseEvery(text, words.slice(1))
  if (first === '@reboot' && words.length === 1) {
    return { ok: true, schedule: { kind: 'reboot', text }, neverFires: false }
  }
  if (first.startsWith('@')) return parseNickname(text, words.join(' '), options)
  return parseFields(text, first === '' ? [] : words, options)
}

const nicknames: Readonly<Record<string, string>> = {
  '@yearly': '0 0 0 1 1 *',
  '@annually': '0 0 0 1 1 *',
  '@monthly': '0 0 0 1 * *',
  '@weekly': '0 0 0 * * 0',
  '@daily': '0 0 0 * * *',
  '@midnight': '0 0 0 * * *',
  '@hourly': '0 0 * * * *',
  '@minutely': '0 * * * * *',
  '@secondly': '* * * * * *',
}
const allNicknames = [...Object.keys(nicknames), '@every', '@reboot']

function parseNickname(text: string, word: string, options: ParseOptions): ParsedSchedule {
  const lower = word.toLowerCase()
  const meaning = Object.hasOwn(nicknames, lower) ? nicknames[lower] : undefined
  if (meaning !== undefined) return parseFields(text, meaning.split(' '), options)
  const near = nearest(word, allNicknames)
  const message = `unknown nickname ${JSON.stringify(word)}; there are ${allNicknames.join(' ')}`
  return refusal(message, near === undefined ? null : `did you mean "${near}"?`)
}

function parseEvery(text: string, words: readonly string[]): ParsedSchedule {
  const [period = '', ...more] = words
  const parsed = parseDuration(period.toLowerCase())
  const whole = parsed.ok && parsed.ms >= 1000 && parsed.ms % 1000 === 0
  if (whole && more.length === 0) {
    const schedule = { kind: 'every', text, seconds: parsed.ms / 1000 } as const
    return { ok: true, schedule, neverFires: false }
  }
  if (!parsed.ok && more.length === 0 && period !== '') return refusal(`@every: ${parsed.message}`)
  const got = words.length === 0 ? 'nothing' : JSON.stringify(words.join(' '))
  return refusal(`@every: expected whole seconds, at least 1s, as in "@every 90s"; got ${got}`)
}

function parseFields(
  text: string,
  words: readonly string[],
  options: ParseOptions,
): ParsedSchedule {
  if (words.length < 5 || words.length > 6) {
    const known = 'the fields are minute hour day month weekday, with the second before them or not'
    const hint = words.length === 7 ? noYear : known
    return refusal(`expected 5 or 6 fields, got ${words.length}`, hint)
  }
  const texts = words.length === 5 ? ['0', ...words] : words
  const values: (readonly string[])[] = []
  for (const [index, field] of fields.entries()) {
    const parsed = parseField(field, texts[index] ?? '', options.seed)
    if (!parsed.ok) return parsed
    values.push(parsed.values)
  }
  const eitherDay = !/^[*?]/.test(texts[3] ?? '') && !/^[*?]/.test(texts[5] ?? '')
  const schedule = compile(text, options.zone, values, eitherDay)
  const isOfEachDay = schedule.days === everyDay && schedule.weekdays === everyWeekday
  return { ok: true, schedule, neverFires: !isOfEachDay && nextLocal(schedule, 0) === undefined }
}

function compile(
  text: string,
  zone: string,
  values: readonly (readonly string[])[],
  eitherDay: boolean,
): CronSchedule {
  const [seconds = [], minutes = [], hours = [], days = [], months = [], weekdays = []] = values
  const hourMask = maskOf(hours.map(Number))
  return {
    kind: 'cron',
    text,
    zone,
    interval: hourMask === 0xff_ffff,
    seconds: sixtyOf(seconds.map(Number)),
    minutes: sixtyOf(minutes.map(Number)),
    hours: hourMask,
    months: maskOf(months.map(Number)),
    ...daysOf(days),
    ...weekdaysOf(weekdays),
    eitherDay,
  }
}

const everyDay = -2 // bits 1 to 31, as a 32-bit number
const everyWeekday = 0x7f

type Days = Pick<CronSchedule, 'days' | 'lastDay'>
/** By the values of a field that parseField() remembers. */
const knownDays = new WeakMap<readonly string[], Days>()

function daysOf(values: readonly string[]): Days {
  const known = knownDays.get(values)
  if (known !== undefined) return known
  const days = { days: maskOf(numbersIn(values, /^(\d+)$/)), lastDay: values.includes('L') }
  knownDays.set(values, days)
  return days
}

type Weekdays = Pick<CronSchedule, 'weekdays' | 'lastWeekdays' | 'nthWeekdays'>
const knownWeekdays = new WeakMap<readonly string[], Weekdays>()

function weekdaysOf(values: readonly string[]): Weekdays {
  const known = knownWeekdays.get(values)
  if (known !== undefined) return known
  const weekdays = {
    weekdays: weekdayMask(values, /^(\d)$/),
    lastWeekdays: weekdayMask(values, /^(\d)L$/),
    nthWeekdays: nthForms.map((form) => weekdayMask(values, form)),
  }
  knownWeekdays.set(values, weekdays)
  return weekdays
}

const nthForms = [0, 1, 2, 3, 4, 5].map((nth) => new RegExp(`^(\\d)#${nth}$`))

/** 7 is Sunday too. */
function weekdayMask(values: readonly string[], form: RegExp): number {
  return maskOf(numbersIn(values, form).map((day) => day % 7))
}

function numbersIn(values: readonly string[], form: RegExp): number[] {
  return values.flatMap((value) => {
    const match = form.exec(value)
    return match === null ? [] : [Number(match[1])]
  })
}

function unknownZone(zone: string): Refused {
  const near = nearest(zone, zoneNames())
  const hint = near === undefined ? null : `did you mean "${near}"?`
  return refusal(`unknown time zone ${JSON.stringify(zone)}`, hint)
}

function refusal(message: string, hint: string | null = null): Refused {
  return { ok: false, message, hint }
}
