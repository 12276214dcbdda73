import type { z } from 'zod'
import { nearest } from '../../text/suggest.ts'
import { maxGuesses, maxProblems } from './limits.ts'
import type { Path } from './key-path.ts'
import { isMap, valueAt } from './raw.ts'
import { type FileInput, keysAt, partialFileSchema, tasksFileSchema } from './schema.ts'
import { showKind, showValue } from './show-value.ts'
import type { Source } from './source.ts'
import { hintFor, listOf, words } from './expected.ts'

type Issue = z.core.$ZodIssue

/**
 * Checks the form of a text's value, and tells all that is wrong with it. What is wrong is left out
 * of the result, so that the rest can still be checked; undefined where nothing is left.
 */
export function readShape(source: Source): FileInput | undefined {
  const { value } = source
  if (value === undefined) return undefined
  if (!isMap(value)) {
    source.tell([], notAFile(value))
    return undefined
  }
  const parsed = tasksFileSchema.safeParse(value, { error: expectedOf })
  if (parsed.success) return parsed.data

  const issues = parsed.error.issues.flatMap(innermost)
  for (const [at, issue] of issues.entries()) {
    // A value can fail two checks of which one sentence says both.
    const before = issues[at - 1]
    const same = before?.message === issue.message && before.path.join() === issue.path.join()
    if (!same) tell(source, issue)
  }
  // No more is told: the checks of what is right would only take time.
  if (source.problems.length > maxProblems) return undefined
  return partialFileSchema.parse(without(value, issues))
}

function notAFile(value: unknown): string {
  const got = value === null ? 'the file is empty' : `got ${showValue(value)}`
  return `expected a map with the key "tasks"; ${got}`
}

/** What is expected where the schema does not say it itself. */
function expectedOf(issue: z.core.$ZodRawIssue): string {
  if (issue.code === 'invalid_value') return listOf(issue.values.map((one) => JSON.stringify(one)))
  if (issue.code !== 'invalid_type') return words.text
  if (issue.expected === 'object' || issue.expected === 'record') return words.map
  return issue.expected === 'array' ? words.list : words.text
}

/** Of a choice of forms, the faults of the one that fits outside but not inside: a list's entry. */
function innermost(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const inner = issue.errors.find((branch) => branch.every((one) => one.path.length > 0))
  if (inner === undefined) return [issue]
  return inner.map((one) => ({ ...one, path: [...issue.path, ...one.path] }))
}

function tell(source: Source, issue: Issue): void {
  const path = pathOf(issue)
  switch (issue.code) {
    case 'unrecognized_keys':
      for (const key of issue.keys) tellUnknown(source, path, key)
      return
    case 'invalid_key': {
      const expected = issue.issues[0]?.message ?? words.text
      const got = JSON.stringify(path.at(-1))
      return source.tell(path, `expected ${expected}; got ${got}`)
    }
    default: {
      const found = valueAt(source.value, path)
      if (found === undefined && isMisspelt(source, path)) return
      // A wrong number is shown as it is written: 022 is not what its author calls 22.
      const written = typeof found === 'number' ? source.written(path) : undefined
      // What stands in an environment may be a secret, and this goes into logs.
      const got = isSecret(path) ? showKind(found) : (written ?? showValue(found))
      const hint = hintFor(issue.message, found) ?? guessOf(source, issue, found)
      source.tell(path, `expected ${issue.message}; got ${got}`, { hint })
    }
  }
}

/** The env of a task or of the defaults, and all in it. */
function isSecret(path: Path): boolean {
  return path[path[0] === 'tasks' ? 2 : 1] === 'env'
}

/** Is a missing key there under a name that is nearly right? Then that is told, and is enough. */
export function isMisspelt(source: Source, path: Path): boolean {
  const around = valueAt(source.value, path.slice(0, -1))
  const keys = keysAt(path.slice(0, -1))
  const unknown = isMap(around) ? Object.keys(around).filter((key) => !keys.includes(key)) : []
  return unknown.slice(0, maxGuesses).some((key) => nearest(key, keys) === path.at(-1))
}

function tellUnknown(source: Source, path: Path, key: string): void {
  const own = path[0] === 'defaults' && (key === 'schedule' || key === 'command')
  const hint = own ? `each task has a ${key} of its own` : source.guess(key, keysAt(path))
  source.tell([...path, key], `unknown key ${JSON.stringify(key)}`, { hint })
}

function guessOf(source: Source, issue: Issue, found: unknown): string | null {
  if (issue.code !== 'invalid_value' || typeof found !== 'string') return null
  return source.guess(found, issue.values.map(String))
}

function pathOf(issue: Issue): Path {
  return issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
}

/** The value without each key of a task, default, group or file that has an issue in it. */
function without(value: Record<string, unknown>, issues: readonly Issue[]): unknown {
  const rest = structuredClone(value)
  for (const issue of issues) {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : [undefined]
    for (const key of keys)
      remove(rest, key === undefined ? pathOf(issue) : [...pathOf(issue), key])
  }
  return rest
}

function remove(value: Record<string, unknown>, path: Path): void {
  const depth = path[0] === 'tasks' ? 3 : path[0] === 'defaults' || path[0] === 'hosts' ? 2 : 1
  const at = path.slice(0, depth)
  const around = valueAt(value, at.slice(0, -1))
  const key = at.at(-1)
  if (isMap(around) && typeof key === 'string') delete around[key]
}
