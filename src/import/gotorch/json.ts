/** A value of a JSON text, and where it begins. */
export type JsonNode = { readonly offset: number } & (
  | { readonly kind: 'object'; readonly members: readonly JsonMember[] }
  | { readonly kind: 'list'; readonly items: readonly JsonNode[] }
  | { readonly kind: 'scalar'; readonly value: string | number | boolean | null }
)

interface JsonMember {
  readonly name: string
  readonly value: JsonNode
}

export type ParsedJson =
  | { readonly ok: true; readonly root: JsonNode }
  | { readonly ok: false; readonly offset: number; readonly message: string }

/** Lists and objects within each other. */
const maxDepth = 64

/** Reads JSON (RFC 8259) with the places of its values, which JSON.parse() does not tell. */
export function parseJson(text: string): ParsedJson {
  const reader: Reader = { text, at: 0, depth: 0 }
  try {
    const root = readValue(reader)
    skipBlanks(reader)
    if (reader.at < text.length) throw new Fault(reader, 'the end of the file')
    return { ok: true, root }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const { offset, message } = error
    return { ok: false, offset, message }
  }
}

interface Reader {
  readonly text: string
  at: number
  depth: number
}

/** Goes up from wherever it is found; caught in this file. */
class Fault extends Error {
  readonly offset: number
  constructor({ text, at }: Reader, expected: string) {
    const [found] = /^[^]/u.exec(text.slice(at, at + 2)) ?? []
    super(`expected ${expected}; got ${found === undefined ? 'the end' : JSON.stringify(found)}`)
    this.offset = at
  }
}

function readValue(reader: Reader): JsonNode {
  skipBlanks(reader)
  const offset = reader.at
  const char = reader.text.charAt(offset)
  if (char !== '{' && char !== '[') return { kind: 'scalar', offset, value: readScalar(reader) }
  if (++reader.depth > maxDepth) throw new Fault(reader, `at most ${maxDepth} levels`)
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
    if (!takes(reader, ',')) throw new Fault(reader, `"," or "${end}"`)
  }
}

function readMember(reader: Reader): JsonMember {
  skipBlanks(reader)
  if (reader.text.charAt(reader.at) !== '"') throw new Fault(reader, 'a key in double quotes')
  const name = String(readScalar(reader))
  if (!takes(reader, ':')) throw new Fault(reader, '":"')
  return { name, value: readValue(reader) }
}

const scalar =
  // oxlint-disable-next-line no-control-regex
  /"(?:[^"\\\0-\x1f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null/y

function readScalar(reader: Reader): string | number | boolean | null {
  scalar.lastIndex = reader.at
  const [found] = scalar.exec(reader.text) ?? []
  if (found === undefined) throw new Fault(reader, 'a value')
  reader.at += found.length
  return JSON.parse(found) as string | number | boolean | null
}

/** Whether that is the next sign, which is then behind us. */
function takes(reader: Reader, sign: string): boolean {
  skipBlanks(reader)
  if (reader.text.charAt(reader.at) !== sign) return false
  reader.at++
  return true
}

function skipBlanks(reader: Reader): void {
  while (/[ \t\r\n]/.test(reader.text.charAt(reader.at))) reader.at++
}
