import { CronExpressionParser } from 'cron-parser'
import { remembered } from '../text/cache.ts'
import { counted } from '../text/plural.ts'
import { checkDayForm, type Item } from './day-forms.ts'
import {
  type Field,
  fields,
  type Mistake,
  mistakesOf,
  refusalOf,
  refuse,
  type Refused,
  withArticle,
} from './field.ts'
import { eachDay, forwards, hintForWord, rangeHint } from './field-hints.ts'

/*
 * How the text of one field becomes values, and which mistakes it may have. field-hints.ts has what to
 * write instead. cron-parser only expands items that are checked here: by itself it accepts steps larger than the
 * field and an eighth weekday, and its messages do not name the field.
 */

/** `values` are numbers as text; in the day fields also `L`, `L-3`, `15W`, `LW`, `5L` and `5#2`. */
export type ParsedField = { ok: true; values: readonly string[] } | Refused

/** Most tasks files use only a few dozen different fields. */
const maxKnownFields = 4096
const knownFields = new Map<string, ParsedField>()

/** Reads a field, for example `0,30-45/5`. `H` takes its value from a hash of `seed`. */
export function parseField(field: Field, text: string, seed: string): ParsedField {
  const read = (): ParsedField => readField(field, text, seed)
  // The value of H is different for each task.
  if (/(^|,)h/i.test(text)) return read()
  return remembered(knownFields, maxKnownFields, `${field.name} ${text}`, read)
}

function readField(field: Field, text: string, seed: string): ParsedField {
  const values: string[] = []
  const mistakes: Mistake[] = []
  for (const item of text.split(',')) {
    const checked = item === '' ? refuseEmptyItem(field, text) : checkItem(field, item)
    if (checked.ok) values.push(...expandItem(field, checked.text, seed))
    else mistakes.push(...mistakesOf(checked))
  }
  return refusalOf(mistakes) ?? { ok: true, values }
}

function refuseEmptyItem(field: Field, text: string): Refused {
  const items = text.split(',').filter((item) => item !== '')
  const hint = items.length === 0 ? null : `write ${quoted(items.join(','))}`
  return refuse(field, `${quoted(text)} has a comma too many`, hint)
}

/** Upper and lower case are the same. Messages show the item as it is written. */
function checkItem(field: Field, item: string): Item {
  const dayForm = field.name === 'day' ? checkDayForm(field, item) : undefined
  if (dayForm !== undefined) return dayForm
  if (field.name === 'weekday' && item.includes('#')) return checkNth(field, item)
  if (field.name === 'weekday' && /l$/i.test(item)) return checkLast(field, item)

  const [range, step] = splitOnce(item, '/')
  if (step === undefined) return checkRange(field, range)
  if (range === '')
    return refuse(field, `${quoted(item)} has no range`, `write ${quoted(`*${item}`)}`)
  const by = checkStep(field, step)
  const checked = checkRange(field, range, by.ok ? by.text : undefined)
  if (!by.ok) return checked.ok ? by : { ...checked, hint: null, others: [by] }
  if (!checked.ok) return checked
  if (!checked.text.startsWith('H')) return { ok: true, text: `${checked.text}/${by.text}` }
  return checkHashStep(field, range, checked.text, Number(by.text))
}

/** cron-parser takes `H(0-3)/15` for any of the minutes 0 to 14. */
function checkHashStep(field: Field, range: string, checked: string, step: number): Item {
  const [, low = '', high = ''] = /^H\((\d+)-(\d+)\)$/.exec(checked) ?? []
  const size = Number(high) - Number(low) + 1
  if (step <= size) return { ok: true, text: `${checked}/${step}` }
  const message = `${field.name}: step ${step} is wider than the range of ${quoted(range)}, which has ${counted(size, 'value')}`
  return { ok: false, message, hint: `write ${quoted(range)} for one value of this range` }
}

