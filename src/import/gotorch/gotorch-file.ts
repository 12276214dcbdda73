import { maxProblems } from '../../tasks/file/limits.ts'
import { lineFinder } from '../../tasks/file/lines.ts'
import type { Problem } from '../../tasks/file/problem.ts'
import { showValue } from '../../tasks/file/expected.ts'

/** A task as the file of gotorch has it. A missing field is empty, as in Go. */
export interface GoTask {
  readonly line: number
  readonly text: string
  readonly Command: string
  readonly TaskType: string
  readonly Times: string
  readonly Max: number
  readonly Ips: readonly string[]
  /** Keys that gotorch does not know. */
  readonly others: readonly string[]
}

type GoFile =
  | { readonly ok: true; readonly tasks: readonly GoTask[] }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/**
 * Reads a tasks file of gotorch. The case of keys does not matter, as in encoding/json of Go. In older
 * versions of gotorch, `Command` is `Script`.
 */
export function readGoFile(path: string, text: string): GoFile {
  const placeOf = lineFinder(text)
  const problems: Problem[] = []
  const addProblem = (offset: number, key: string, message: string): void => {
    if (problems.length === maxProblems) return
    const place = { file: path, ...placeOf(offset), path: key }
    problems.push({ severity: 'error', ...place, message, hint: null })
  }
  const parsed = parseJson(text)
  if (!parsed.ok) addProblem(parsed.offset, '', `not valid JSON: ${parsed.message}`)
  else if (parsed.root.kind !== 'list')
    addProblem(parsed.root.offset, '', `expected a list of tasks; got ${showNode(parsed.root)}`)

  const nodes = parsed.ok && parsed.root.kind === 'list' ? parsed.root.items : []
  const tasks = nodes.flatMap((node, index) => {
    const wrong = (at: JsonNode, key: string, expected: string): void =>
      addProblem(at.offset, `[${index}]${key}`, `expected ${expected}; got ${showNode(at)}`)
    if (node.kind !== 'object') {
      wrong(node, '', 'a task')
      return []
    }
    return [{ ...readTask(node, wrong), line: placeOf(node.offset).line }]
  })
  return problems.length > 0 ? { ok: false, problems } : { ok: true, tasks }
}

type Wrong = (at: JsonNode, key: string, expected: string) => void

function readTask(node: Extract<JsonNode, { kind: 'object' }>, wrong: Wrong): Omit<GoTask, 'line'> {
  const task = { Command: '', TaskType: '', Times: '', Max: 0, Ips: [] as readonly string[] }
  const others: string[] = []
  const names = node.members.map(({ name }) => name.toLowerCase())
  for (const { name, value } of node.members) {
    const isScript = name.toLowerCase() === 'script' && !names.includes('command')
    const written = (isScript ? 'Command' : name).toLowerCase()
    const key = Object.keys(task).find((each) => each.toLowerCase() === written)
    if (key === undefined) others.push(name)
    // In Go, null leaves a field unchanged.
    else if (value.kind !== 'scalar' || value.value !== null) readField(task, key, value, wrong)
  }
  return { ...task, others, text: JSON.stringify(task) }
}

function readField(
  task: { Command: string; TaskType: string; Times: string; Max: number; Ips: readonly string[] },
  key: string,
  node: JsonNode,
  wrong: Wrong,
): void {
  const scalar = node.kind === 'scalar' ? node.value : undefined
  switch (key) {
    case 'Max':
      if (Number.isSafeInteger(scalar)) task.Max = Number(scalar)
      else wrong(node, '.Max', 'a whole number')
      return
    case 'Ips':
      if (node.kind === 'list') task.Ips = readIps(node.items, wrong)
      else wrong(node, '.Ips', 'a list of addresses')
      return
    case 'Command':
    case 'TaskType':
    case 'Times':
      if (typeof scalar === 'string') task[key] = scalar
      else wrong(node, `.${key}`, 'text')
  }
}

