import type { z } from 'zod'
import { nearest } from '../../text/suggest.ts'
import { expected, listOf, showKind, showValue } from './expected.ts'
import { hintForValue } from './hints.ts'
import { hintForKey, keyMeantBy } from './key-hints.ts'
import { isMap, type KeyPath, valueAt } from './key-path.ts'
import { maxGuesses, maxProblems } from './limits.ts'
import { otherFormatIn } from './other-formats.ts'
import { anyNamesSchema, type FileInput, keysAt, partialFileSchema } from './schema.ts'
import { groupName, taskName } from './schema-values.ts'
import type { Source } from './source.ts'

type Issue = z.core.$ZodIssue

/**
 * Checks the value of a text against the schema, and reports every problem. Wrong values are left
 * out of the result, so that the rest can be checked further; undefined if nothing is left.
 */
export function validate(source: Source): FileInput | undefined {
  const { value } = source
  if (value === undefined) return undefined
  const other = otherFormatIn(value, source.file)
  if (other !== undefined) {
    source.report([], `this is ${other.what}, not a tasks file`, { hint: other.hint })
    return undefined
  }
  if (!isMap(value)) {
    source.report([], notAMap(value), { hint: notAMapHint(value) })
    return undefined
  }
  reportNames(source, 'tasks', taskName)
  reportNames(source, 'hosts', groupName)
  const parsed = anyNamesSchema.safeParse(value, { error: expectedOf })
  if (parsed.success) return parsed.data

  const issues = parsed.error.issues.flatMap(innermost)
  for (const [at, issue] of issues.entries()) {
    // One value can fail two checks with the same message.
    const before = issues[at - 1]
    const isSame = before?.message === issue.message && before.path.join() === issue.path.join()
    if (!isSame) report(source, issue)
  }
  // No further problem is reported, so checking the good values would only take time.
  if (source.problems.length > maxProblems) return undefined
  return partialFileSchema.parse(without(value, issues))
}

function notAMap(value: unknown): string {
  const got = value === null ? 'the file is empty' : `got ${showValue(value)}`
  return `expected a map with the key "tasks"; ${got}`
}

function notAMapHint(value: unknown): string | null {
  return Array.isArray(value) && value.length > 0
    ? 'write each task under its name: tasks: { backup: { schedule: "@daily", command: ... } }'
    : null
}

/** What has a wrong name is checked like the others, so that all its problems are reported at once. */
function reportNames(source: Source, top: 'tasks' | 'hosts', schema: z.ZodString): void {
  const names = valueAt(source.value, [top])
  if (!isMap(names)) return
  for (const name of Object.keys(names)) {
    const [issue] = schema.safeParse(name).error?.issues ?? []
    if (issue === undefined) continue
    const letters = name.normalize('NFKD').replaceAll(/\p{M}/gu, '')
    const similar = letters.replaceAll(/[^\w.-]+/g, '-').replaceAll(/^[-_.]+|-+$/g, '')
    const isFree =
      !/\P{ASCII}/u.test(letters) && !(similar in names) && schema.safeParse(similar).success
    const hint = isFree ? `did you mean "${similar}"?` : null
    source.report([top, name], `expected ${issue.message}; got ${JSON.stringify(name)}`, { hint })
  }
}

/** What a part of the schema without its own `error` expects. */
function expectedOf(issue: z.core.$ZodRawIssue): string {
  if (issue.code === 'invalid_value') return listOf(issue.values.map((one) => JSON.stringify(one)))
  if (issue.code !== 'invalid_type') return expected.text
  if (issue.expected === 'object' || issue.expected === 'record') return expected.map
  return issue.expected === 'array' ? expected.list : expected.text
}

/** The outer form of a map fits if only its keys are wrong, and that of addresses if only these numbers are. */
function isWithin({ path, code, message }: Issue): boolean {
  return path.length > 0 || code === 'unrecognized_keys' || wrongNumbers.has(message)
}

const wrongNumbers: ReadonlySet<string> = new Set([expected.addresses, expected.port])

/** For a union: the issues within the branch whose outer form fits, such as an entry of a list. */
function innermost(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const inner = issue.errors.find((branch) => branch.every(isWithin))
  if (inner === undefined) return [issue]
  return inner.map((one) => ({ ...one, path: [...issue.path, ...one.path] }))
}

