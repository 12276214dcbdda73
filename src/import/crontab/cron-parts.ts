import { describedBy, isOfCrontab } from './cron-comments.ts'
import { type CronEntry, readCronEntry } from './cron-entry.ts'
import type { CronLine } from './cron-lines.ts'
import { meaningOf } from './cron-variables.ts'
import { maxVariables } from '../imported.ts'
import type { Warnings } from '../import-warnings.ts'

/** A crontab in the terms of torch, in its order. */
export type CronPart =
  | { readonly kind: 'blank' }
  | { readonly kind: 'comments'; readonly comments: readonly string[] }
  | { readonly kind: 'variable'; readonly variable: CronVariable }
  | ({ readonly kind: 'task' } & CronTask)

export interface CronTask {
  readonly entry: Extract<CronEntry, { ok: true }>
  readonly description: string
  /** The settings that are in force there, by the key of a task; `env.NAME` for variables. */
  readonly settings: Scope
}

interface CronVariable {
  readonly text: string
  /** Above it: they go where it goes. */
  readonly comments: readonly string[]
}

/** A value, and the line that it is from. */
export interface Setting {
  readonly value: string
  readonly from: CronVariable | undefined
}

export type Scope = ReadonlyMap<string, Setting>

/** Reads the lines of a crontab, from its top: a variable is valid for the entries below it. */
export function readCronParts(
  lines: readonly CronLine[],
  system: boolean,
  warnings: Warnings,
): CronPart[] {
  const reading: Reading = { parts: [], pending: [], scope: new Map(), system, warnings }
  for (const line of lines) {
    switch (line.kind) {
      case 'blank':
        endComments(reading)
        reading.parts.push({ kind: 'blank' })
        break
      case 'comment':
        if (!isOfCrontab(line.text)) reading.pending.push(line.text)
        break
      case 'variable':
        readVariable(reading, line)
        break
      case 'entry':
        readTask(reading, line)
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
  /** Comments above the next line. */
  pending: string[]
  scope: Scope
  readonly system: boolean
  readonly warnings: Warnings
}

function endComments(reading: Reading): void {
  const comments = takeComments(reading)
  if (comments.length > 0) reading.parts.push({ kind: 'comments', comments })
}

/** A lone `#` at their ends is a blank line to the eye. */
function takeComments(reading: Reading): readonly string[] {
  const { pending } = reading
  reading.pending = []
  const first = pending.findIndex((comment) => comment !== '#')
  const last = pending.findLastIndex((comment) => comment !== '#')
  return first === -1 ? [] : pending.slice(first, last + 1)
}

function readVariable(reading: Reading, line: Extract<CronLine, { kind: 'variable' }>): void {
  const { name, value, text } = line
  const { settings, loss, sort } = meaningOf(name, value)
  if (loss !== undefined && settings.length === 0) return refuse(reading, line, loss, sort)
  const scope = new Map(reading.scope)
  const names = new Set([...scope.keys(), ...settings.map(([key]) => key)])
  if (names.size > maxVariables)
    return refuse(reading, line, `there are more than ${maxVariables} variables`, 'variables')

  if (loss !== undefined && reading.warnings.tell(line.line, loss, sort))
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
  const { scope, system, warnings } = reading
  const shell = scope.get('shell')?.value ?? '/bin/sh'
  const entry = readCronEntry(line, { system, shell })
  if (!entry.ok) return refuse(reading, line, entry.message)

  const { rest, description } = describedBy(reading.pending)
  reading.pending = [...rest]
  for (const { message, sort } of entry.notes) {
    if (warnings.tell(line.line, message, sort)) reading.pending.push(`# Note: ${message}`)
  }
  endComments(reading)
  const { user } = entry
  const settings =
    user === undefined ? scope : new Map([['user', { value: user, from: undefined }], ...scope])
  reading.parts.push({ kind: 'task', entry, description, settings })
}

/** What cannot be carried over stays, as a comment. */
function refuse(reading: Reading, line: CronLine, message: string, sort?: string): void {
  reading.warnings.tell(line.line, `not imported: ${message}`, sort)
  reading.pending.push(`# Not imported: ${message}`, `# ${line.text}`)
  endComments(reading)
}
