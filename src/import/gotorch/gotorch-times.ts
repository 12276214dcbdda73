import { type Field, fields } from '../../schedule/field.ts'
import { parseSchedule } from '../../schedule/parse.ts'
import { showValue } from '../../tasks/file/show-value.ts'
import { readCronField } from '../crontab/cron-field.ts'

/** The times of a task of gotorch as a schedule of torch, and what gotorch itself made of them. */
export type GoTimes =
  | {
      readonly ok: true
      readonly schedule: string
      /** Single values and ranges came to nothing in gotorch, and so did the task. */
      readonly neverFired: boolean
      /** A `*` or step whose last value gotorch left out. */
      readonly lostLast: boolean
    }
  | { readonly ok: false; readonly message: string }

/** In the order of gotorch; weekdays are 1 to 7, and 7 is Sunday. */
const order: readonly Field['name'][] = ['second', 'minute', 'hour', 'day', 'weekday', 'month']

/**
 * Reads `second minute hour day week month`. What its author meant is taken, and not what gotorch
 * did: its loop over a range ends before the last value, of `a-b` it takes `a` for both ends, and
 * Sunday is 0 there, which it never sets (task/attr.go).
 */
export function readGoTimes(times: string): GoTimes {
  const words = times.trim().split(/\s+/)
  if (words.length !== order.length) return wrong('Times needs six fields')
  const texts = new Map<Field['name'], string>()
  const all = { neverFired: false, lostLast: false }
  for (const [index, name] of order.entries()) {
    const field = fields.find((each) => each.name === name)
    const read = field && readGoField(field, words[index] ?? '')
    if (!read?.ok) return wrong(read?.message ?? '')
    texts.set(name, read.text)
    all.neverFired ||= read.neverFired
    all.lostLast ||= read.lostLast
  }
  const days = [texts.get('day') ?? '*', texts.get('weekday') ?? '*']
  if (!days.some((text) => text.startsWith('*')))
    return wrong('day and week both have to match there, and torch takes either')

  const schedule = fields.map(({ name }) => texts.get(name) ?? '*').join(' ')
  const parsed = parseSchedule(schedule, { zone: 'UTC', seed: '' })
  return parsed.ok ? { ok: true, schedule, ...all } : wrong(parsed.message)
}

type GoField =
  | { readonly ok: true; text: string; neverFired: boolean; lostLast: boolean }
  | { readonly ok: false; readonly message: string }

function readGoField(field: Field, word: string): GoField {
  const read = readCronField(field, word)
  if (!read.ok) return read
  const [note] = read.notes
  if (note !== undefined)
    return wrong(`${field.name}: ${showValue(word)} is nothing that gotorch reads`)
  const first = field.name === 'weekday' ? 1 : field.min
  const steps = [...word.matchAll(/\*(?:\/(\d+))?/g)].map(([, step = '1']) => Number(step))
  return {
    ok: true,
    // A week begins with Monday there.
    text:
      field.name === 'weekday' ? read.text.replaceAll('*/', `${first}-${field.max}/`) : read.text,
    neverFired: steps.length === 0,
    lostLast: steps.some((step) => (field.max - first) % step === 0),
  }
}

function wrong(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message }
}
