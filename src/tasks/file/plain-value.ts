import { skipBlanks } from './skip.ts'

/** A value on one line, as {@link readPlain} reads it. */
export type PlainValue =
  | {
      readonly kind: 'scalar'
      readonly value: string | number | boolean
      /** As its author wrote it, where that is not in quotes. */
      readonly written: string | undefined
      /** Just behind it. */
      readonly end: number
    }
  | { readonly kind: 'map'; readonly items: readonly PlainPair[]; readonly end: number }
  | { readonly kind: 'list'; readonly items: readonly PlainItem[]; readonly end: number }

interface PlainItem {
  readonly offset: number
  readonly value: PlainValue
}

interface PlainPair extends PlainItem {
  readonly name: string
}

/** Brackets within brackets: more are for who reads all of YAML. */
const maxBrackets = 4

/** The value of a key or of an entry that begins at an offset; undefined where it is not plain. */
export function readPlainValue(text: string, at: number): PlainValue | undefined {
  const char = text.charAt(at)
  if (char === '"' || char === "'") return quotedAt(text, at)
  if (char === '{' || char === '[') return bracketsAt(text, at, 1)
  return lineAt(text, at)
}

/** To the end of its line, or to the comment there. */
function lineAt(text: string, at: number): PlainValue | undefined {
  const lineEnd = text.indexOf('\n', at)
  const line = text.slice(at, lineEnd === -1 ? text.length : lineEnd)
  const comment = line.indexOf(' #')
  const word = (comment === -1 ? line : line.slice(0, comment)).replace(/ +$/, '')
  if (word.includes(': ') || word.endsWith(':') || /[\t\r]/.test(line)) return undefined
  return scalar(word, at)
}

/** Without an escape, and on one line. */
const quoted = /"([^"\\\t\r\n]*)"(?!")|'([^'\t\r\n]*)'(?!')/y

function quotedAt(text: string, at: number): PlainValue | undefined {
  const found = matchAt(quoted, text, at)
  const value = found?.[1] ?? found?.[2]
  if (value === undefined) return undefined
  return { kind: 'scalar', value, written: undefined, end: quoted.lastIndex }
}

const word = /[\w/$.-][\w/$.@%+=~-]*/y
const key = /(\w[\w.-]{0,200}): +/y

function bracketsAt(text: string, at: number, depth: number): PlainValue | undefined {
  if (depth > maxBrackets) return undefined
  const kind = text.charAt(at) === '{' ? 'map' : 'list'
  const close = kind === 'map' ? '}' : ']'
  const items: PlainPair[] = []
  let next = skipBlanks(text, at + 1)
  if (text.charAt(next) === close) return { kind, items, end: next + 1 }
  for (;;) {
    const offset = next
    const name = kind === 'map' ? matchAt(key, text, offset)?.[1] : ''
    if (name === undefined || !isName(name, items)) return undefined
    const value = insideAt(text, kind === 'map' ? key.lastIndex : offset, depth)
    if (value === undefined) return undefined
    items.push({ name, offset, value })
    next = skipBlanks(text, value.end)
    if (text.charAt(next) === close) return { kind, items, end: next + 1 }
    if (text.charAt(next) !== ',') return undefined
    next = skipBlanks(text, next + 1)
  }
}

function insideAt(text: string, at: number, depth: number): PlainValue | undefined {
  const char = text.charAt(at)
  if (char === '"' || char === "'") return quotedAt(text, at)
  if (char === '{' || char === '[') return bracketsAt(text, at, depth + 1)
  const found = matchAt(word, text, at)
  return found === null ? undefined : scalar(found[0], at)
}

function isName(name: string, items: readonly PlainPair[]): boolean {
  return name === '' || (isPlainKey(name) && items.every((item) => item.name !== name))
}

/** A key that YAML takes for nothing is told; and an object has the other one already. */
export function isPlainKey(name: string): boolean {
  return !/^(?:null|__proto__)$/i.test(name)
}

function scalar(written: string, at: number): PlainValue | undefined {
  const value = valueOf(written)
  if (value === undefined) return undefined
  return { kind: 'scalar', value, written, end: at + written.length }
}

/** Text, a whole number, true or false where it can be nothing else. https://yaml.org/spec/1.2.2/#1032-tag-resolution */
function valueOf(written: string): string | number | boolean | undefined {
  if (/^[a-z/$(]/i.test(written)) {
    if (written === 'true' || written === 'false') return written === 'true'
    return /^(?:null|true|false)$/i.test(written) ? undefined : written
  }
  if (/^(?:0|-?[1-9]\d{0,14})$/.test(written)) return Number(written)
  // A file beside, a time, an address: no number has these characters.
  return /^(?:\.\/|\d[\w.]*(?:[g-np-wyz/]|\..*\.))/i.test(written) ? written : undefined
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}
