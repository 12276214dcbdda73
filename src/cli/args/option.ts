import path from 'node:path'
import { exitStatus, TorchError } from '../../errors.ts'
import { parseDuration } from '../../text/duration.ts'
import { nearest } from '../../text/suggest.ts'

/** What a value is. The help shows it; completion looks up the names that exist of it. */
export type ValueType =
  | 'boolean'
  | 'number'
  | 'duration'
  | 'time'
  | 'file'
  | 'directory'
  | 'task'
  | 'run'
  | 'message'
  | 'label'
  | 'host'
  | 'group'
  | 'address'
  | 'zone'
  | 'revision'
  | 'text'
  | 'form'
  | 'schedule'
  | 'level'
  | 'outcome'
  | 'signal'

/** One option, on the command line, as a variable and in a config file. */
export interface Option<T> extends Notes {
  readonly type: ValueType
  /** May be given several times. */
  readonly isList: boolean
  /** What it does, for the help. */
  readonly description: string
  /** All its values, if they are few. */
  readonly choices?: readonly string[]
  /** Reads what was written. Throws BadValue. */
  readonly read: (texts: readonly string[], base: PathBase) => T
}

interface Notes {
  /** Its letter. */
  readonly alias?: string
  /** What applies without it, for the help. */
  readonly preset?: string
  /** What to try if its value is missing. */
  readonly example?: string
}

/** A label that a task must have. */
export type Label = readonly [name: string, value: string]

/** What relative paths and `~` start from. */
export interface PathBase {
  readonly folder: string
  readonly userHome: string
}

/** A path as it was written, which is how it is shown, and the absolute path. */
export interface FilePath {
  readonly shown: string
  readonly absolute: string
}

/** A value that its option does not take: what was expected, and perhaps what to try. */
export class BadValue extends Error {
  readonly hint: string | undefined
  constructor(message: string, hint?: string) {
    super(message)
    this.hint = hint
  }
}

/** The error for a wrong command line. */
export function usageError(message: string, hint: string): TorchError {
  return new TorchError('usage', message, { exit: exitStatus.usage, hint })
}

export function flag(description: string, notes: Notes = {}): Option<boolean> {
  return {
    ...notes,
    type: 'boolean',
    isList: false,
    description,
    read: ([written = '']) => {
      if (/^(true|yes|on|1)$/i.test(written)) return true
      if (/^(false|no|off|0)$/i.test(written)) return false
      throw new BadValue(`expected true or false; got ${JSON.stringify(written)}`)
    },
  }
}

/** Any text. */
export function text(type: ValueType, description: string, notes: Notes = {}): Option<string> {
  return one(type, description, notes, (written) => written)
}

export function whole(
  least: number,
  most: number,
  description: string,
  notes: Notes = {},
): Option<number> {
  return one('number', description, notes, (written) => {
    const number = /^\d{1,15}$/.test(written) ? Number(written) : Number.NaN
    if (number >= least && number <= most) return number
    throw new BadValue(
      `expected a whole number from ${least} to ${most}; got ${JSON.stringify(written)}`,
    )
  })
}

/** In milliseconds. */
export function duration(description: string, notes: Notes = {}): Option<number> {
  return one('duration', description, notes, (written) => {
    const parsed = parseDuration(written)
    if (parsed.ok) return parsed.ms
    throw new BadValue(parsed.message, /^\d+$/.test(written) ? `try ${written}s` : undefined)
  })
}

/** In milliseconds since the epoch. */
export function instant(description: string, notes: Notes = {}): Option<number> {
  return one('time', description, notes, readInstant)
}

/** A time, or how long ago: a function of now, both in milliseconds since the epoch. */
export function since(description: string): Option<(nowMs: number) => number> {
  return one('time', description, {}, (written) => {
    const parsed = parseDuration(written)
    if (parsed.ok) return (nowMs) => nowMs - parsed.ms
    if (!/^\d{4}-/.test(written))
      throw new BadValue(
        `expected a duration such as 2h, or ${anInstant}; got ${JSON.stringify(written)}`,
        /^\d+$/.test(written) ? `try ${written}h` : undefined,
      )
    const ms = readInstant(written)
    return () => ms
  })
}

