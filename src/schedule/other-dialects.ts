import { formatDuration, parseDuration } from '../text/duration.ts'
import { nearest } from '../text/suggest.ts'
import { parseMoment } from './dates.ts'
import { type Field, fields, type Refused } from './field.ts'
import { parseField } from './parse-field.ts'
import { zoneHint, zonesMeant } from './zone-names.ts'

/*
 * Whole schedules as other programs write them: with a time zone, with a command, with the year of AWS,
 * with other nicknames. Each one is refused with the schedule that torch takes for it.
 */

/** `CRON_TZ=Asia/Tokyo` in front of a schedule, or a zone behind it. */
export function refuseZone(words: readonly string[]): Refused | undefined {
  const [first = ''] = words
  const before = /^(?:CRON_)?TZ=["']?([^"']*)["']?$/i.exec(first)?.[1]
  const last = words.at(-1) ?? ''
  const rest = before === undefined ? words.slice(0, -1) : words.slice(1)
  if (before === undefined && !isZoneLike(last)) return undefined
  const isSchedule = isNickname(rest) || isValid(rest)
  if (before === undefined && !isSchedule) return undefined
  const alone = isSchedule ? `write ${quoted(rest)} and ` : ''
  const places = zonesMeant(before ?? last)
  // CST may be Chicago or Shanghai: the author has to choose.
  const zone = places.length > 0 ? `: ${places.join(' or ')}` : `; ${zoneHint(before ?? last)}`
  const hint = `${alone}use the key timezone${zone}`
  return { ok: false, message: 'a schedule cannot set its time zone', hint }
}

/** `cat` and `art` may be programs; CAT and ART are zones. */
function isZoneLike(word: string): boolean {
  if (isFieldLike(word)) return false
  if (/^(?:utc|gmt)?[+-]\d/i.test(word)) return true
  const isProgram =
    word === word.toLowerCase() && !word.includes('/') && !/^(?:utc|gmt)$/.test(word)
  return !isProgram && zonesMeant(word).length > 0
}

/** A line of a crontab: a schedule, then the command, perhaps with a user before it. */
export function refuseCommand(words: readonly string[]): Refused | undefined {
  const count = [6, 5].find((fieldCount) => {
    const next = words[fieldCount]
    if (next === undefined || isFieldLike(next)) return false
    // A single word may also be a misspelt weekday.
    if (words.length === 6 && nearest(next, weekdayNames) !== undefined) return false
    return words.slice(0, fieldCount).every(isFieldLike)
  })
  if (count === undefined) return undefined
  return commandAfter(words.slice(0, count))
}

/** The refusal of a schedule that has a command, or anything else, after it. */
export function commandAfter(schedule: readonly string[]): Refused {
  const alone = isNickname(schedule) || isValid(schedule) ? `write ${quoted(schedule)}; ` : ''
  return {
    ok: false,
    message: 'expected only a schedule; got more text after it',
    hint: `${alone}a command belongs in the key command`,
  }
}

