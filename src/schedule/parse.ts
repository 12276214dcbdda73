import { parseDuration } from '../text/duration.ts'
import { nextLocal } from './calendar.ts'
import { fields, type Mistake, mistakesOf, noYear, refusalOf, type Refused } from './field.ts'
import { countSixty, maskOf, sixtyOf } from './masks.ts'
import {
  awsHint,
  bareWordHint,
  commandAfter,
  durationMeant,
  nicknames,
  periodHint,
  refuseCommand,
  refuseNickname,
  refuseZone,
} from './other-dialects.ts'
import { parseAt } from './parse-at.ts'
import { parseField } from './parse-field.ts'
import type { CronSchedule, Schedule } from './schedule.ts'
import { isInIntl, zoneHint } from './zone-names.ts'

/** `neverFires`: no such date exists, as in `0 0 30 2 *`. It is false for `@reboot`. */
export type ParsedSchedule = { ok: true; schedule: Schedule; neverFires: boolean } | Refused

export interface ParseOptions {
  /** A name that Intl knows. Whoever reads it from a person checks it with isZone(). */
  readonly zone: string
  /** The value of `H` is a hash of this: `task@host`. */
  readonly seed: string
}

/** Twice as much as a schedule that lists every value of every field. */
const maxTextLength = 1024

/**
 * Reads a schedule: 5 or 6 fields, or a nickname. Never throws. A refusal says what is wrong, what is
 * allowed and, as its hint, what to write instead. parse-field.ts has the messages about single fields.
 */
export function parseSchedule(text: string, options: ParseOptions): ParsedSchedule {
  if (text.length > maxTextLength) {
    const message = `a schedule may have at most ${maxTextLength} characters; got ${text.length}`
    return refusal(message, 'split it into a list of shorter schedules')
  }
  if (!isInIntl(options.zone)) return unknownZone(options.zone)

  const words = text.trim().split(/\s+/)
  const first = words[0]?.toLowerCase() ?? ''
  const zoned = refuseZone(words)
  if (zoned !== undefined) return zoned
  if (first === '@every') return parseEvery(text, words.slice(1))
  if (first === '@at') {
    const parsed = parseAt(text, words.slice(1), options.zone)
    return parsed.ok ? { ...parsed, neverFires: false } : parsed
  }
  if (first === '@reboot' && words.length === 1) {
    return { ok: true, schedule: { kind: 'reboot', text }, neverFires: false }
  }
  if (first.startsWith('@')) return parseNickname(text, words, options)
  return parseFields(text, first === '' ? [] : words, options)
}

function parseNickname(
  text: string,
  words: readonly string[],
  options: ParseOptions,
): ParsedSchedule {
  const lower = words.join(' ').toLowerCase()
  const meaning = Object.hasOwn(nicknames, lower) ? nicknames[lower] : undefined
  return meaning === undefined
    ? refuseNickname(words)
    : parseFields(text, meaning.split(' '), options)
}

/** `@every 90s`. */
function parseEvery(text: string, words: readonly string[]): ParsedSchedule {
  const period = words.join('')
  const parsed = parseDuration(period.toLowerCase())
  const isWhole = parsed.ok && parsed.ms >= 1000 && parsed.ms % 1000 === 0
  if (isWhole && words.length === 1) {
    const schedule = { kind: 'every', text, seconds: parsed.ms / 1000 } as const
    return { ok: true, schedule, neverFires: false }
  }
  const got = words.length === 0 ? 'nothing' : JSON.stringify(words.join(' '))
  const message = `@every: expected a duration of whole seconds, at least 1s; got ${got}`
  const meant = durationMeant(words.join(' '))
  if (meant !== undefined) return refusal(message, `write "@every ${meant}"`)
  if (/^[1-9]\d*$/.test(period)) return refusal(message, `did you mean "@every ${period}s"?`)
  const isFraction = /^\d*\.\d+[a-z]+$/i.test(period)
  if (!parsed.ok && words.length === 1 && !isFraction)
    return refusal(`@every: ${parsed.message}`, null)
  const [first = ''] = words
  if (words.length > 1 && parseEvery(text, [first]).ok) return commandAfter(['@every', first])
  return refusal(message, 'for example "@every 90s" or "@every 1h30m"')
}

