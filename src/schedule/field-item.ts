import type { Field } from './field.ts'
import { nearest } from '../text/suggest.ts'

/*
 * One item of a field's list, checked before cron-parser sees it: that one takes steps over the
 * field's size, has eight weekdays, and never says which field it means.
 */

/** Rewritten in plain numbers for cron-parser, or what is wrong with it. */
export type Item = { ok: true; text: string } | Refused

export interface Refused {
  readonly ok: false
  readonly message: string
  readonly hint: string | null
}

/** Case does not matter; messages show the item as it is written. */
export function checkItem(field: Field, item: string): Item {
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
