import { type Field, refuse, type Refused, withArticle } from '../schedule/field.ts'
import { showValue } from '../tasks/file/expected.ts'

/** A field of a crontab as torch writes it, and notes for the user about it. */
export type CronField =
  { readonly ok: true; readonly text: string; readonly notes: readonly string[] } | Refused

/**
 * Reads a field of a crontab as the crons of Linux do: by crontab(5) of Debian and of cronie, and by
 * their parsers (entry.c) where the manuals are silent. The field stays as written, unless torch has
 * another syntax. A field that one of the two crons refuses, or reads as something that nobody means,
 * is refused.
 */
export function readCronField(field: Field, text: string): CronField {
  const items: string[] = []
  const notes: string[] = []
  for (const written of text.split(',')) {
    const item = readItem(field, written)
    if (!item.ok) return item
    items.push(item.text)
    if (item.note === undefined) continue
    notes.push(item.note)
    if (item.isLast) break
  }
  return { ok: true, text: items.join(','), notes }
}

type Item =
  | {
      readonly ok: true
      readonly text: string
      readonly note?: string
      /** cron ignores the rest of the field. */
      readonly isLast?: boolean
    }
  | Refused

function readItem(field: Field, item: string): Item {
  if (item.startsWith('*')) return readStar(field, item)
  const random = /^(\w*)~(\w*)(?:\/(\w+))?$/.exec(item)
  if (random !== null) return readRandom(field, item, random)
  const [, low = '', high, step] = /^(\w+)(?:-(\w+))?(?:\/(\w+))?$/.exec(item) ?? []
  if (low === '') return refuse(field, `${showValue(item)} cannot be read`)
  const from = valueOf(field, low)
  if (typeof from !== 'number') return from
  if (high === undefined) {
    if (step === undefined) return { ok: true, text: item }
    const instead = `${low}-${field.last}/${step}`
    const hint = `did you mean "${instead}"?`
    return refuse(field, `${showValue(item)} has a step but no range`, hint)
  }
  const to = valueOf(field, high)
  if (typeof to !== 'number') return to
  const isToSunday = field.name === 'weekday' && to === 0 && from > 0
  if (from > to && !isToSunday)
    return refuse(field, `${showValue(item)} runs backwards, so it matches nothing`)
  const every = step === undefined ? 1 : stepOf(field, step)
  if (typeof every !== 'number') return every
  const range = isToSunday ? `${low}-7` : `${low}-${high}`
  const text = step === undefined ? range : every > sizeOf(field) ? low : `${range}/${every}`
  if (!isToSunday) return { ok: true, text }
  const note = `${field.name}: ${showValue(item)} ends on Sunday, as in recent versions of cronie; other crons refuse the line`
  return { ok: true, text, note }
}

/** After a `*` both crons ignore everything that they do not expect, up to the end of the field. */
function readStar(field: Field, item: string): Item {
  const [, step, rest = ''] = /^\*(?:\/(.*)|(.*))$/s.exec(item) ?? []
  if (rest !== '') {
    const note = `${field.name}: cron reads ${showValue(item)} as *, so the task has *`
    return { ok: true, text: '*', note, isLast: true }
  }
  if (step === undefined) return { ok: true, text: '*' }
  const every = stepOf(field, step)
  if (typeof every !== 'number') return every
  return { ok: true, text: `*/${Math.min(every, sizeOf(field))}` }
}

/** `10~30`, `~30`, `10~` and `~` as in cronie, with a step as in OpenBSD. */
function readRandom(field: Field, item: string, [, low = '', high = '', step]: string[]): Item {
  const from = low === '' ? field.min : valueOf(field, low)
  if (typeof from !== 'number') return from
  const to = high === '' ? field.max : valueOf(field, high)
  if (typeof to !== 'number') return to
  if (from > to) return refuse(field, `${showValue(item)} runs backwards`)
  const every = step === undefined ? undefined : stepOf(field, step)
  if (typeof every === 'object') return every

  const all = low === '' && high === '' && field.hashMax === field.last
  const range = all ? 'H' : `H(${low || field.min}-${high || field.max})`
  const text = every === undefined ? range : `${range}/${Math.min(every, sizeOf(field))}`
  const note = `${field.name}: cron picks a value of ${showValue(item)} each time it starts; ${text} is one fixed value for each machine`
  return { ok: true, text, note }
}

function valueOf(field: Field, word: string): number | Refused {
  const named = field.names.indexOf(word.toLowerCase())
  if (named >= 0) return named
  if (!/^\d+$/.test(word)) return refuse(field, `${showValue(word)} is not ${withArticle(field)}`)
  const value = Number(word)
  if (value >= field.min && value <= field.max) return value
  return refuse(field, `${showValue(word)} is out of range`)
}

function stepOf(field: Field, word: string): number | Refused {
  const step = /^\d+$/.test(word) ? Number(word) : 0
  if (step > 0) return step
  const message = `${field.name}: ${showValue(word)} is not a step; a step is a whole number above 0`
  return { ok: false, message, hint: null }
}

/** The largest step that torch accepts. In cron a larger one has the same effect. */
function sizeOf(field: Field): number {
  return field.last - field.min + 1
}