function parseFields(
  text: string,
  words: readonly string[],
  options: ParseOptions,
): ParsedSchedule {
  const foreign = refuseCommand(words)
  if (foreign !== undefined) return foreign
  if (words.length < 5 || words.length > 6) {
    const order = 'the 5 fields are minute hour day month weekday; the second may come before them'
    return refusal(
      `expected 5 or 6 fields; got ${words.length}`,
      bareWordHint(words) ?? (words.length === 7 ? noYear : order),
    )
  }
  const texts = words.length === 5 ? ['0', ...words] : words
  const values: (readonly string[])[] = []
  const mistakes: Mistake[] = []
  for (const [index, field] of fields.entries()) {
    const parsed = parseField(field, texts[index] ?? '', options.seed)
    if (parsed.ok) values.push(parsed.values)
    else mistakes.push(...withPeriod(parsed, texts, index))
  }
  const refused = refusalOf(mistakes)
  if (refused !== undefined) {
    const aws = awsHint(words)
    return aws === undefined ? refused : refusal(refused.message, aws)
  }
  const eitherDay = !/^[*?]/.test(texts[3] ?? '') && !/^[*?]/.test(texts[5] ?? '')
  const schedule = compile(text, options.zone, values, eitherDay)
  const isOnEveryDay = schedule.days === everyDay && schedule.weekdays === everyWeekday
  return { ok: true, schedule, neverFires: !isOnEveryDay && nextLocal(schedule, 0) === undefined }
}

function withPeriod(refused: Refused, texts: readonly string[], index: number): readonly Mistake[] {
  const hint = periodHint(texts, index)
  const mistakes = mistakesOf(refused)
  return hint === undefined ? mistakes : mistakes.map(({ message }) => ({ message, hint }))
}

function compile(
  text: string,
  zone: string,
  values: readonly (readonly string[])[],
  eitherDay: boolean,
): CronSchedule {
  const [seconds = [], minutes = [], hours = [], days = [], months = [], weekdays = []] = values
  const hourMask = maskOf(hours.map(Number))
  const [secondMask, minuteMask] = [sixtyOf(seconds.map(Number)), sixtyOf(minutes.map(Number))]
  return {
    kind: 'cron',
    text,
    zone,
    interval: hourMask === 0xff_ffff,
    frequent: countSixty(secondMask) * countSixty(minuteMask) > 1,
    seconds: secondMask,
    minutes: minuteMask,
    hours: hourMask,
    months: maskOf(months.map(Number)),
    ...daysOf(days),
    ...weekdaysOf(weekdays),
    eitherDay,
  }
}

/** Bits 1-31, as a signed 32-bit number. */
const everyDay = -2
const everyWeekday = 0x7f

type Days = Pick<CronSchedule, 'days' | 'lastDays' | 'workdays' | 'lastWorkdays'>
/** Keyed by the list of values, because parseField() returns the same list for the same text. */
const knownDays = new WeakMap<readonly string[], Days>()

function daysOf(values: readonly string[]): Days {
  const known = knownDays.get(values)
  if (known !== undefined) return known
  const days = {
    days: maskOf(numbersIn(values, /^(\d+)$/)),
    lastDays: maskOf(numbersIn(values, /^L(?:-(\d+))?$/)),
    workdays: maskOf(numbersIn(values, /^(\d+)W$/)),
    lastWorkdays: maskOf(numbersIn(values, /^L(?:-(\d+))?W$/)),
  }
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

/** 7 is Sunday, like 0. */
function weekdayMask(values: readonly string[], form: RegExp): number {
  return maskOf(numbersIn(values, form).map((day) => day % 7))
}

/** The numbers of the values that have the form; 0 for one without a number. */
function numbersIn(values: readonly string[], form: RegExp): number[] {
  return values.flatMap((value) => {
    const match = form.exec(value)
    return match === null ? [] : [Number(match[1] ?? 0)]
  })
}

function unknownZone(zone: string): Refused {
  return refusal(`unknown time zone ${JSON.stringify(zone)}`, zoneHint(zone))
}

function refusal(message: string, hint: string | null): Refused {
  return { ok: false, message, hint }
}
