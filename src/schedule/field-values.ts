import { CronExpressionParser } from 'cron-parser'
import { remembered } from '../text/cache.ts'
import { type Field, fields } from './field.ts'

/** Items whose values are kept: most schedules are made of a few dozen. */
const maxKnownItems = 4096
const known = new Map<string, readonly string[]>()

/**
 * The values of one item that checkItem() accepted, as cron-parser gives them: numbers, and in the
 * day fields `L`, `5L`, and `5#2`. One item at a time, because cron-parser refuses a list that
 * names a value twice, which is legal.
 */
export function expandItem(field: Field, item: string, seed: string): readonly string[] {
  if (item.startsWith('H')) return expand(field, item, seed)
  return remembered(known, maxKnownItems, `${field.name} ${item}`, () => expand(field, item, seed))
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
