import { CronExpressionParser } from 'cron-parser'
import { remembered } from '../text/cache.ts'
import { nearest } from '../text/suggest.ts'

/** One field of a schedule: what it is called, and what it allows. */
export interface Field {
  readonly name: 'second' | 'minute' | 'hour' | 'day' | 'month' | 'weekday'
  readonly min: number
  /** The highest that may be written. */
  readonly max: number
  /** `*` stands for min up to this: 6 for weekdays, of which 7 is another name of 0. */
  readonly last: number
  /** `H` without a range is hashed into min up to this: a day that every month has. */
  readonly hashMax: number
  /** names[n] is value n. */
  readonly names: readonly (string | undefined)[]
  /** Ends the messages: `minutes are 0-59`. */
  readonly allows: string
}

const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')
const weekdays = 'sun mon tue wed thu fri sat'.split(' ')

/** In the order of a schedule of 6 fields. */
export const fields: readonly Field[] = [
  numbers('second', 0, 59),
  numbers('minute', 0, 59),
  numbers('hour', 0, 23),
  { ...numbers('day', 1, 31), hashMax: 28 },
  {
    ...numbers('month', 1, 12),
    names: [undefined, ...months],
    allows: 'months are 1-12 or jan-dec',
  },
  {
    ...numbers('weekday', 0, 7),
    last: 6,
    hashMax: 6,
    names: weekdays,
    allows: 'weekdays are 0-7 or sun-sat',
  },
]

function numbers(name: Field['name'], min: number, max: number): Field {
  return {
    name,
    min,
    max,
    last: max,
    hashMax: max,
    names: [],
    allows: `${name}s are ${min}-${max}`,
  }
}

export type ParsedField = { ok: true; values: readonly string[] } | Refused

/** Fields whose values are kept: most files are made of a few dozen. */
const maxKnownFields = 4096
const knownFields = new Map<string, ParsedField>()

export function parseField(field: Field, text: string, seed: string): ParsedField {
  const read = (): ParsedField => readField(field, text, seed)
  // What H stands for is another value for each task.
  if (/(^|,)h/i.test(text)) return read()
  return remembered(knownFields, maxKnownFields, `${field.name} ${text}`, read)
}

function readField(field: Field, text: string, seed: string): ParsedField {
  const values: string[] = []
  for (const item of text.split(',')) {
    if (item === '') return refuse(field, `${JSON.stringify(text)} has an empty item`)
    const checked = checkItem(field, item)
    if (!checked.ok) return checked
    values.push(...expandItem(field, checked.text, seed))
  }
  return { ok: true, values }
}

/** Rewritten in plain numbers for cron-parser, or what is wrong with it. */
type Item = { ok: true; text: string } | Refused

export interface Refused {
  readonly ok: false
  readonly message: string
  readonly hint: string | null
}

/** Case does not matter; messages show the item as it is written. */
function checkItem(field: Field, item: string): Item {
  if (field.name === 'day' && /^l$/i.test(item)) return { ok: true, text: 'L' }
  if (field.name === 'weekday' && /l$/i.test(item)) return checkLast(field, item.slice(0, -1))
  if (field.name === 'weekday' && item.includes('#')) return checkNth(field, item)

  const slash = item.indexOf('/')
  const what = slash < 0 ? item : item.slice(0, slash)
  const range = checkRange(field, what, slash >= 0)
  if (!range.ok || slash < 0) return range
  const step = checkStep(field, item.slice(slash + 1))
  return step.ok ? { ok: true, text: `${range.text}/${step.text}` } : step
}

/** A refusal that ends with what the field allows. */
export function refuse(field: Field, problem: string, hint: string | null = null): Refused {
  return { ok: false, message: `${field.name}: ${problem}; ${field.allows}`, hint }
}

function checkLast(field: Field, day: string): Item {
  if (day === '') {
    const hint = '5L is the last Friday of the month'
    return refuse(field, 'L needs a weekday before it', hint)
  }
  const value = checkValue(field, day)
  return value.ok ? { ok: true, text: `${value.text}L` } : value
}

function checkNth(field: Field, item: string): Item {
  const hash = item.indexOf('#')
  const value = checkValue(field, item.slice(0, hash))
  if (!value.ok) return value
  const nth = item.slice(hash + 1)
  if (/^0*[1-5]$/.test(nth)) return { ok: true, text: `${Number(value.text) % 7}#${Number(nth)}` }
  const message = `weekday: ${shown(item)} is out of range; a month has each weekday 1-5 times`
  return { ok: false, message, hint: null }
}

