import { CronExpressionParser } from 'cron-parser'
import { remembered } from '../text/cache.ts'
import { nearest } from '../text/suggest.ts'
import { type Field, fields, noYear, refuse, type Refused, withArticle } from './field.ts'

/*
 * How the text of one field becomes values, and what torch answers to each kind of mistake.
 * cron-parser only expands items that are checked here: by itself it accepts steps larger than the
 * field and an eighth weekday, and its messages do not name the field.
 */

/** `values` are numbers as text; in the day fields also `L`, `5L` and `5#2`. */
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
  for (const item of text.split(',')) {
    if (item === '') return refuseEmptyItem(field, text)
    const checked = checkItem(field, item)
    if (!checked.ok) return checked
    values.push(...expandItem(field, checked.text, seed))
  }
  return { ok: true, values }
}

function refuseEmptyItem(field: Field, text: string): Refused {
  const items = text.split(',').filter((item) => item !== '')
  const hint = items.length === 0 ? null : `write ${quoted(items.join(','))}`
  return refuse(field, `${quoted(text)} has a comma too many`, hint)
}

/** An item of a list, rewritten in plain numbers for cron-parser. */
type Item = { ok: true; text: string } | Refused

/** Upper and lower case are the same. Messages show the item as it is written. */
function checkItem(field: Field, item: string): Item {
  if (field.name === 'day' && /^l$/i.test(item)) return { ok: true, text: 'L' }
  if (field.name === 'weekday' && item.includes('#')) return checkNth(field, item)
  if (field.name === 'weekday' && /l$/i.test(item)) return checkLast(field, item)

  const [range, step] = splitOnce(item, '/')
  if (step === undefined) return checkRange(field, range)
  if (range === '')
    return refuse(field, `${quoted(item)} has no range`, `write ${quoted(`*${item}`)}`)
  const checked = checkRange(field, range, step)
  if (!checked.ok) return checked
  const by = checkStep(field, range, step)
  return by.ok ? { ok: true, text: `${checked.text}/${by.text}` } : by
}

/** `5L`, the last Friday of the month. */
function checkLast(field: Field, item: string): Item {
  const day = item.slice(0, -1)
  const hint = '5L is the last Friday of the month'
  if (day === '') return refuse(field, 'L needs a weekday before it', hint)
  if (day.includes('-')) return refuse(field, `L takes one weekday, not ${quoted(day)}`, hint)
  const value = checkValue(field, day)
  return value.ok ? { ok: true, text: `${value.text}L` } : value
}

/** `5#2`, the second Friday of the month. */
function checkNth(field: Field, item: string): Item {
  const [day, nth = ''] = splitOnce(item, '#')
  const value = checkValue(field, day)
  if (!value.ok) return value
  if (/^0*[1-5]$/.test(nth)) return { ok: true, text: `${Number(value.text) % 7}#${Number(nth)}` }
  const message = `weekday: ${quoted(item)} is out of range; the number after # is 1-5`
  const hint = /^l$/i.test(nth)
    ? `write ${quoted(`${day}L`)} for the last one of the month`
    : '5#2 is the second Friday of the month'
  return { ok: false, message, hint }
}

/** `*`, `?`, `5`, `1-5`, `h` or `h(1-5)`. A single value with a step runs to the end: `5/15`. */
function checkRange(field: Field, range: string, step?: string): Item {
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
    const [low, high] = splitOnce(inner, '-')
    const swapped = checkSpan(field, `${high}-${low}`).ok
    return swapped ? { ...span, hint: `did you mean "H(${high}-${low})"?` } : span
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
  const to = checkValue(field, high)
  if (!to.ok) return to

  // fri-sun runs to the Sunday at the end of the week.
  const endsOnSunday = field.name === 'weekday' && /^sun$/i.test(high) && from.text !== '0'
  const [first, last] = [Number(from.text), endsOnSunday ? 7 : Number(to.text)]
  if (first <= last) return { ok: true, text: `${first}-${last}` }
  const hint = `write ${quoted(forwards(field, [first, last], [low, high], step))}`
  return refuse(field, `${range} runs backwards`, hint)
}

