import { type Signal, signalNames } from '../host/processes.ts'
import { type Outcome, outcomes } from '../plan/history-row.ts'
import type { Sender } from '../plan/messages.ts'
import { lineFault, maxLineBytes } from '../text/line-fault.ts'

/** One field of a request: the test of its value, and what a wrong one should have been. */
export interface Field<Value> {
  readonly expected: string
  accepts(this: void, value: unknown): value is Value
}

const maxNameLength = 512
const maxWords = 100
const maxNames = 1_000
const maxGraceMs = 366 * 24 * 3600 * 1000

export const name: Field<string> = {
  expected: `a name of 1 to ${maxNameLength} characters`,
  accepts: (value): value is string =>
    typeof value === 'string' && value !== '' && value.length <= maxNameLength,
}
export const flag: Field<boolean> = {
  expected: 'a boolean',
  accepts: (value) => typeof value === 'boolean',
}
/** null: the grace that the daemon was started with. */
export const grace: Field<number | null> = {
  expected: `null, or 0 to ${maxGraceMs} milliseconds`,
  accepts: (value): value is number | null =>
    value === null || (typeof value === 'number' && value >= 0 && value <= maxGraceMs),
}
/** null: end the run, by TERM and then KILL. */
export const signal: Field<Signal | null> = {
  expected: `one of ${signalNames.join(', ')}`,
  accepts: (value): value is Signal | null =>
    value === null || signalNames.some((known) => known === value),
}

/** null: the only run of the task. */
export const maybeName: Field<string | null> = {
  expected: `null, or ${name.expected}`,
  accepts: (value): value is string | null => value === null || name.accepts(value),
}
export const optionalName: Field<string | undefined> = {
  expected: name.expected,
  accepts: (value): value is string | undefined => value === undefined || name.accepts(value),
}
/** How many bytes the sender has sent to this run before. */
export const position: Field<number> = {
  expected: 'a whole number of bytes',
  accepts: (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0,
}
/** What one character of a line stands for: a character of UTF-8, or one byte. */
const encodings = ['utf8', 'latin1'] as const
export const encoding: Field<(typeof encodings)[number]> = {
  expected: encodings.join(' or '),
  accepts: (value): value is (typeof encodings)[number] => encodings.some((each) => each === value),
}
const maxLinesAtOnce = 10_000
export const lines: Field<readonly string[]> = {
  expected: `at most ${maxLinesAtOnce} lines of at most ${maxLineBytes} bytes, without line breaks and NUL`,
  accepts: (value): value is readonly string[] =>
    Array.isArray(value) &&
    value.length <= maxLinesAtOnce &&
    value.every((line) => typeof line === 'string' && lineFault(line) === undefined),
}

/** A program by its absolute path, with its first arguments. undefined: the daemon's own, as in the first version. */
export const command: Field<readonly string[] | undefined> = {
  expected: `1 to ${maxWords} words, the first one an absolute path`,
  accepts: (value): value is readonly string[] | undefined =>
    value === undefined ||
    (Array.isArray(value) &&
      value.length >= 1 &&
      value.length <= maxWords &&
      value.every((word) => typeof word === 'string') &&
      value[0]?.startsWith('/') === true),
}

/** The most messages of one request. */
export const maxTexts = 1_000
export const texts: Field<readonly string[]> = {
  expected: `1 to ${maxTexts} texts of at most ${maxLineBytes} bytes, without line breaks and NUL`,
  accepts: (value): value is readonly string[] =>
    Array.isArray(value) &&
    value.length >= 1 &&
    value.length <= maxTexts &&
    value.every((text) => typeof text === 'string' && lineFault(text) === undefined),
}
/** What the environment of the sender says. undefined: nothing is known but this machine. */
export const sender: Field<Sender | undefined> = {
  expected: 'an object with host, task and run, which may be null',
  accepts: (value): value is Sender | undefined => value === undefined || isSender(value),
}

function isSender(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { host, task, run } = value as Partial<Record<string, unknown>>
  return (
    typeof host === 'string' && [task, run].every((word) => word === null || name.accepts(word))
  )
}

export const inboxAction: Field<'again' | 'drop'> = {
  expected: 'again or drop',
  accepts: (value): value is 'again' | 'drop' => value === 'again' || value === 'drop',
}

export const optionalFlag: Field<boolean | undefined> = {
  expected: 'a boolean',
  accepts: (value) => value === undefined || typeof value === 'boolean',
}
export const names: Field<readonly string[]> = {
  expected: `at most ${maxNames} names`,
  accepts: (value): value is readonly string[] =>
    Array.isArray(value) && value.length <= maxNames && value.every((each) => name.accepts(each)),
}

const maxShortText = 1_000
export const shortText: Field<string> = {
  expected: `a text of 1 to ${maxShortText} characters`,
  accepts: (value): value is string =>
    typeof value === 'string' && value !== '' && value.length <= maxShortText,
}
/** A time in ISO 8601. */
export const time: Field<string> = {
  expected: 'a time in ISO 8601',
  accepts: (value): value is string =>
    typeof value === 'string' && value.length <= 40 && !Number.isNaN(Date.parse(value)),
}
export const outcomeList: Field<readonly Outcome[]> = {
  expected: `a list of ${outcomes.join(', ')}`,
  accepts: (value): value is readonly Outcome[] =>
    Array.isArray(value) &&
    value.length <= outcomes.length &&
    value.every((each) => outcomes.some((known) => known === each)),
}
/** The `more` of a reply to `history`. */
export const place: Field<string> = {
  expected: 'what the page before has as more',
  accepts: (value): value is string =>
    typeof value === 'string' && /^\d{1,15}\.\d{1,15}$/.test(value),
}
export function upTo(max: number): Field<number> {
  return {
    expected: `1 to ${max}`,
    accepts: (value): value is number => whole.accepts(value) && value >= 1 && value <= max,
  }
}

/** A whole number that is not negative. */
export const whole: Field<number> = {
  expected: 'a whole number',
  accepts: (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0,
}

/** What somebody else checks. */
export const record: Field<Readonly<Record<string, unknown>>> = {
  expected: 'an object',
  accepts: (value): value is Readonly<Record<string, unknown>> =>
    typeof value === 'object' && value !== null && !Array.isArray(value),
}
/** What a machine of a fleet may be told. */
const verbs = ['run', 'kill', 'reload'] as const
export const verb: Field<(typeof verbs)[number]> = {
  expected: verbs.join(', '),
  accepts: (value): value is (typeof verbs)[number] => verbs.some((each) => each === value),
}

/** The field may be missing. */
export function optional<Value>(field: Field<Value>): Field<Value | undefined> {
  return {
    expected: field.expected,
    accepts: (value): value is Value | undefined => value === undefined || field.accepts(value),
  }
}

/** What is wrong with a parsed body that should have these fields. Unknown fields are errors. */
export function faultsOf(
  expected: Readonly<Record<string, Field<unknown>>>,
  body: unknown,
): string[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return ['expected an object']
  const values = new Map<string, unknown>(Object.entries(body))
  const fields = new Map(Object.entries(expected))
  const wrong = [...fields].filter(([key, field]) => !field.accepts(values.get(key)))
  const unknown = [...values.keys()].filter((key) => !fields.has(key))
  return [
    ...wrong.map(([key, { expected: words }]) => `${key}: expected ${words}`),
    ...unknown.map((key) => `${key}: unknown field`),
  ]
}
