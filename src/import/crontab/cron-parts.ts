import { fields } from '../../schedule/field.ts'
import { maxTextChars } from '../../tasks/file/limits.ts'
import { showValue } from '../../tasks/file/expected.ts'
import { readCronField } from '../cron-field.ts'
import { withoutUnsupported } from '../draft.ts'
import { maxVariables, type Note, type Warnings } from '../imported.ts'
import { type CronEntry, readCronEntry } from './cron-entry.ts'
import { lockNotes } from './cron-habits.ts'
import { type CronLine, readCronLines } from './cron-lines.ts'
import { meaningOf } from './cron-variables.ts'

/** A part of a crontab in terms of torch, in the order of the crontab. */
export type CronPart =
  | { readonly kind: 'blank' }
  | { readonly kind: 'comments'; readonly comments: readonly string[] }
  | { readonly kind: 'variable'; readonly variable: CronVariable }
  | ({ readonly kind: 'task' } & CronTask)

export interface CronTask {
  readonly entry: Extract<CronEntry, { ok: true }>
  readonly description: string
  /** The settings that apply here, by the key of a task, or `env.NAME` for variables. */
  readonly settings: Scope
}

interface CronVariable {
  readonly text: string
  /** The comments above it. They move with it. */
  readonly comments: readonly string[]
}

/** A value, and the variable that set it. */
export interface Setting {
  readonly value: string
  readonly from: CronVariable | undefined
}

export type Scope = ReadonlyMap<string, Setting>

export interface CrontabOptions {
  /** A user stands before each command. */
  readonly system: boolean
  /** Whether this machine has a user of that name. Without it, users are not checked. */
  readonly isAccount?: (name: string) => boolean
}

/** Reads the lines of a crontab from top to bottom: a variable applies to the entries below it. */
export function readCronParts(
  lines: readonly CronLine[],
  { system, isAccount = () => true }: CrontabOptions,
  warnings: Warnings,
): CronPart[] {
  const hasUser = isKnownUser(isAccount)
  const reading: Reading = {
    ...{ parts: [], pending: [], scope: new Map(), system, hasUser, warnings },
    locks: lockNotes(lines),
  }
  for (const line of lines) {
    switch (line.kind) {
      case 'blank':
        endComments(reading)
        reading.parts.push({ kind: 'blank' })
        break
      case 'comment':
        if (!isCrontabHeader(line.text)) reading.pending.push(line.text)
        break
      case 'variable':
        readVariable(reading, line)
        break
      case 'entry':
        readTask(reading, line)
        break
      case 'anacron':
        refuse(reading, line, 'this is a line of an anacrontab: period, delay, id and command')
        break
      case 'wrong':
        refuse(reading, line, line.message)
    }
  }
  endComments(reading)
  return reading.parts
}

interface Reading {
  readonly parts: CronPart[]
  /** The comments directly above the next line. */
  pending: string[]
  scope: Scope
  readonly system: boolean
  readonly hasUser: (name: string) => boolean
  readonly warnings: Warnings
  /** The notes on jobs that take turns by a lock, by line. */
  readonly locks: ReadonlyMap<number, Note>
}

/** A lookup in a directory service is slow, so further names count as known. */
const maxUserLookups = 100

function isKnownUser(isAccount: (name: string) => boolean): (name: string) => boolean {
  const known = new Map<string, boolean>()
  return (name) => {
    const isKnown = known.get(name) ?? (known.size >= maxUserLookups || isAccount(name))
    known.set(name, isKnown)
    return isKnown
  }
}

function endComments(reading: Reading): void {
  const comments = takeComments(reading)
  if (comments.length > 0) reading.parts.push({ kind: 'comments', comments })
}

/** Drops a lone `#` at both ends: people use it as a blank line. */
function takeComments(reading: Reading): readonly string[] {
  const { pending } = reading
  reading.pending = []
  const first = pending.findIndex((comment) => comment !== '#')
  const last = pending.findLastIndex((comment) => comment !== '#')
  return first === -1 ? [] : pending.slice(first, last + 1)
}

