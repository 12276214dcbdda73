import { fields, type Refused } from '../../schedule/field.ts'
import { parseSchedule } from '../../schedule/parse.ts'
import { showValue } from '../../tasks/file/show-value.ts'
import { readCronField } from './cron-field.ts'

/** When an entry of a crontab is due, as a schedule of torch. */
export type CronWhen =
  | { readonly ok: true; readonly schedule: string; readonly notes: readonly string[] }
  | { readonly ok: false; readonly message: string }

/**
 * Reads the time of an entry: five fields, or a nickname. The rule for days is the same in both
 * (do the fields begin with `*`?), and so is all else on an ordinary day. Where the clock is changed
 * they differ a little: cron(8) of Debian tells intervals from fixed times by a `*` in hour or
 * minute, torch by whether all 24 hours are named; and it does so for changes of up to 3 hours.
 * crontab(5) of cronie promises nothing for such days.
 */
export function readCronWhen(words: readonly string[]): CronWhen {
  const [first = ''] = words
  if (first.startsWith('@')) return readNickname(first)
  const texts: string[] = []
  const notes: string[] = []
  for (const [index, text] of words.entries()) {
    const field = fields[index + 1]
    if (field === undefined) return { ok: false, message: 'expected five fields' }
    const read = readCronField(field, text)
    if (!read.ok) return refusal(read)
    texts.push(read.text)
    notes.push(...read.notes)
  }
  return checked(texts.join(' '), notes)
}

/** cron knows these, in small letters; torch reads all of them, and as cron does. */
const nicknames = new Set(
  '@reboot @yearly @annually @monthly @weekly @daily @midnight @hourly'.split(' '),
)

/** Those of other systems that torch has under another name. */
const elsewhere: Readonly<Record<string, string>> = {
  '@every_minute': '@minutely',
  '@every_second': '@secondly',
}

function readNickname(word: string): CronWhen {
  if (nicknames.has(word)) return { ok: true, schedule: word, notes: [] }
  const shown = showValue(word)
  const lower = word.toLowerCase()
  if (nicknames.has(lower))
    return { ok: false, message: `cron knows no ${shown}; did you mean ${lower}?` }
  const seconds = /^@(\d{1,9})$/.exec(word)?.[1]
  const own = seconds === undefined ? elsewhere[lower] : `@every ${seconds}s`
  const hint = own === undefined ? '' : `; torch has ${own}`
  return { ok: false, message: `the crons of Linux know no ${shown}${hint}` }
}

/** Whatever cron takes and torch does not is told, and not written into a file that is not valid. */
function checked(schedule: string, notes: readonly string[]): CronWhen {
  const parsed = parseSchedule(schedule, { zone: 'UTC', seed: '' })
  if (!parsed.ok) return refusal(parsed)
  const never = parsed.neverFires ? ['it never fires: there is no such day'] : []
  return { ok: true, schedule, notes: [...notes, ...never] }
}

function refusal({ message, hint }: Refused): CronWhen {
  return { ok: false, message: hint === null ? message : `${message}; ${hint}` }
}
