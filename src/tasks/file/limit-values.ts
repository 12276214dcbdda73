import { z } from 'zod'
import { type Moment, parseDate, parseMoment } from '../../schedule/dates.ts'
import { expected } from './expected.ts'
import { maxCalendarEntries } from './limits.ts'
import { key, ownName, path, whole } from './schema-values.ts'

/** The values of the keys that limit when a schedule is due: see slot-limits.ts. */

/** A date, or a time with or without an offset. */
export const moment = z
  .string({ error: expected.moment })
  .transform((text, context): { readonly text: string; readonly moment: Moment } => {
    const parsed = parseMoment(text)
    if (parsed === undefined) context.addIssue({ code: 'custom', message: expected.moment })
    return parsed === undefined ? z.NEVER : { text, moment: parsed }
  })
  .meta({ title: 'date or time' })

const date = z
  .string({ error: expected.date })
  .transform((text, context) => {
    const day = parseDate(text)
    if (day === undefined) context.addIssue({ code: 'custom', message: expected.date })
    return day === undefined ? z.NEVER : { text, day }
  })
  .meta({ title: 'date' })

const maxCycle = 1000
const count = whole(2, maxCycle)

export const cycle = z.strictObject(
  {
    weeks: key(count, 'start only in every n-th week, Monday to Sunday'),
    days: key(count, 'start only on every n-th day'),
    months: key(count, 'start only in every n-th month'),
    from: key(date, 'a date in the first of these weeks, days or months; always required'),
  },
  { error: (issue) => (issue.code === 'invalid_type' ? expected.cycle : undefined) },
)

const names = { error: expected.calendarNames }
const name = z.string(names).regex(/\S/, names)
/** One name, or a list. An empty list replaces that of the defaults. */
export const calendarNames = z
  .union([name.transform((one) => [one]), z.array(name, names)], names)
  .meta({ title: 'name or list of names' })

export const onExcluded = z.enum(['skip', 'next-day', 'previous-day'])

const entry = z.string({ error: expected.calendarEntry })
const entries = z
  .array(entry, { error: expected.calendar })
  .max(maxCalendarEntries, { error: expected.calendar })
const calendarFile = z.strictObject({ file: path })
const calendar = z.union([entries, calendarFile], { error: expected.calendar })
export const calendars = z
  .record(ownName, calendar)
  .meta({ title: 'map of names to lists of dates, or to files' })

export type WrittenCalendar = z.output<typeof calendar>