/** The range `22-4` as two that run forwards: `22-23,0-4`. A step continues in the second one. */
function forwards(
  field: Field,
  [first, last]: readonly [number, number],
  [low, high]: readonly [string, string],
  step = '1',
): string {
  const name = (value: number): string =>
    (/\D/.test(low + high) ? field.names[value] : undefined) ?? String(value)
  const by = checkStep(field, '', step).ok ? Number(step) : 1
  const part = (from: string, to: string): string =>
    from === to ? from : `${from}-${to}${by === 1 ? '' : `/${by}`}`
  const upper = part(low, first === field.last ? low : name(field.last))
  // The first value after the end of the field, counted from its beginning.
  const stepsToEnd = Math.floor((field.last - first) / by) + 1
  const start = first + stepsToEnd * by - (field.last + 1) + field.min
  if (start > last) return upper
  return `${upper},${part(start === last ? high : name(start), high)}`
}

function checkValue(field: Field, word: string): Item {
  const named = field.names.indexOf(word.toLowerCase())
  if (named >= 0) return { ok: true, text: String(named) }
  if (!/^\d+$/.test(word)) return unknown(field, word)
  const value = Number(word)
  if (value >= field.min && value <= field.max) return { ok: true, text: String(value) }
  const isYear = field.name === 'weekday' && value >= 1970 && value <= 9999
  const hint = isYear ? noYear : (rangeHints.get(`${field.name} ${value}`) ?? null)
  return refuse(field, `${word} is out of range`, hint)
}

const rangeHints: ReadonlyMap<string, string> = new Map([
  ['second 60', 'the full minute is second 0'],
  ['minute 60', 'the full hour is minute 0'],
  ['hour 24', 'midnight is hour 0'],
  ['day 0', 'the first day of a month is 1'],
  ['day 32', 'the last day of a month is L'],
  ['month 0', 'January is month 1'],
])

function unknown(field: Field, word: string): Refused {
  return refuse(field, `${quoted(word)} is not ${withArticle(field)}`, hintFor(field, word))
}

/** What the author of this word probably meant. */
function hintFor(field: Field, word: string): string | null {
  const lower = word.toLowerCase()
  const near = nearest(
    word,
    field.names.filter((name) => name !== undefined),
  )
  if (near !== undefined) return `did you mean "${near}"?`
  const other = fields.find(({ names }) => names.includes(lower))
  if (other !== undefined)
    return `${quoted(word)} is a ${other.name}; the order is minute hour day month weekday`
  if (/^\*\d+$/.test(word)) return `did you mean "*/${word.slice(1)}"?`
  if (/^\w+-$/.test(word)) return `did you mean "${word}${field.last}"?`
  if (/^h(?:$|\W)/.test(lower))
    return `H stands alone or takes a range, for example H(${field.min}-${field.hashMax})`
  if (field.name !== 'day') return null
  if (/^\w+(?:l|#\d)$/.test(lower)) return `${quoted(word)} belongs in the last field, the weekday`
  if (/^l?\d*w$/.test(lower)) return 'torch has no W, the nearest working day'
  return lower.startsWith('l') ? 'L stands alone; it is the last day of the month' : null
}

function checkStep(field: Field, range: string, step: string): Item {
  const most = field.last - field.min + 1
  const value = /^\d+$/.test(step) ? Number(step) : Number.NaN
  if (value >= 1 && value <= most) return { ok: true, text: String(value) }
  const unit = value > most && range === '*' ? periodUnits.get(field.name) : undefined
  const hint =
    unit === undefined
      ? null
      : `for every ${value} ${field.name}s, the whole schedule is "@every ${value}${unit}"`
  const problem =
    step === ''
      ? 'no step after the /'
      : Number.isNaN(value)
        ? `${quoted(step)} is not a step`
        : `step ${step} is out of range`
  return { ok: false, message: `${field.name}: ${problem}; steps are 1-${most}`, hint }
}

const periodUnits: ReadonlyMap<string, string> = new Map([
  ['second', 's'],
  ['minute', 'm'],
  ['hour', 'h'],
  ['day', 'd'],
])

/** Items whose values are remembered: most schedules use only a few dozen. */
const maxKnownItems = 4096
const knownItems = new Map<string, readonly string[]>()

/**
 * The values of a checked item. One item at a time, because cron-parser refuses a list that contains
 * a value twice, and that is allowed.
 */
function expandItem(field: Field, item: string, seed: string): readonly string[] {
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