/** `5L`, the last Friday of the month. */
function checkLast(field: Field, item: string): Item {
  const day = item.slice(0, -1)
  const hint = '5L is the last Friday of the month'
  if (day === '') return refuse(field, 'L needs a weekday before it', hint)
  if (day.includes('-')) {
    const days = daysBetween(field, day)
    const each = days === undefined ? hint : `write ${quoted(eachDay(field, day, days, 'L'))}`
    return refuse(field, `L takes one weekday, not ${quoted(day)}`, each)
  }
  const value = checkValue(field, day)
  return value.ok ? { ok: true, text: `${value.text}L` } : value
}

/** `5#2`, the second Friday of the month. */
function checkNth(field: Field, item: string): Item {
  const [day, nth = ''] = splitOnce(item, '#')
  const isNth = /^0*[1-5]$/.test(nth)
  const days = day.indexOf('-') > 0 ? daysBetween(field, day) : undefined
  if (days !== undefined) {
    const sign = isNth ? `#${Number(nth)}` : /^l(?:ast)?$/i.test(nth) ? 'L' : undefined
    const hint = sign === undefined ? null : `write ${quoted(eachDay(field, day, days, sign))}`
    return refuse(field, `# takes one weekday, not ${quoted(day)}`, hint)
  }
  const value = checkValue(field, day)
  if (!value.ok) return value
  if (isNth) return { ok: true, text: `${Number(value.text) % 7}#${Number(nth)}` }
  const message = `weekday: ${quoted(item)} is out of range; the number after # is 1-5`
  const hint = /^l(?:ast)?$/i.test(nth)
    ? `write ${quoted(`${day}L`)} for the last one of the month`
    : '5#2 is the second Friday of the month'
  return { ok: false, message, hint }
}

/** The first and last weekday of a range, which may run over the end of the week: 6 and 8 for `sat-mon`. */
function daysBetween(field: Field, range: string): readonly [number, number] | undefined {
  const [low, high = ''] = splitOnce(range, '-')
  const [from, to] = [checkValue(field, low), checkValue(field, high)]
  if (!from.ok || !to.ok) return undefined
  const [first, last] = [Number(from.text) % 7, Number(to.text)]
  return [first, last < first ? last + 7 : last]
}

/** `*`, `?`, `5`, `1-5`, `h` or `h(1-5)`. A single value with a step runs to the end: `5/15`. */
function checkRange(field: Field, range: string, step?: string): Item {
  const isDayField = field.name === 'day' || field.name === 'weekday'
  if (range === '?' && !isDayField)
    return refuse(field, '"?" is only for the day and the weekday', 'write "*"')
  if (range === '*' || range === '?') return { ok: true, text: `${field.min}-${field.last}` }
  if (/^h$/i.test(range)) return { ok: true, text: `H(${field.min}-${field.hashMax})` }
  if (/^h\(.*\)$/i.test(range)) return checkHashRange(field, range)
  if (range.indexOf('-') > 0) return checkSpan(field, range, step)

  const value = checkValue(field, range)
  if (!value.ok || step === undefined) return value
  return { ok: true, text: `${value.text}-${Math.max(field.last, Number(value.text))}` }
}

function checkHashRange(field: Field, range: string): Item {
  const inner = range.slice(2, -1)
  if (!inner.includes('-')) return unknown(field, range)
  const span = checkSpan(field, inner)
  if (!span.ok) {
    // H takes one range. The two halves of the range are in the hint of the range.
    const halves = /^write "([^",]+),([^",]+)"$/.exec(span.hint ?? '')
    const [, upper = '', lower = ''] = halves ?? []
    const asRange = (part: string): string => (part.includes('-') ? part : `${part}-${part}`)
    const hint = `H takes one range that runs forwards: H(${asRange(upper)}) or H(${asRange(lower)})`
    return halves === null ? span : { ...span, hint }
  }
  // cron-parser refuses 0-7, because that contains Sunday twice.
  return { ok: true, text: `H(${span.text === '0-7' ? '0-6' : span.text})` }
}