/** `*`, `?`, `5`, `1-5`, `h`, `h(1-5)`. A single value with a step goes on to the end: `5/15`. */
function checkRange(field: Field, range: string, stepped: boolean): Item {
  if (range === '*' || range === '?') return { ok: true, text: `${field.min}-${field.last}` }
  if (/^h$/i.test(range)) return { ok: true, text: `H(${field.min}-${field.hashMax})` }
  if (/^h\(.*\)$/i.test(range)) {
    const inner = range.slice(2, -1)
    const hashed = inner.includes('-') ? checkSpan(field, inner) : unknown(field, range)
    // Sunday once: cron-parser refuses a field that names it twice.
    return hashed.ok
      ? { ok: true, text: `H(${hashed.text === '0-7' ? '0-6' : hashed.text})` }
      : hashed
  }
  if (range.indexOf('-') > 0) return checkSpan(field, range)

  const value = checkValue(field, range)
  if (!value.ok || !stepped) return value
  return { ok: true, text: `${value.text}-${Math.max(field.last, Number(value.text))}` }
}

function checkSpan(field: Field, range: string): Item {
  const dash = range.indexOf('-')
  const [low, high] = [range.slice(0, dash), range.slice(dash + 1)]
  if (low === '' || high === '') return unknown(field, range)
  const from = checkValue(field, low)
  if (!from.ok) return from
  const to = checkValue(field, high)
  if (!to.ok) return to

  // fri-sun goes up to the Sunday that ends the week.
  const sunday = field.name === 'weekday' && /^sun$/i.test(high) && from.text !== '0'
  const [first, last] = [Number(from.text), sunday ? 7 : Number(to.text)]
  if (first <= last) return { ok: true, text: `${first}-${last}` }
  const upper = span(low, field.names[field.last] ?? String(field.last))
  const lower = span(field.names[field.min] ?? String(field.min), high)
  return refuse(field, `${range} is reversed`, `write "${upper},${lower}"`)
}

function span(from: string, to: string): string {
  return from === to ? from : `${from}-${to}`
}

function checkValue(field: Field, word: string): Item {
  const named = field.names.indexOf(word.toLowerCase())
  if (named >= 0) return { ok: true, text: String(named) }
  if (!/^\d+$/.test(word)) return unknown(field, word)
  const value = Number(word)
  if (value >= field.min && value <= field.max) return { ok: true, text: String(value) }
  const year = field.name === 'weekday' && value >= 1970 && value <= 9999
  return refuse(field, `${word} is out of range`, year ? noYear : null)
}

/** The sixth field of some other crons is a year. */
export const noYear =
  'the fields are second minute hour day month weekday; there is none for a year'

function unknown(field: Field, word: string): Refused {
  const names = field.names.filter((name) => name !== undefined)
  const near = nearest(word, names)
  const hint = near === undefined ? null : `did you mean "${near}"?`
  const article = field.name === 'hour' ? 'an' : 'a'
  return refuse(field, `${shown(word)} is not ${article} ${field.name}`, hint)
}

function checkStep(field: Field, step: string): Item {
  const most = field.last - field.min + 1
  const value = /^\d+$/.test(step) ? Number(step) : undefined
  if (value !== undefined && value >= 1 && value <= most) return { ok: true, text: String(value) }
  const problem =
    value === undefined ? `${shown(step)} is not a step` : `step ${step} is out of range`
  return { ok: false, message: `${field.name}: ${problem}; steps are 1-${most}`, hint: null }
}

/** Quoted, and no control character gets to the terminal. */
function shown(word: string): string {
  return JSON.stringify(word)
}

/** Items whose values are kept: most schedules are made of a few dozen. */
const maxKnownItems = 4096
const knownItems = new Map<string, readonly string[]>()

/**
 * The values of one item that checkItem() accepted, as cron-parser gives them: numbers, and in the
 * day fields `L`, `5L`, and `5#2`. One item at a time, because cron-parser refuses a list that
 * names a value twice, which is legal.
 */
function expandItem(field: Field, item: string, seed: string): readonly string[] {
  if (item.startsWith('H')) return expand(field, item, seed)
  return remembered(knownItems, maxKnownItems, `${field.name} ${item}`, () =>
    expand(field, item, seed),
  )
}

function expand(field: Field, item: string, seed: string): readonly string[] {
  const expression = fields.map(({ name }) => (name === field.name ? item : '*')).join(' ')
  // cron-parser takes an empty seed for none, and hashes at random.
  const parsed = CronExpressionParser.parse(expression, { hashSeed: `torch ${seed}` })
  const nth = parsed.fields.dayOfWeek.nthDay
  const { values } = parsed.fields[theirNames[field.name]]
  return values.map((value) => (nth > 0 ? `${value}#${nth}` : String(value)))
}

const theirNames = {
  second: 'second',
  minute: 'minute',
  hour: 'hour',
  day: 'dayOfMonth',
  month: 'month',
  weekday: 'dayOfWeek',
} as const