function readVariable(reading: Reading, line: Extract<CronLine, { kind: 'variable' }>): void {
  const { name, value, text } = line
  const { settings, loss, topic } = meaningOf(name, value)
  if (loss !== undefined && settings.length === 0) return refuse(reading, line, loss, topic)
  const scope = new Map(reading.scope)
  const names = new Set([...scope.keys(), ...settings.map(([key]) => key)])
  if (names.size > maxVariables)
    return refuse(reading, line, `more than ${maxVariables} variables are set`, 'variables')

  if (loss !== undefined && reading.warnings.add(line.line, loss, topic))
    reading.pending.push(`# Note: ${loss}`)
  const variable = { text, comments: takeComments(reading) }
  for (const [key, set] of settings) {
    if (set === undefined) scope.delete(key)
    else scope.set(key, { value: set, from: variable })
  }
  reading.scope = scope
  if (settings.some(([, set]) => set !== undefined))
    reading.parts.push({ kind: 'variable', variable })
  else if (variable.comments.length > 0)
    reading.parts.push({ kind: 'comments', comments: variable.comments })
}

function readTask(reading: Reading, line: Extract<CronLine, { kind: 'entry' }>): void {
  const { scope, system, warnings, locks } = reading
  const shell = scope.get('shell')?.value ?? '/bin/sh'
  const entry = readCronEntry(line, { system, shell })
  if (!entry.ok) return refuse(reading, line, entry.message)

  const { user } = entry
  const unknown = user === undefined || reading.hasUser(user) ? [] : [unknownUser(user)]
  const { rest, description } = splitDescription(reading.pending)
  reading.pending = [...rest]
  const lock = locks.get(line.line) ?? []
  for (const { message, topic } of [...entry.notes, ...unknown].concat(lock)) {
    if (warnings.add(line.line, message, topic)) reading.pending.push(`# Note: ${message}`)
  }
  endComments(reading)
  const settings =
    user === undefined ? scope : new Map([['user', { value: user, from: undefined }], ...scope])
  reading.parts.push({ kind: 'task', entry, description, settings })
}

function unknownUser(user: string): Note {
  const message = `this machine has no user ${showValue(user)}; a machine that runs the task needs it`
  return { message, topic: `user ${user}` }
}

/** A line that torch cannot import stays in the tasks file as a comment. */
function refuse(reading: Reading, line: CronLine, message: string, topic?: string): void {
  reading.warnings.add(line.line, `not imported: ${message}`, topic)
  reading.pending.push(`# Not imported: ${message}`, `# ${line.text}`)
  endComments(reading)
}

/**
 * Splits the comments directly above an entry. The sentences next to the entry become its description.
 * Everything above them stays a comment: headings, a legend of the columns, jobs that are commented
 * out.
 */
function splitDescription(comments: readonly string[]): {
  readonly rest: readonly string[]
  readonly description: string
} {
  const last = comments.findLastIndex((comment) => !isSentence(comment))
  const sentences = comments.slice(last + 1).map(words)
  const description = withoutUnsupported(sentences.join(' ').slice(0, maxTextChars))
  return { rest: comments.slice(0, last + 1), description }
}

/** True for the header that crontab(1) writes into its own files. */
function isCrontabHeader(comment: string): boolean {
  return /^# (?:DO NOT EDIT THIS FILE - edit the master|\(.* installed on .*\)$|\(Cron version )/.test(
    comment,
  )
}

function isSentence(comment: string): boolean {
  const text = words(comment)
  return /\p{L}/u.test(text) && !isLegend(comment) && !isJob(text)
}

/** The text of a comment, without the `#` around it. */
function words(comment: string): string {
  return comment
    .replace(/^[#\s]+/, '')
    .replace(/[#\s]+$/, '')
    .replaceAll(/\s+/g, ' ')
}

/** `# m h dom mon dow command`, and the drawing with `.---- minute (0 - 59)` above it. */
function isLegend(comment: string): boolean {
  if (/^#+\s*(?:[|*│]|[.┌]?[-─]{3})/.test(comment)) return true
  return /^#+\s*(?:m|mins?|minutes?)\s+(?:h|hours?|hrs?)\s+\S+\s+\S+\s+\S+/i.test(comment)
}

function isJob(text: string): boolean {
  const [line] = readCronLines(text)
  if (line?.kind === 'variable') return /^[A-Z_]+$/.test(line.name)
  if (line?.kind !== 'entry') return false
  const [first = ''] = line.when
  if (first.startsWith('@')) return /^@[a-z]+$/.test(first)
  return line.when.every((word, index) => {
    const field = fields[index + 1]
    return field !== undefined && readCronField(field, word).ok
  })
}