/** `0 10 ? * MON-FRI *`: the six fields of AWS begin with the minute and end with the year. */
export function awsHint(words: readonly string[]): string | undefined {
  const [minute, hour, day, month, weekday = '', year] = words
  if (year !== '*' || words.length !== 6 || (day !== '?' && weekday !== '?')) return undefined
  // Its weekdays are 1-7 for Sunday to Saturday.
  const named = weekday.replaceAll(/(?<![#/\d])[1-7](?!\d)/g, (digit) => {
    return weekdayNames[Number(digit) - 1] ?? digit
  })
  const five = [minute ?? '', hour ?? '', day ?? '', month ?? '', named]
  if (!isValid(five)) return undefined
  const hint = `the 6 fields of AWS end with a year: write ${quoted(five)}`
  return named === weekday ? hint : `${hint}, because its weekdays 1-7 are sun-sat`
}

/**
 * A step of 90 minutes is longer than the field. `texts` are six fields. undefined if another field limits the times,
 * because `@every` knows no hours or days.
 */
export function periodHint(texts: readonly string[], index: number): string | undefined {
  const period = Number(/^\*\/(\d{1,4})$/.exec(texts[index] ?? '')?.[1])
  const field = fields[index]
  const unit = 'smhd'.charAt(index)
  if (field === undefined || unit === '' || !(period > field.last - field.min + 1)) return undefined
  const isAlone = texts.every(
    (text, at) => at === index || (at < index ? text === '0' : isStar(text)),
  )
  if (!isAlone) return undefined
  return `for every ${period} ${field.name}s, the whole schedule is "@every ${period}${unit}"`
}

function isStar(text: string): boolean {
  return text === '*' || text === '?'
}

/** The nicknames of torch, as six fields. */
export const nicknames: Readonly<Record<string, string>> = {
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

/** The hint for words without fields, such as `daily` or `every 5 minutes`. */
export function bareWordHint(words: readonly string[]): string | undefined {
  const nickname = `@${words.join(' ').toLowerCase()}`
  if (Object.hasOwn(nicknames, nickname)) return `did you mean "${nickname}"?`
  const other = otherNickname(nickname.replaceAll(' ', '_'))
  if (other !== undefined) return `did you mean "${other}"?`
  const duration = durationMeant(words.join(' ').replace(/^every\s/i, ''))
  return duration === undefined ? undefined : `did you mean "@every ${duration}"?`
}

const allNicknames = [...Object.keys(nicknames), '@every', '@at', '@reboot']
/** These need a word after them. */
const withWord: ReadonlySet<string> = new Set(['@every', '@at'])

/** Nicknames of other crons and schedulers, and words that people try. */
const otherNicknames: Readonly<Record<string, string>> = {
  '@annual': '@yearly',
  '@boot': '@reboot',
  '@startup': '@reboot',
  '@second': '@secondly',
  '@minute': '@minutely',
  '@hour': '@hourly',
  '@day': '@daily',
  '@nightly': '@daily',
  '@week': '@weekly',
  '@month': '@monthly',
  '@year': '@yearly',
  '@every_second': '@secondly',
  '@every_minute': '@minutely',
  '@every_hour': '@hourly',
  '@every_day': '@daily',
  '@every_week': '@weekly',
  '@every_month': '@monthly',
  '@every_year': '@yearly',
  '@noon': '0 12 * * *',
  '@weekday': '0 0 * * mon-fri',
  '@weekdays': '0 0 * * mon-fri',
  '@workday': '0 0 * * mon-fri',
  '@workdays': '0 0 * * mon-fri',
  '@weekend': '0 0 * * sat,sun',
  '@weekends': '0 0 * * sat,sun',
  '@quarterly': '0 0 1 1,4,7,10 *',
  '@semiannually': '0 0 1 1,7 *',
}

/** Words that begin with an unknown nickname, or with a known one and a command. */
export function refuseNickname(words: readonly string[]): Refused {
  const [first = '', ...rest] = words
  const lower = first.toLowerCase()
  const isKnown = allNicknames.includes(lower) && !withWord.has(lower)
  if (isKnown && rest.length > 0) return commandAfter([first])
  const message = `unknown nickname ${quoted(words)}; torch knows ${allNicknames.join(' ')}`
  const other = rest.length === 0 ? otherNickname(lower) : undefined
  if (other !== undefined) return { ok: false, message, hint: `write "${other}"` }
  const isEvery = nearest(lower, ['@every']) !== undefined
  const period = isEvery && rest.length > 0 ? rest.join(' ') : lower.replace(/^@(?:every)?/, '')
  const duration = durationMeant(period.replaceAll(/[-_]+/g, ' '))
  if (duration !== undefined) return { ok: false, message, hint: `write "@every ${duration}"` }
  const near = nearNickname(words.join('').toLowerCase())
  return { ok: false, message, hint: near === undefined ? null : `did you mean "${near}"?` }
}

/** `@everyminute` and `@every-minute` are the same word as `@every_minute`. */
function otherNickname(word: string): string | undefined {
  const key = word.replace(/^@every[-_]?(?=[a-z])/, '@every_')
  return Object.hasOwn(otherNicknames, key) ? otherNicknames[key] : undefined
}

/** A misspelt nickname. `@biweekly`, `@hourly30` and `@monthly_first` mean something else. */
function nearNickname(word: string): string | undefined {
  const near = nearest(
    word,
    allNicknames.filter((name) => !withWord.has(name)),
  )
  const isSpelling = near !== undefined && /^@[a-z]+$/.test(word) && word[1] === near[1]
  return isSpelling && word.length - near.length <= 2 ? near : undefined
}

/** Units of `@every` as people write them, in milliseconds. */
const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
}

/** `1h30m` for `1.5h`, `90 minutes` or `1 h 30 min`; undefined if it is not a whole number of seconds. */
export function durationMeant(text: string): string | undefined {
  const lower = text.toLowerCase().trim()
  const parts = [...lower.matchAll(/(\d+(?:\.\d+)?)?\s*([a-z]+)\s*/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== lower) return undefined
  let ms = 0
  for (const [, number = '1', word = ''] of parts) {
    const unit = Object.hasOwn(unitMs, word) ? word : word.replace(/s$/, '')
    ms += Number(number) * (Object.hasOwn(unitMs, unit) ? (unitMs[unit] ?? 0) : Number.NaN)
  }
  const isWhole = Number.isSafeInteger(ms) && ms >= 1000 && ms % 1000 === 0
  const duration = formatDuration(isWhole ? ms : 0)
  return isWhole && parseDuration(duration).ok ? duration : undefined
}

const weekdayNames = (fields.at(-1)?.names ?? []).filter((name) => name !== undefined)

/** Signs of a field, or names of months and weekdays: no command and no zone looks like this. */
function isFieldLike(word: string): boolean {
  return fieldSigns.test(word)
}

const names = fields.flatMap((field) => field.names).filter((name) => name !== undefined)
const fieldSigns = new RegExp(`^(?:[\\d*?/,#()-]|${names.join('|')}|[hlw])+$`, 'i')

function isNickname(words: readonly string[]): boolean {
  const [first = ''] = words
  const lower = first.toLowerCase()
  if (lower === '@every') return words.length === 2 && parseDuration(words[1] ?? '').ok
  if (lower === '@at') return words.length === 2 && parseMoment(words[1] ?? '')?.isDate === false
  return words.length === 1 && allNicknames.includes(lower)
}

function isValid(words: readonly string[]): boolean {
  const own = words.length === 5 ? fields.slice(1) : fields
  const isGood = (field: Field, at: number): boolean => parseField(field, words[at] ?? '', '').ok
  return words.length === own.length && own.every(isGood)
}

function quoted(words: readonly string[]): string {
  return JSON.stringify(words.join(' '))
}
