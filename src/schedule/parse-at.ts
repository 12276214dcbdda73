import { commandAfter } from './other-dialects.ts'
import { momentMeant, parseMoment, secondOf } from './dates.ts'
import type { Refused } from './field.ts'
import type { OnceSchedule } from './schedule.ts'

/** Reads `@at 2026-12-31T23:00`, whose words after `@at` these are. A time without an offset is one of the zone. */
export function parseAt(
  text: string,
  words: readonly string[],
  zone: string,
): { readonly ok: true; readonly schedule: OnceSchedule } | Refused {
  const written = words.join(' ')
  const moment = words.length === 1 ? parseMoment(written) : undefined
  if (moment !== undefined && !moment.isDate)
    return { ok: true, schedule: { kind: 'once', text, zone, at: secondOf(moment, zone) } }
  const [first = ''] = words
  if (words.length > 1 && parseMoment(first)?.isDate === false) return commandAfter(['@at', first])
  const got = words.length === 0 ? 'nothing' : JSON.stringify(written)
  const message = `@at: expected a time such as 2026-12-31T23:00; got ${got}`
  return { ok: false, message, hint: hintFor(written) }
}

function hintFor(written: string): string {
  const meant = momentMeant(written)
  const moment = meant === undefined ? undefined : parseMoment(meant)
  if (moment?.isDate === true) return `write "@at ${meant}T00:00" for the beginning of that day`
  if (meant !== undefined) return `write "@at ${meant}"`
  return 'write the date, a T, and the time; an offset may follow: 2026-12-31T23:00+09:00'
}
