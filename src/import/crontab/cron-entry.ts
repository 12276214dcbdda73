import { type Field, fields, type Refused } from '../../schedule/field.ts'
import { parseField } from '../../schedule/parse-field.ts'
import { parseSchedule } from '../../schedule/parse.ts'
import { maxTextChars } from '../../tasks/file/limits.ts'
import { showValue } from '../../tasks/file/expected.ts'
import { type CronField, readCronField } from '../cron-field.ts'
import { unsupportedIn } from '../draft.ts'
import type { Note } from '../imported.ts'
import { lastDayNote } from './cron-habits.ts'
import { type CronLine, withoutBlanks } from './cron-lines.ts'
import { userColumn } from './system-form.ts'

/** An entry of a crontab as the keys of a task, or why torch cannot import it. */
export type CronEntry =
  | {
      readonly ok: true
      readonly schedule: string
      /** The command as cron runs it, to make a name from. */
      readonly line: string
      /** The command as torch runs it, with its input. */
      readonly command: string
      readonly user: string | undefined
      /** The flag -s: cron does not start it while its last run is still in progress. */
      readonly isSingle: boolean
      readonly notes: readonly Note[]
    }
  | { readonly ok: false; readonly message: string }

/** Reads an entry for the shell that will run it. `system`: a user stands before the command. */
export function readCronEntry(
  entry: Extract<CronLine, { kind: 'entry' }>,
  { system, shell }: { readonly system: boolean; readonly shell: string },
): CronEntry {
  const when = readCronWhen(entry.when)
  if (!when.ok) return when
  const column = system ? userColumn(entry.rest) : undefined
  const { user, command } = column ?? { user: undefined, command: entry.rest }
  const { written, flags } = splitFlags(command)
  const problem = problemOf(user, written)
  if (problem !== undefined) return { ok: false, message: problem }

  const parts = splitPercent(written)
  // A blank after a backslash belongs to the last word.
  const line = /\\[ \t]+$/.test(parts.command) ? parts.command : withoutBlanks(parts.command)
  // trim() knows more blanks than cron, such as the no-break space: no program has such a name.
  if (line.trim() === '') return { ok: false, message: 'there is no command' }
  if (parts.input !== '' && !hasHereDocuments(shell))
    return {
      ok: false,
      message: `the text after % is input, which torch cannot pass to a command of ${shell}`,
    }
  const whole = withInput({ command: line, input: parts.input })
  if (whole.length > maxTextChars)
    return { ok: false, message: `a command may have at most ${maxTextChars} characters` }
  const notes = [
    ...when.notes.map((message) => ({ message })),
    ...notesOf(entry.quiet, flags, parts),
    ...lastDayNote(entry.when, line),
  ]
  const isSingle = flags.includes('s')
  return { ok: true, schedule: when.schedule, line, command: whole, user, isSingle, notes }
}

/** The time of an entry as a schedule of torch. */
type CronWhen =
  | { readonly ok: true; readonly schedule: string; readonly notes: readonly string[] }
  | { readonly ok: false; readonly message: string }

/**
 * Reads the time of an entry: five fields, or a nickname. On an ordinary day torch is due exactly when
 * cron is; the rule for the two day fields is the same. When the clock changes there is a small
 * difference: for Debian's cron(8) a schedule is an interval if hour or minute begins with `*`, and
 * changes of more than 3 hours are not handled; for torch it is one if all 24 hours are set.
 * crontab(5) of cronie promises nothing for such days.
 */
function readCronWhen(words: readonly string[]): CronWhen {
  const [first = ''] = words
  if (first.startsWith('@')) return readNickname(first)
  const texts: string[] = []
  const notes: string[] = []
  for (const [index, text] of words.entries()) {
    const field = fields[index + 1]
    if (field === undefined) return { ok: false, message: 'expected five fields' }
    const read = readQuartzField(field, text) ?? readCronField(field, text)
    if (!read.ok) return refusal(read)
    texts.push(read.text)
    notes.push(...read.notes)
  }
  return checkSchedule(texts.join(' '), notes)
}

/**
 * `L`, `15W` and `5#2` come from Quartz. No cron of Linux knows them, but supercronic and others do, and their
 * files look the same. undefined for a field without them.
 */
function readQuartzField(field: Field, text: string): CronField | undefined {
  const form = quartzForms[field.name]
  if (form === undefined || !text.split(',').some((item) => form.test(item))) return undefined
  const parsed = parseField(field, text, '')
  if (!parsed.ok) return parsed
  const note = `${field.name}: cron on Linux refuses ${showValue(text)}; torch reads it as Quartz and supercronic do`
  return { ok: true, text, notes: [note] }
}

