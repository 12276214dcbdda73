import { builtInCalendars, daySetOf, parseDays } from '../../schedule/day-sets.ts'
import type { KeyPath } from './key-path.ts'
import type { WrittenCalendar } from './limit-values.ts'
import { maxCalendarEntries } from './limits.ts'
import { resolveFile, type TasksFacts } from './settings.ts'
import type { FileCalendar } from './slot-limits.ts'
import type { Source } from './source.ts'

/** Reads a calendar of the file, and reports what is wrong with it. */
export function readCalendar(
  source: Source,
  name: string,
  written: WrittenCalendar,
  facts: TasksFacts,
): FileCalendar | undefined {
  const path = ['calendars', name]
  if (Object.hasOwn(builtInCalendars, name)) {
    const message = `${JSON.stringify(name)} is a built-in calendar`
    source.report(path, message, { hint: 'give it another name' })
    return undefined
  }
  const found = Array.isArray(written)
    ? calendarOf(written, (message, hint, at) => source.report([...path, at], message, { hint }))
    : readFile(source, [...path, 'file'], written.file, facts)
  if (found?.entries.length === 0) {
    const hint = 'write a date in it, or remove it and its name from the tasks'
    source.report(path, 'has no days', { hint, severity: 'warning' })
  }
  return found
}

/** A date or range a line; what follows a `#` is a comment. */
function readFile(
  source: Source,
  path: KeyPath,
  written: string,
  facts: TasksFacts,
): FileCalendar | undefined {
  const file = resolveFile(source, path, written, facts.folder)
  if (file === undefined) return undefined
  const read = facts.readCalendar(file)
  if (!read.ok) {
    source.report(path, `cannot be used: ${file}: ${read.message}`)
    return undefined
  }
  const lines = read.text.split('\n').map((line) => line.replace(/#.*$/s, '').trim())
  const entries = lines.flatMap((text, at) => (text === '' ? [] : [{ text, line: at + 1 }]))
  if (entries.length > maxCalendarEntries) {
    const message = `cannot be used: ${file} has ${entries.length} dates and ranges; torch reads at most ${maxCalendarEntries}`
    source.report(path, message)
    return undefined
  }
  return calendarOf(
    entries.map(({ text }) => text),
    (message, hint, at) =>
      source.report(path, `cannot be used: ${file}:${entries[at]?.line ?? 1}: ${message}`, {
        hint,
      }),
  )
}

function calendarOf(
  texts: readonly string[],
  report: (message: string, hint: string | null, at: number) => void,
): FileCalendar | undefined {
  let isGood = true
  const read = texts.flatMap((text, at) => {
    const parsed = parseDays(text.trim())
    if (parsed.ok) return [parsed.entry]
    report(parsed.message, parsed.hint, at)
    isGood = false
    return []
  })
  const entries = texts.map((text) => text.trim().replace(/\s*\.\.\s*/, '..'))
  return isGood ? { days: daySetOf(read), entries } : undefined
}
