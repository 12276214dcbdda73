import path from 'node:path'
import { exitStatus, TorchError } from '../../errors.ts'
import { parseDuration } from '../../text/duration.ts'
import { nearest } from '../../text/suggest.ts'
import type { Label } from './labels.ts'

/** What a value or a word names, where more can be said of it than its form; or all that it can be. */
export type Thing =
  'file' | 'folder' | 'task' | 'run' | 'label' | 'host' | 'zone' | 'revision' | readonly string[]

/** One option of the command line, of the variables, and of the config file. */
export interface Option<T> {
  /** flag: true or false; one: one value; list: may be given several times. */
  readonly kind: 'flag' | 'one' | 'list'
  readonly alias?: string
  /** What stands for its value in the help. */
  readonly value: string
  readonly words: string
  /** For completion. */
  readonly thing?: Thing
  /** Reads what was written. Throws BadValue. */
  readonly read: (texts: readonly string[], place: Place) => T
}

/** What paths are relative to. */
export interface Place {
  readonly folder: string
  readonly userHome: string
}

/** A path as it was written, which is how it is shown, and whole. */
export interface FilePath {
  readonly shown: string
  readonly absolute: string
}

/** A value that is not what its option takes: what was expected, and perhaps what to try. */
export class BadValue extends Error {
  readonly hint: string | undefined
  constructor(message: string, hint?: string) {
    super(message)
    this.hint = hint
  }
}

/** The error for what was typed wrong. */
export function usageError(message: string, hint: string): TorchError {
  return new TorchError('usage', message, { exit: exitStatus.usage, hint })
}

export function flag(words: string, alias?: string): Option<boolean> {
  return {
    kind: 'flag',
    ...(alias === undefined ? {} : { alias }),
    value: '',
    words,
    read: ([written = '']) => {
      if (/^(true|yes|on|1)$/i.test(written)) return true
      if (/^(false|no|off|0)$/i.test(written)) return false
      throw new BadValue(`expected true or false; got ${JSON.stringify(written)}`)
    },
  }
}

/** Several values; a variable has them in one text, with commas between. */
export function list(value: string, words: string): Option<readonly string[]> {
  return {
    kind: 'list',
    value,
    words,
    read(texts) {
      const found = texts.flatMap((each) => each.split(/[\s,]+/)).filter((each) => each !== '')
      if (found.length === 0) throw new BadValue(`needs a value: ${value}`)
      return found
    },
  }
}

/** Labels of tasks. Their values may have commas and blanks: each is one text. */
export function labels(value: string, words: string): Option<readonly Label[]> {
  return {
    kind: 'list',
    value,
    words,
    thing: 'label',
    read: (texts) =>
      texts.map((written): Label => {
        const [, name, wanted] = /^([^\s=]+)=([^]*)$/.exec(written) ?? []
        if (name !== undefined && wanted !== undefined) return [name, wanted]
        throw new BadValue(`expected a label as team=data; got ${JSON.stringify(written)}`)
      }),
  }
}

export function text(value: string, words: string, thing?: Thing): Option<string> {
  return one(value, words, (written) => written, thing)
}

export function whole(least: number, most: number, value: string, words: string): Option<number> {
  return one(value, words, (written) => {
    const number = /^\d{1,15}$/.test(written) ? Number(written) : Number.NaN
    if (number >= least && number <= most) return number
    throw new BadValue(
      `expected a whole number from ${least} to ${most}; got ${JSON.stringify(written)}`,
    )
  })
}

export function duration(value: string, words: string): Option<number> {
  return one(value, words, (written) => {
    const parsed = parseDuration(written)
    if (parsed.ok) return parsed.ms
    throw new BadValue(parsed.message, /^\d+$/.test(written) ? `try ${written}s` : undefined)
  })
}

export function instant(value: string, words: string): Option<number> {
  return one(value, words, readInstant)
}

/** A time, or how long ago: a function of now, both in milliseconds since the epoch. */
export function since(value: string, words: string): Option<(nowMs: number) => number> {
  return one(value, words, (written) => {
    const parsed = parseDuration(written)
    if (parsed.ok) return (nowMs) => nowMs - parsed.ms
    if (!/^\d{4}-/.test(written))
      throw new BadValue(
        `expected a duration as 2h, or ${anInstant}; got ${JSON.stringify(written)}`,
        /^\d+$/.test(written) ? `try ${written}h` : undefined,
      )
    const ms = readInstant(written)
    return () => ms
  })
}

export function filePath(
  value: string,
  words: string,
  thing: 'file' | 'folder' = 'file',
): Option<FilePath> {
  const read = (written: string, { folder, userHome }: Place): FilePath => {
    const full = written.startsWith('~/') ? userHome + written.slice(1) : written
    const absolute = path.resolve(folder, full)
    // Of a path in a config file nobody knows by itself what it is relative to.
    return { shown: folder === process.cwd() ? written : absolute, absolute }
  }
  return one(value, words, read, thing)
}

export function choice<T extends string>(
  all: readonly T[],
  value: string,
  words: string,
): Option<T> {
  const read = (written: string): T => {
    const found = all.find((each) => each === written)
    if (found !== undefined) return found
    const near = nearest(written, all)
    throw new BadValue(
      `expected one of ${all.join(', ')}; got ${JSON.stringify(written)}`,
      near === undefined ? undefined : `did you mean "${near}"?`,
    )
  }
  return one(value, words, read, all)
}

/** Several of these, in one text with commas between or each in its own. */
export function choices<T extends string>(
  all: readonly T[],
  value: string,
  words: string,
): Option<readonly T[]> {
  const each = choice(all, value, words)
  const texts = list(value, words)
  return {
    kind: 'list',
    value,
    words,
    thing: all,
    read: (written, place) => texts.read(written, place).map((name) => each.read([name], place)),
  }
}

function one<T>(
  value: string,
  words: string,
  read: (text: string, place: Place) => T,
  thing?: Thing,
): Option<T> {
  return {
    kind: 'one',
    value,
    words,
    ...(thing === undefined ? {} : { thing }),
    read([written = '', ...more], place) {
      if (more.length > 0) throw new BadValue(`given ${more.length + 1} times`, 'give it once')
      if (written === '') throw new BadValue(`needs a value: ${value}`)
      return read(written, place)
    },
  }
}

const anInstant = 'a time as 2026-03-08T07:00:00Z'

/** ISO 8601; without an offset it is of the machine's own zone. In milliseconds. */
function readInstant(written: string): number {
  const form = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:?\d\d)?)?$/i
  const isDay = /^\d{4}-\d\d-\d\d$/.test(written)
  // A bare day is taken for UTC by Date, and a time without an offset for local time.
  const ms = form.test(written) ? Date.parse(isDay ? `${written}T00:00` : written) : Number.NaN
  if (Number.isNaN(ms)) throw new BadValue(`expected ${anInstant}; got ${JSON.stringify(written)}`)
  return ms
}