const quartzForms: Partial<Record<Field['name'], RegExp>> = {
  day: /^(?:L(?:-\d+)?W?|\d+W)$/i,
  weekday: /^(?:\d|[a-z]{3})(?:L|#\d)$/i,
}

/** cron knows these, only in lower case. They mean the same in torch. */
const nicknames = new Set(
  '@reboot @yearly @annually @monthly @weekly @daily @midnight @hourly'.split(' '),
)

/** Nicknames of other systems that have another name in torch. */
const elsewhere: Readonly<Record<string, string>> = {
  '@every_minute': '@minutely',
  '@every_second': '@secondly',
}

function readNickname(word: string): CronWhen {
  if (nicknames.has(word)) return { ok: true, schedule: word, notes: [] }
  const shown = showValue(word)
  const lower = word.toLowerCase()
  if (nicknames.has(lower))
    return { ok: false, message: `cron does not know ${shown}; did you mean ${lower}?` }
  const seconds = /^@(\d{1,9})$/.exec(word)?.[1]
  const own = seconds === undefined ? elsewhere[lower] : `@every ${seconds}s`
  const hint = own === undefined ? '' : `; in torch write ${own}`
  return { ok: false, message: `cron on Linux does not know ${shown}${hint}` }
}

/** Makes sure that the tasks file will be valid, even if cron accepts something that torch does not. */
function checkSchedule(schedule: string, notes: readonly string[]): CronWhen {
  const parsed = parseSchedule(schedule, { zone: 'UTC', seed: '' })
  if (!parsed.ok) return refusal(parsed)
  const never = parsed.neverFires ? ['it is never due, because no such day exists'] : []
  return { ok: true, schedule, notes: [...notes, ...never] }
}

function refusal({ message, hint }: Refused): CronWhen {
  return { ok: false, message: hint === null ? message : `${message}; ${hint}` }
}

/**
 * Splits off the flags before a command: `-n` of cronie and FreeBSD, `-q` of FreeBSD, and both and `-s` of
 * OpenBSD. Debian's cron has none, but no program begins with `-`.
 */
function splitFlags(command: string): { readonly written: string; readonly flags: string } {
  const [words = ''] = /^(?:[ \t]*-[nqs]+(?=[ \t]|$))*/.exec(command) ?? []
  return { written: command.slice(words.length), flags: words.replaceAll(/[^nqs]/g, '') }
}

/** What follows the time of an entry. */
interface CronCommand {
  readonly command: string
  /** What cron writes to the standard input of the command. May be empty. */
  readonly input: string
}

/**
 * Splits a command from its input at the first `%`, as do_command() of cronie does. `\%` is a plain
 * `%`. Each further `%` is a line break in the input, which always ends with one. In the command, but
 * not in the input, a backslash escapes another one, so the `%` of `\\%` starts the input.
 */
function splitPercent(text: string): CronCommand {
  const [head = ''] = /^(?:\\[^]|[^%\\]|\\$)*/.exec(text) ?? []
  const command = head.replaceAll(/\\([^])/g, (pair, char) => (char === '%' ? '%' : pair))
  const tail = text.slice(head.length + 1)
  const input = tail.replaceAll(/\\%|%/g, (found) => (found === '%' ? '\n' : '%'))
  return { command, input: input === '' || input.endsWith('\n') ? input : `${input}\n` }
}

/** True for shells that read a here-document as sh does. */
function hasHereDocuments(shell: string): boolean {
  return /\/(?:a|ba|da|k|mk|ok|pdk|posh|ya|z)?sh(?:[\d.]+)?$/.test(shell)
}

/**
 * Adds the input to a command, as a here-document on the standard input of the shell itself. So every
 * program of the command can read it, as in cron, and the command need not change.
 */
function withInput({ command, input }: CronCommand): string {
  if (input === '') return command
  const lines = new Set(input.split('\n'))
  let end = 'EOF'
  for (let more = 2; lines.has(end); more++) end = `EOF${more}`
  return `exec <<'${end}'\n${input}${end}\n${command}`
}

function problemOf(user: string | undefined, command: string): string | undefined {
  if (user !== undefined && withoutBlanks(command) === '')
    return 'there is no command after the user'
  if (user !== undefined && !/^[\w.][\w.-]*\$?$/.test(user))
    return `${showValue(user)} is not a user name`
  return unsupportedIn(command)
}

function notesOf(quiet: boolean, flags: string, { command, input }: CronCommand): Note[] {
  const notes: Note[] = []
  if (flags.includes('n')) {
    const message =
      'the flag -n (mail only after a failure) is left out: notify sends a message after a failure'
    notes.push({ message, topic: '-n' })
  }
  if (flags.includes('q')) {
    const message = 'the flag -q (no line in the log of cron) is left out; torch records every run'
    notes.push({ message, topic: '-q' })
  }
  if (flags.includes('s')) {
    const message = 'the flag -s (only one run at the same time) becomes max: 1'
    notes.push({ message, topic: '-s' })
  }
  if (quiet) {
    const message = 'the leading - keeps this job out of the log of cron; torch records every run'
    notes.push({ message, topic: 'quiet' })
  }
  if (command.includes('\\\\')) {
    const message = "Debian's cron turns two backslashes into one; cronie and torch keep both"
    notes.push({ message, topic: 'backslash' })
  }
  if (input !== '' && !hasBalancedQuotes(command)) {
    const message =
      'the text after % is input for the command, as in cron, but a quote before it is not closed'
    notes.push({ message })
  }
  return notes
}

/** Open quotes usually mean that somebody forgot to escape the `%` of a date format. */
function hasBalancedQuotes(command: string): boolean {
  return command.replaceAll(/\\[^]|'[^']*'|"(?:\\[^]|[^"\\])*"|[^'"\\]+/g, '') === ''
}
