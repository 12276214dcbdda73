import { Document, Scalar, stringify } from 'yaml'
import { remembered } from '../text/cache.ts'

/** A tasks file before it is text. */
export interface Draft {
  /** Comments at the top of the file. */
  readonly header: readonly string[]
  readonly timezone: DraftKey | undefined
  readonly defaults: readonly DraftKey[]
  readonly body: readonly DraftPart[]
}

export interface DraftKey {
  readonly key: string
  readonly value: DraftValue
  /** Lines above the key, each with its `#`. */
  readonly comments?: readonly string[]
}

/** A list is written on one line, a map on the lines below its key. */
export type DraftValue = string | number | readonly string[] | DraftMap

interface DraftMap {
  readonly pairs: readonly DraftKey[]
}

export type DraftPart =
  | { readonly kind: 'blank' }
  | { readonly kind: 'comments'; readonly comments: readonly string[] }
  | { readonly kind: 'task'; readonly name: string; readonly keys: DraftMap['pairs'] }

/** Writes a tasks file as a person would: with comments, and with quotes only where YAML needs them. */
export function writeDraft({ header, timezone, defaults, body }: Draft): string {
  const parts = [
    ['# yaml-language-server: $schema=tasks.schema.json'],
    header.map(withoutUnsupported),
    timezone === undefined ? [] : keyLines(timezone, 0),
    defaults.length === 0 ? [] : ['defaults:', ...defaults.flatMap((key) => keyLines(key, 1))],
    bodyLines(body),
  ]
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

/**
 * The settings that become defaults. A key must be set in every task, and more than half of the tasks
 * must have the same value. Those tasks then leave the key out.
 */
export function sharedBy<T extends { readonly value: string }>(
  tasks: readonly ReadonlyMap<string, T>[],
): ReadonlyMap<string, T> {
  const shared = new Map<string, T>()
  for (const key of tasks[0]?.keys() ?? []) {
    const settings = tasks.flatMap((task) => task.get(key) ?? [])
    const setting = settings.length === tasks.length ? majority(settings) : undefined
    if (setting !== undefined) shared.set(key, setting)
  }
  return shared
}

/** Names what a tasks file cannot contain: bytes that are not UTF-8, or a control character other than a tab. */
export function unsupportedIn(text: string): string | undefined {
  const found = text.match(unsupported)?.[0]
  if (found === undefined) return undefined
  if (found >= '\ud800') return 'it contains bytes that are not UTF-8'
  const code = found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
  return `it contains the control character U+${code}`
}

/** Replaces each of these with `?`. Good enough for comments and descriptions. */
export function withoutUnsupported(text: string): string {
  return text.replaceAll(unsupported, '?')
}

const unsupported = /[^\P{Cc}\t]|[\ufffd\p{Cs}]/gu

/** A longer description is folded. */
const maxWidth = 96
const indentation = '  '
const format = {
  lineWidth: 0,
  singleQuote: true,
  blockQuote: 'literal',
  flowCollectionPadding: false,
} as const

function bodyLines(body: readonly DraftPart[]): string[] {
  const hasTasks = body.some(({ kind }) => kind === 'task')
  const lines = spaced(body).flatMap((part): string[] => {
    switch (part.kind) {
      case 'blank':
        return ['']
      case 'comments':
        return part.comments.map((each) => (hasTasks ? indentation : '') + withoutUnsupported(each))
      case 'task':
        return keyLines({ key: part.name, value: { pairs: part.keys } }, 1)
    }
  })
  if (hasTasks) return ['tasks:', ...lines]
  return [...lines, ...(lines.length === 0 ? [] : ['']), 'tasks: {}']
}

/** Removes blank lines at both ends, and all but one of several in a row. */
function spaced(body: readonly DraftPart[]): DraftPart[] {
  const kept: DraftPart[] = []
  for (const part of body) {
    if (part.kind === 'comments' && part.comments.length === 0) continue
    if (part.kind !== 'blank' || (kept.at(-1)?.kind ?? 'blank') !== 'blank') kept.push(part)
  }
  if (kept.at(-1)?.kind === 'blank') kept.pop()
  return kept
}

function keyLines({ key, value, comments = [] }: DraftKey, depth: number): string[] {
  const lines = [...comments.map(withoutUnsupported), ...pairLines(key, value)]
  return lines.map((line) => (line === '' ? '' : indentation.repeat(depth) + line))
}

function pairLines(key: string, value: DraftValue): readonly string[] {
  if (key === 'schedule' && typeof value === 'string') return [`schedule: '${value}'`]
  if (typeof value === 'object' && 'pairs' in value)
    return [`${scalar(key)}:`, ...value.pairs.flatMap((each) => keyLines(each, 1))]
  if (key === 'description' && typeof value === 'string' && value.length > maxWidth)
    return ['description: >-', ...folded(value).map((line) => indentation + line)]
  const write = (): string[] => splitLines(stringify(new Map([[key, nodeOf(value)]]), format))
  // Many tasks have the same variables.
  return typeof value === 'string'
    ? remembered(known, maxKnownPairs, `${key}: ${value}`, write)
    : write()
}

const maxKnownPairs = 1000
const known = new Map<string, readonly string[]>()

function nodeOf(value: string | number | readonly string[]) {
  if (typeof value === 'object') return new Document().createNode(value, { flow: true })
  // Text that needs escapes inside quotes is easier to read as a block.
  if (typeof value === 'number' || !/^(?:".*\\|'.*''.)/s.test(scalar(value))) return value
  const node = new Scalar(value)
  node.type = Scalar.BLOCK_LITERAL
  return node
}

function scalar(value: string): string {
  return splitLines(stringify(value, format)).join('\n')
}

function splitLines(text: string): string[] {
  return text.replace(/\n$/, '').split('\n')
}

/** Breaks a line of text into several. YAML joins them again with a space. */
function folded(text: string): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length >= maxWidth) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

/** The first setting with the value that more than half of them have; undefined if there is none. */
function majority<T extends { readonly value: string }>(settings: readonly T[]): T | undefined {
  const counts = new Map<string, number>()
  for (const { value } of settings) counts.set(value, (counts.get(value) ?? 0) + 1)
  return settings.find(({ value }) => (counts.get(value) ?? 0) * 2 > settings.length)
}