function checkSpan(field: Field, range: string, step?: string): Item {
  const [low, high = ''] = splitOnce(range, '-')
  if (low === '' || high === '' || high.includes('-') || /^l$/i.test(low))
    return unknown(field, range)
  const from = checkValue(field, low)
  if (!from.ok) return from
  if (field.name === 'day' && /^l$/i.test(high)) {
    const hint = `write ${quoted(`${low}-${field.last}${step === undefined ? '' : `/${step}`}`)}`
    return refuse(field, `${quoted(range)} is not a range of days`, hint)
  }
  const to = checkValue(field, high)
  if (!to.ok) return to

  // fri-sun and 5-0 run to the Sunday at the end of the week.
  const endsOnSunday = field.name === 'weekday' && to.text === '0' && from.text !== '0'
  const [first, last] = [Number(from.text), endsOnSunday ? 7 : Number(to.text)]
  if (first <= last) return { ok: true, text: `${first}-${last}` }
  const hint = `write ${quoted(forwards(field, [first, last], [low, high], Number(step ?? '1')))}`
  return refuse(field, `${range} runs backwards`, hint)
}

function checkValue(field: Field, word: string): Item {
  const named = field.names.indexOf(word.toLowerCase())
  if (named >= 0) return { ok: true, text: String(named) }
  if (!/^\d+$/.test(word)) return unknown(field, word)
  const value = Number(word)
  if (value >= field.min && value <= field.max) return { ok: true, text: String(value) }
  return refuse(field, `${word} is out of range`, rangeHint(field, value))
}

function unknown(field: Field, word: string): Refused {
  return refuse(field, `${quoted(word)} is not ${withArticle(field)}`, hintForWord(field, word))
}

function checkStep(field: Field, step: string): Item {
  const most = field.last - field.min + 1
  const value = /^\d+$/.test(step) ? Number(step) : Number.NaN
  if (value >= 1 && value <= most) return { ok: true, text: String(value) }
  const problem =
    step === ''
      ? 'no step after the /'
      : Number.isNaN(value)
        ? `${quoted(step)} is not a step`
        : `step ${step} is out of range`
  return { ok: false, message: `${field.name}: ${problem}; steps are 1-${most}`, hint: null }
}

/** Items whose values are remembered: most schedules use only a few dozen. */
const maxKnownItems = 4096
const knownItems = new Map<string, readonly string[]>()

/**
 * The values of a checked item. One item at a time, because cron-parser refuses a list that contains
 * a value twice, and that is allowed.
 */
function expandItem(field: Field, item: string, seed: string): readonly string[] {
  if (field.name === 'day' && /[LW]/.test(item)) return [item]
  const expand = (): readonly string[] => {
    const expression = fields.map(({ name }) => (name === field.name ? item : '*')).join(' ')
    // With an empty seed cron-parser would hash at random.
    const parsed = CronExpressionParser.parse(expression, { hashSeed: `torch ${seed}` })
    const nth = parsed.fields.dayOfWeek.nthDay
    const { values } = parsed.fields[cronParserNames[field.name]]
    return values.map((value) => (nth > 0 ? `${value}#${nth}` : String(value)))
  }
  if (item.startsWith('H')) return expand()
  return remembered(knownItems, maxKnownItems, `${field.name} ${item}`, expand)
}

const cronParserNames = {
  second: 'second',
  minute: 'minute',
  hour: 'hour',
  day: 'dayOfMonth',
  month: 'month',
  weekday: 'dayOfWeek',
} as const

function splitOnce(text: string, sign: string): [string, string | undefined] {
  const at = text.indexOf(sign)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

/** Escapes control characters, so that none reaches the terminal. */
function quoted(word: string): string {
  return JSON.stringify(word)
}
