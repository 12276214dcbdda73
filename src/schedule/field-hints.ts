import { nearest } from '../text/suggest.ts'
import { type Field, fields, noYear } from './field.ts'

/*
 * What to write instead of a field, or a part of it, that is refused. Each hint is valid itself and
 * means the same.
 */

/**
 * The range `22-4` as two that run forwards: `22-23,0-4`. The steps continue in the second one: for
 * `23-4/2` it is `23,1-4/2`.
 */
export function forwards(
  field: Field,
  [first, last]: readonly [number, number],
  [low, high]: readonly [string, string],
  step: number,
): string {
  // 7-2 begins with the Sunday at the beginning of the week.
  if (field.name === 'weekday' && first === 7) return span('sun', high, step)
  const name = (value: number): string =>
    (/\D/.test(low + high) ? field.names[value] : undefined) ?? String(value)
  const upper = span(low, first === field.last ? low : name(field.last), step)
  // The first value after the end of the field, counted from its beginning.
  const stepsToEnd = Math.floor((field.last - first) / step) + 1
  const start = first + stepsToEnd * step - (field.last + 1) + field.min
  if (start > last) return upper
  return `${upper},${span(start === last ? high : name(start), high, step)}`
}

function span(from: string, to: string, step: number): string {
  return from === to ? from : `${from}-${to}${step === 1 ? '' : `/${step}`}`
}

/** `mon#1,tue#1` for the range `mon-tue` and the sign `#1`. The same range in numbers may run over 7. */
export function eachDay(
  field: Field,
  written: string,
  [from, to]: readonly [number, number],
  sign: string,
): string {
  const days = Array.from({ length: to - from + 1 }, (_, index) => from + index)
  const name = (day: number): string =>
    (/[a-z]/i.test(written) ? field.names[day % 7] : undefined) ?? String(day % 7)
  return days.map((day) => name(day) + sign).join(',')
}

/** A hint for a number that the field does not allow. */
export function rangeHint(field: Field, value: number): string | null {
  const isYear = field.name === 'weekday' && value >= 1970 && value <= 9999
  return isYear ? noYear : (rangeHints.get(`${field.name} ${value}`) ?? null)
}

const rangeHints: ReadonlyMap<string, string> = new Map([
  ['second 60', 'the full minute is second 0'],
  ['minute 60', 'the full hour is minute 0'],
  ['hour 24', 'midnight is hour 0'],
  ['day 0', 'the first day of a month is 1'],
  ['day 32', 'the last day of a month is L'],
  ['month 0', 'January is month 1'],
])

/** What the author of this word probably meant. */
export function hintForWord(field: Field, word: string): string | null {
  const lower = word.toLowerCase()
  const near = nearest(
    word,
    field.names.filter((name) => name !== undefined),
  )
  if (near !== undefined) return `did you mean "${near}"?`
  const other = fields.find(({ names }) => names.includes(lower))
  if (other !== undefined)
    return `${JSON.stringify(word)} is a ${other.name}; the order is minute hour day month weekday`
  if (/^\*\d+$/.test(word)) return `did you mean "*/${word.slice(1)}"?`
  if (/^\w+-$/.test(word)) return `did you mean "${word}${field.last}"?`
  if (/^h(?:$|\W)/.test(lower))
    return `H stands alone or takes a range, for example H(${field.min}-${field.hashMax})`
  if (field.name === 'weekday' && /^(?:l-\d+|l(?:-\d+)?w|\d+w)$/.test(lower))
    return `${JSON.stringify(word)} belongs in the field before the month, the day`
  if (field.name === 'day' && /^\w+(?:l|#\d)$/.test(lower))
    return `${JSON.stringify(word)} belongs in the last field, the weekday`
  return null
}
