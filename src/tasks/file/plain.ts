import type { Path } from './key-path.ts'
import { isPlainKey, type PlainValue, readPlainValue } from './plain-value.ts'
import { skipBlanks, skipLine } from './skip.ts'
import { isText, type Tree } from './tree.ts'

/**
 * Reads the part of YAML that most tasks are written in: keys and values line by line, further in
 * what belongs to a key, quotes without escapes, brackets on one line. undefined for whatever is or
 * may be more than that, right or wrong, which is then read by the package for YAML. What it gives is
 * what the package gives, as test/tasks/plain.test.ts has it; but it takes a tenth of the time, and
 * a large file is little else.
 */
export function readPlain(text: string): Tree | undefined {
  const lines = { text, at: 0 }
  const indent = nextIndent(lines)
  const root = indent === 0 ? mapAt(lines, 0, []) : undefined
  return root === undefined || lines.at < text.length ? undefined : treeOf(root)
}

/** Where the reading is: at the beginning of a line. */
interface Lines {
  readonly text: string
  at: number
}

interface PlainNode {
  /** Of its key, of an entry, of the first key. */
  readonly offset: number
  readonly value: unknown
  readonly written: string | undefined
  readonly keys: ReadonlyMap<string, PlainNode> | undefined
  readonly entries: readonly PlainNode[] | undefined
}

/** Maps and lists within each other: nothing in a tasks file is deeper. */
const maxPlainDepth = 8

const keyOfLine = /(\w[\w.-]{0,200}):(?: +|(?=\n)|$)/y

function mapAt(lines: Lines, indent: number, path: Path): PlainNode | undefined {
  if (path.length > maxPlainDepth) return undefined
  const { text } = lines
  const offset = lines.at + indent
  const keys = new Map<string, PlainNode>()
  do {
    const at = lines.at + indent
    keyOfLine.lastIndex = at
    const name = keyOfLine.exec(text)?.[1]
    if (name === undefined || !isPlainKey(name) || keys.has(name)) return undefined
    const node = valueAt(lines, { at, indent, behind: keyOfLine.lastIndex }, [...path, name])
    if (node === undefined) return undefined
    keys.set(name, node)
  } while (nextIndent(lines) === indent)
  return nodeOfMap(offset, keys, path)
}

/** What belongs to a key: the rest of its line, or the lines below that are further in. */
function valueAt(
  lines: Lines,
  { at, indent, behind }: { at: number; indent: number; behind: number },
  path: Path,
): PlainNode | undefined {
  const { text } = lines
  if (!endsLine(text, behind)) {
    const value = readPlainValue(text, behind)
    if (value === undefined || !endsLine(text, value.end)) return undefined
    lines.at = skipLine(text, value.end)
    return nextIndent(lines) > indent ? undefined : nodeOf(at, value, path)
  }
  lines.at = skipLine(text, behind)
  const inner = nextIndent(lines)
  if (inner <= indent) return undefined
  const isList = text.startsWith('- ', lines.at + inner)
  const node = isList ? listAt(lines, inner, path) : mapAt(lines, inner, path)
  // Neither further in than this, nor between the two.
  return node === undefined || nextIndent(lines) > indent ? undefined : { ...node, offset: at }
}

function listAt(lines: Lines, indent: number, path: Path): PlainNode | undefined {
  const { text } = lines
  const entries: PlainNode[] = []
  do {
    if (!text.startsWith('- ', lines.at + indent)) return undefined
    const at = skipBlanks(text, lines.at + indent + 2)
    const value = readPlainValue(text, at)
    if (value === undefined || !endsLine(text, value.end)) return undefined
    entries.push(nodeOf(at, value, [...path, entries.length]))
    lines.at = skipLine(text, value.end)
  } while (nextIndent(lines) === indent)
  return nodeOfList(0, entries)
}

function nodeOf(offset: number, value: PlainValue, path: Path): PlainNode {
  if (value.kind === 'list') {
    const entries = value.items.map((item, at) => nodeOf(item.offset, item.value, [...path, at]))
    return nodeOfList(offset, entries)
  }
  if (value.kind === 'map') {
    const keys = value.items.map(
      (item) => [item.name, nodeOf(item.offset, item.value, [...path, item.name])] as const,
    )
    return nodeOfMap(offset, new Map(keys), path)
  }
  const { written } = value
  const meant = written !== undefined && isText(path) ? written : value.value
  return { offset, value: meant, written, keys: undefined, entries: undefined }
}

function nodeOfMap(offset: number, keys: ReadonlyMap<string, PlainNode>, path: Path): PlainNode {
  const value: Record<string, unknown> = {}
  for (const [name, node] of keys) {
    if (path.length > 0 || !name.startsWith('x-')) value[name] = node.value
  }
  return { offset, value, written: undefined, keys, entries: undefined }
}

function nodeOfList(offset: number, entries: readonly PlainNode[]): PlainNode {
  const value = entries.map((entry) => entry.value)
  return { offset, value, written: undefined, keys: undefined, entries }
}

/** How far in the next line is that says something; less than anything where there is none. Goes to it. */
function nextIndent(lines: Lines): number {
  const { text } = lines
  while (lines.at < text.length) {
    const first = skipBlanks(text, lines.at)
    if (!isEmpty(text, first)) return first - lines.at
    lines.at = skipLine(text, first)
  }
  return -1
}

/** Nothing but blanks and a comment from here on; that stands apart from what is before it. */
function endsLine(text: string, at: number): boolean {
  const first = skipBlanks(text, at)
  if (!isEmpty(text, first)) return false
  return text.charAt(first) !== '#' || text.charAt(first - 1) === ' '
}

/** The end of a line, or a comment. */
function isEmpty(text: string, at: number): boolean {
  return at >= text.length || text.charAt(at) === '\n' || text.charAt(at) === '#'
}

function treeOf(root: PlainNode): Tree {
  const find = (path: Path): { node: PlainNode; whole: boolean } => {
    let node = root
    for (const step of path) {
      const inner = typeof step === 'number' ? node.entries?.[step] : node.keys?.get(step)
      if (inner === undefined) return { node, whole: false }
      node = inner
    }
    return { node, whole: true }
  }
  const whole = (path: Path): PlainNode | undefined => {
    const found = find(path)
    return found.whole ? found.node : undefined
  }
  return {
    value: root.value,
    offset: (path) => find(path).node.offset,
    has: (path) => whole(path) !== undefined,
    keys: (path) => [...(whole(path)?.keys?.keys() ?? [])],
    written: (path) => whole(path)?.written,
  }
}
