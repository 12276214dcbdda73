import { maxTextChars } from '../../tasks/file/limits.ts'
import { showValue } from '../../tasks/file/show-value.ts'
import { type CronCommand, hasHereDocuments, splitPercent, withInput } from './cron-command.ts'
import type { CronLine } from './cron-lines.ts'
import { readCronWhen } from './cron-when.ts'
import { userColumn } from './system-form.ts'
import { unfitIn } from '../unfit.ts'

/** An entry of a crontab in the terms of a task, or why it is none. */
export type CronEntry =
  | {
      readonly ok: true
      readonly schedule: string
      /** As cron has it, for a name. */
      readonly line: string
      /** As torch has it: with its input. */
      readonly command: string
      readonly user: string | undefined
      readonly notes: readonly Note[]
    }
  | { readonly ok: false; readonly message: string }

/** What is to be said of an entry; of one sort once. */
interface Note {
  readonly message: string
  readonly sort?: string
}

/** Reads an entry, `system` with a user column, for the shell that is to run it. */
export function readCronEntry(
  entry: Extract<CronLine, { kind: 'entry' }>,
  { system, shell }: { readonly system: boolean; readonly shell: string },
): CronEntry {
  const when = readCronWhen(entry.when)
  if (!when.ok) return when
  const column = system ? userColumn(entry.rest) : undefined
  const { user, command: written } = column ?? { user: undefined, command: entry.rest }
  const fault = faultOf(user, written)
  if (fault !== undefined) return { ok: false, message: fault }

  const parts = splitPercent(written)
  // A blank behind a backslash is a part of the last word.
  const line = /\\\s+$/.test(parts.command) ? parts.command : parts.command.trim()
  if (line === '') return { ok: false, message: 'there is no command' }
  if (parts.input !== '' && !hasHereDocuments(shell))
    return { ok: false, message: `what is behind % is input, and ${shell} is no shell like sh` }
  const command = withInput({ command: line, input: parts.input })
  if (command.length > maxTextChars)
    return { ok: false, message: `a command has at most ${maxTextChars} characters` }
  const notes = [...when.notes.map((message) => ({ message })), ...notesOf(entry.quiet, parts)]
  return { ok: true, schedule: when.schedule, line, command, user, notes }
}

function faultOf(user: string | undefined, command: string): string | undefined {
  if (user?.startsWith('*')) return 'a sixth field: cron has five, then the user'
  if (user !== undefined && command.trim() === '') return 'there is no command behind the user'
  if (user !== undefined && !/^[\w.][\w.-]*\$?$/.test(user))
    return `${showValue(user)} is no name of a user`
  return unfitIn(command)
}

function notesOf(quiet: boolean, { command, input }: CronCommand): Note[] {
  const notes: Note[] = []
  if (quiet) {
    const message = 'the - before it keeps it out of syslog; torch has each run on record'
    notes.push({ message, sort: 'quiet' })
  }
  if (command.includes('\\\\')) {
    const message = "Debian's cron makes one backslash of two, cronie does not, and nor does torch"
    notes.push({ message, sort: 'backslash' })
  }
  if (input !== '' && !hasBalancedQuotes(command)) {
    const message =
      'what is behind the % is its input, as in cron, but a quote before it is left open'
    notes.push({ message })
  }
  return notes
}

/** Not so where a `%` of a format was not escaped. */
function hasBalancedQuotes(command: string): boolean {
  return command.replaceAll(/\\[^]|'[^']*'|"(?:\\[^]|[^"\\])*"|[^'"\\]+/g, '') === ''
}