function readIps(nodes: readonly JsonNode[], wrong: Wrong): string[] {
  return nodes.flatMap((node, at) => {
    if (node.kind === 'scalar' && typeof node.value === 'string') return [node.value]
    wrong(node, `.Ips[${at}]`, 'an address as text')
    return []
  })
}

function showNode(node: JsonNode): string {
  if (node.kind === 'scalar') return showValue(node.value)
  return node.kind === 'list' ? 'a list' : 'an object'
}

/** A JSON value, and where it begins in the text. */
type JsonNode = { readonly offset: number } & (
  | { readonly kind: 'object'; readonly members: readonly JsonMember[] }
  | { readonly kind: 'list'; readonly items: readonly JsonNode[] }
  | { readonly kind: 'scalar'; readonly value: string | number | boolean | null }
)

interface JsonMember {
  readonly name: string
  readonly value: JsonNode
}

type ParsedJson =
  | { readonly ok: true; readonly root: JsonNode }
  | { readonly ok: false; readonly offset: number; readonly message: string }

/** How deep lists and objects may be nested. */
const maxDepth = 64

/** Reads JSON (RFC 8259). JSON.parse() does not tell where a value is, and the messages need that. */
function parseJson(text: string): ParsedJson {
  const reader: Reader = { text, at: 0, depth: 0 }
  try {
    const root = readValue(reader)
    skipBlanks(reader)
    if (reader.at < text.length) throw new JsonFault(reader, 'the end of the file')
    return { ok: true, root }
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error
    const { offset, message } = error
    return { ok: false, offset, message }
  }
}

interface Reader {
  readonly text: string
  at: number
  depth: number
}

/** Thrown at the first mistake, and caught in parseJson(). */
class JsonFault extends Error {
  readonly offset: number
  constructor({ text, at }: Reader, expected: string) {
    const [found] = /^[^]/u.exec(text.slice(at, at + 2)) ?? []
    super(
      `expected ${expected}; got ${found === undefined ? 'the end of the file' : JSON.stringify(found)}`,
    )
    this.offset = at
  }
}

function readValue(reader: Reader): JsonNode {
  skipBlanks(reader)
  const offset = reader.at
  const char = reader.text.charAt(offset)
  if (char !== '{' && char !== '[') return { kind: 'scalar', offset, value: readScalar(reader) }
  if (++reader.depth > maxDepth) throw new JsonFault(reader, `at most ${maxDepth} levels`)
  const node: JsonNode =
    char === '{'
      ? { kind: 'object', offset, members: readItems(reader, '}', readMember) }
      : { kind: 'list', offset, items: readItems(reader, ']', readValue) }
  reader.depth--
  return node
}

function readItems<T>(reader: Reader, end: string, readItem: (reader: Reader) => T): T[] {
  const items: T[] = []
  reader.at++
  if (takes(reader, end)) return items
  for (;;) {
    items.push(readItem(reader))
    if (takes(reader, end)) return items
    if (!takes(reader, ',')) throw new JsonFault(reader, `"," or "${end}"`)
  }
}

function readMember(reader: Reader): JsonMember {
  skipBlanks(reader)
  if (reader.text.charAt(reader.at) !== '"') throw new JsonFault(reader, 'a key in double quotes')
  const name = String(readScalar(reader))
  if (!takes(reader, ':')) throw new JsonFault(reader, '":"')
  return { name, value: readValue(reader) }
}

const scalar =
  // oxlint-disable-next-line no-control-regex
  /"(?:[^"\\\0-\x1f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null/y

function readScalar(reader: Reader): string | number | boolean | null {
  scalar.lastIndex = reader.at
  const [found] = scalar.exec(reader.text) ?? []
  if (found === undefined) throw new JsonFault(reader, 'a value')
  reader.at += found.length
  return JSON.parse(found) as string | number | boolean | null
}

/** Skips the sign and returns true if it comes next. */
function takes(reader: Reader, sign: string): boolean {
  skipBlanks(reader)
  if (reader.text.charAt(reader.at) !== sign) return false
  reader.at++
  return true
}

function skipBlanks(reader: Reader): void {
  while (/[ \t\r\n]/.test(reader.text.charAt(reader.at))) reader.at++
}
