import { toString as cronWords } from 'cronstrue'
import { nicknames } from '../schedule/other-dialects.ts'
import { remembered } from '../text/cache.ts'
import { parseDuration, formatDuration } from '../text/duration.ts'

/*
 * A schedule in words, where the words are right. cronstrue says something wrong about what torch means
 * by `H`, `#`, `L`, some forms with seconds, a day of the month beside a weekday, and steps that do not divide
 * their range. So only the forms below get its words; a test reads the words back and compares them with
 * the engine.
 */

/** Each takes about 100 bytes. */
const maxKnown = 10_000
const known = new Map<string, { readonly words: string | null }>()

/** The words, or null. The fields as written say everything else. They are kept: cronstrue is slow. */
export function scheduleWords(text: string): string | null {
  return remembered(known, maxKnown, text, () => ({ words: wordsOf(text) })).words
}

function wordsOf(text: string): string | null {
  const words = text.trim().toLowerCase().split(/\s+/)
  if (words[0] === '@reboot') return 'At boot'
  if (words[0] === '@at') return `Once, at ${(words[1] ?? '').toUpperCase()}`
  if (words[0] === '@every') return everyWords(words[1] ?? '')
  const meaning = Object.hasOwn(nicknames, words.join(' ')) ? nicknames[words.join(' ')] : undefined
  const fields = meaning?.split(' ') ?? (words.length === 5 ? ['0', ...words] : words)
  if (!isPlain(fields)) return null
  const read = Number(fields[0]) === 0 ? fields.slice(1) : fields
  try {
    return cronWords(read.join(' '), {
      use24HourTimeFormat: true,
      verbose: false,
      throwExceptionOnParseError: true,
    })
  } catch {
    return null
  }
}

function everyWords(period: string): string | null {
  const parsed = parseDuration(period)
  return parsed.ok ? `Every ${formatDuration(parsed.ms)}` : null
}

/** Whether cronstrue reads these six fields as the engine does. */
function isPlain(fields: readonly string[]): boolean {
  const [second, minute, hour, day, month, weekday] = fields
  if (fields.length !== 6 || second === undefined) return false
  if (minute === undefined || hour === undefined) return false
  if (day === undefined || month === undefined || weekday === undefined) return false
  // cron takes a day that matches one of two restricted fields; the words would say both.
  const isDay = day === '*' ? weekday === '*' || isWeekday(weekday) : weekday === '*' && isList(day)
  return isTime(second, minute, hour) && isDay && (month === '*' || isList(month))
}

function isTime(second: string, minute: string, hour: string): boolean {
  const isHours = hour === '*' || isNumber(hour) || isRange(hour)
  // Every second, or each few of them: also each few minutes would be two "every" in a row.
  if (!isNumber(second)) return isStep(second, 60) && minute === '*' && isHours
  if (isStep(minute, 60)) return isHours
  // With a second, the words have a list of hours as if it was the start of each.
  return (
    isNumber(minute) && (isHours || (Number(second) === 0 && (isStep(hour, 24) || isList(hour))))
  )
}

function isNumber(field: string): boolean {
  return /^\d{1,2}$/.test(field)
}

function isList(field: string): boolean {
  const values = field.split(',')
  return values.every(isNumber) && new Set(values.map(Number)).size === values.length
}

/** `*` or a step that divides the whole. */
function isStep(field: string, whole: number): boolean {
  if (field === '*') return true
  const [, step] = /^\*\/(\d{1,2})$/.exec(field) ?? []
  return step !== undefined && Number(step) > 1 && whole % Number(step) === 0
}

function isRange(field: string): boolean {
  const [, from, to] = /^(\d{1,2})-(\d{1,2})$/.exec(field) ?? []
  return from !== undefined && to !== undefined && Number(from) < Number(to)
}

const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** Numbers, names, lists of them, and ranges that do not pass the end of the week. */
function isWeekday(field: string): boolean {
  const numberOf = (word: string): number =>
    /^[0-6]$/.test(word) ? Number(word) : weekdays.indexOf(word)
  const [from = '', to] = field.split('-')
  if (to !== undefined) return numberOf(from) >= 0 && numberOf(from) < numberOf(to)
  const values = field.split(',').map(numberOf)
  return values.every((value) => value >= 0) && new Set(values).size === values.length
}