export function filePath(type: 'file' | 'directory', description: string): Option<FilePath> {
  return one(type, description, {}, (written, { folder, userHome }) => {
    const full = written.startsWith('~/') ? userHome + written.slice(1) : written
    const absolute = path.resolve(folder, full)
    // A relative path in a config file says nothing without the folder it is relative to.
    return { shown: folder === process.cwd() ? written : absolute, absolute }
  })
}

export function choice<T extends string>(
  type: ValueType,
  choices: readonly T[],
  description: string,
  notes: Notes = {},
): Option<T> {
  const option = one(type, description, notes, (written) => readChoice(choices, written))
  return { ...option, choices }
}

/** Several of the choices. `synonyms` are words for which the error suggests a choice. */
export function choiceList<T extends string>(
  type: ValueType,
  choices: readonly T[],
  description: string,
  synonyms: Readonly<Record<string, T>> = {},
): Option<readonly T[]> {
  const texts = list(type, description)
  return {
    ...texts,
    choices,
    read: (written, base) =>
      texts.read(written, base).map((name) => readChoice(choices, name, synonyms)),
  }
}

/** Several values. One text may hold several, separated by commas, as a variable must. */
export function list(type: ValueType, description: string): Option<readonly string[]> {
  return {
    type,
    isList: true,
    description,
    read(texts) {
      const found = texts.flatMap((each) => each.split(/[\s,]+/)).filter((each) => each !== '')
      if (found.length === 0) throw needsValue()
      return found
    },
  }
}

/** Labels of tasks. Their values may have commas and blanks, so each text is one label. */
export function labelList(description: string): Option<readonly Label[]> {
  return {
    type: 'label',
    isList: true,
    description,
    read: (texts) =>
      texts.map((written): Label => {
        const [, name, wanted] = /^([^\s=]+)=([^]*)$/.exec(written) ?? []
        if (name !== undefined && wanted !== undefined) return [name, wanted]
        throw new BadValue(`expected a label such as team=data; got ${JSON.stringify(written)}`)
      }),
  }
}

function one<T>(
  type: ValueType,
  description: string,
  notes: Notes,
  read: (text: string, base: PathBase) => T,
): Option<T> {
  return {
    ...notes,
    type,
    isList: false,
    description,
    read([written = '', ...more], base) {
      if (more.length > 0) throw new BadValue(`given ${more.length + 1} times`, 'give it once')
      if (written === '') throw needsValue(notes.example)
      return read(written, base)
    },
  }
}

function needsValue(hint?: string): BadValue {
  return new BadValue('needs a value', hint)
}

function readChoice<T extends string>(
  choices: readonly T[],
  written: string,
  synonyms: Readonly<Record<string, T>> = {},
): T {
  const found = choices.find((each) => each === written)
  if (found !== undefined) return found
  const meant = new Map(Object.entries(synonyms))
  const near = nearest(written, choices) ?? meant.get(nearest(written, [...meant.keys()]) ?? '')
  throw new BadValue(
    `expected one of ${choices.join(', ')}; got ${JSON.stringify(written)}`,
    near === undefined ? undefined : `did you mean "${near}"?`,
  )
}

const anInstant = 'a time such as 2026-03-08T07:00:00Z'

/** Reads ISO 8601. Without an offset it is in the time zone of this machine. In milliseconds. */
export function readInstant(written: string): number {
  const form = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:?\d\d)?)?$/i
  const isDay = /^\d{4}-\d\d-\d\d$/.test(written)
  // Date takes a bare day for UTC, and a time without an offset for local time.
  const ms = form.test(written) ? Date.parse(isDay ? `${written}T00:00` : written) : Number.NaN
  if (Number.isNaN(ms)) throw new BadValue(`expected ${anInstant}; got ${JSON.stringify(written)}`)
  return ms
}