function report(source: Source, issue: Issue): void {
  const path = pathOf(issue)
  switch (issue.code) {
    case 'unrecognized_keys':
      for (const key of issue.keys) reportUnknownKey(source, path, key)
      return
    case 'invalid_key': {
      const what = issue.issues[0]?.message ?? expected.text
      const got = JSON.stringify(path.at(-1))
      return source.report(path, `expected ${what}; got ${got}`)
    }
    default: {
      const found = valueAt(source.value, path)
      if (found === undefined && isMisspelt(source, path)) return
      // The message goes into logs.
      const isHidden = mayBeSecret(path) || isUrlOfMessages(path, found)
      const got = isHidden ? showKind(found) : shownValue(source, issue, found)
      const hint = hintForValue(issue.message, path, found) ?? guessChoice(source, issue, found)
      const size = isTooBig(found) ? ', which is too big' : ''
      source.report(path, `expected ${issue.message}; got ${got}${size}`, { hint })
    }
  }
}

function shownValue(source: Source, issue: Issue, found: unknown): string {
  if (issue.code === 'too_big' && typeof found === 'string') return String(found.length)
  if (issue.message === expected.addresses) return String(Object.keys(Object(found)).length)
  // A number is shown as it is written: its author wrote 022, not 22.
  const written = typeof found === 'number' ? source.written(pathOf(issue)) : undefined
  return written ?? showValue(found)
}

/** Beyond this, numbers of JavaScript are not exact. */
function isTooBig(found: unknown): boolean {
  return typeof found === 'number' && found > Number.MAX_SAFE_INTEGER
}

/** Whether the path leads to a value that may be secret: an environment, and the URLs of messages and pings. */
function mayBeSecret(path: KeyPath): boolean {
  const [top, second, third] = path
  if (top === 'notify') return third !== undefined && secretKeys.has(String(third))
  if (top === 'heartbeat') return path.length === 1 || second === 'url'
  const own = top === 'tasks' ? third : second
  return own === 'env' || (own === 'ping' && !path.includes('on'))
}

/** A URL in place of a target, or of the name of one: whoever has it can send messages. */
function isUrlOfMessages(path: KeyPath, found: unknown): boolean {
  return path.includes('notify') && typeof found === 'string' && found.includes('://')
}

/** Keys of a target. */
const secretKeys: ReadonlySet<string> = new Set(['webhook', 'smtp', 'password'])

/** Whether a key is there, perhaps misspelt. */
export function isGiven(source: Source, path: KeyPath): boolean {
  return source.has(path) || isMisspelt(source, path)
}

/**
 * Whether a missing key is there under a similar name. Then the unknown key is reported with the
 * right one as its hint, and that is enough.
 */
export function isMisspelt(source: Source, path: KeyPath): boolean {
  const parent = valueAt(source.value, path.slice(0, -1))
  const keys = keysAt(path.slice(0, -1))
  const unknown = isMap(parent) ? Object.keys(parent).filter((key) => !keys.includes(key)) : []
  return unknown.slice(0, maxGuesses).some((key) => {
    const meant = keyMeantBy(path.slice(0, -1), key) ?? nearest(key, keys)
    return meant === path.at(-1)
  })
}

function reportUnknownKey(source: Source, path: KeyPath, key: string): void {
  const value = valueAt(source.value, [...path, key])
  const hint = hintForKey(path, key, value) ?? source.guess(key, keysAt(path))
  source.report([...path, key], `unknown key ${JSON.stringify(key)}`, { hint })
}

function guessChoice(source: Source, issue: Issue, found: unknown): string | null {
  if (typeof found !== 'string') return null
  const inner = issue.code === 'invalid_union' ? issue.errors.flat() : [issue]
  const values = inner.flatMap((one) => (one.code === 'invalid_value' ? one.values : []))
  return source.guess(found, values.map(String))
}

function pathOf(issue: Issue): KeyPath {
  return issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
}

/** The value without each key of a task, of the defaults, a group or the file that has an issue. */
function without(value: Record<string, unknown>, issues: readonly Issue[]): unknown {
  const rest = structuredClone(value)
  for (const issue of issues) {
    const path = pathOf(issue)
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) removeKey(rest, [...path, key])
    } else removeKey(rest, path)
  }
  return rest
}

/** Top-level keys within which each key stands for itself. */
const inner = new Set(['defaults', 'hosts', 'sources', 'notify', 'calendars', 'pools'])

function removeKey(value: Record<string, unknown>, path: KeyPath): void {
  const depth = path[0] === 'tasks' ? 3 : inner.has(String(path[0])) ? 2 : 1
  const at = path.slice(0, depth)
  const parent = valueAt(value, at.slice(0, -1))
  const key = at.at(-1)
  if (isMap(parent) && typeof key === 'string') delete parent[key]
}
