import { Document, Scalar, stringify } from 'yaml'
import { remembered } from '../text/cache.ts'
import type { Draft, DraftKey, DraftPart, DraftValue } from './draft.ts'
import { withoutUnfit } from './unfit.ts'

/** Writes a tasks file as a person would: comments, quotes where they are needed, lines to be read. */
export function writeDraft({ header, timezone, defaults, body }: Draft): string {
  const parts = [
    ['# yaml-language-server: $schema=tasks.schema.json'],
    header.map(withoutUnfit),
    timezone === undefined ? [] : keyLines(timezone, 0),
    defaults.length === 0 ? [] : ['defaults:', ...defaults.flatMap((key) => keyLines(key, 1))],
    bodyLines(body),
  ]
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

/** A description longer than this is folded. */
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
        return part.comments.map((each) => (hasTasks ? indentation : '') + withoutUnfit(each))
      case 'task':
        return keyLines({ key: part.name, value: { pairs: part.keys } }, 1)
    }
  })
  if (hasTasks) return ['tasks:', ...lines]
  return [...lines, ...(lines.length === 0 ? [] : ['']), 'tasks: {}']
}

/** Never two blank lines, and none at the ends. */
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
  const lines = [...comments.map(withoutUnfit), ...pairLines(key, value)]
  return lines.map((line) => (line === '' ? '' : indentation.repeat(depth) + line))
}

function pairLines(key: string, value: DraftValue): readonly string[] {
  if (key === 'schedule' && typeof value === 'string') return [`schedule: '${value}'`]
  if (typeof value === 'object' && 'pairs' in value)
    return [`${scalar(key)}:`, ...value.pairs.flatMap((each) => keyLines(each, 1))]
  if (key === 'description' && typeof value === 'string' && value.length > maxWidth)
    return ['description: >-', ...folded(value).map((line) => indentation + line)]
  const write = (): string[] => splitLines(stringify(new Map([[key, nodeOf(value)]]), format))
  // A variable is that of many tasks.
  return typeof value === 'string'
    ? remembered(known, maxKnownPairs, `${key}: ${value}`, write)
    : write()
}

const maxKnownPairs = 1000
const known = new Map<string, readonly string[]>()

function nodeOf(value: string | number | readonly string[]) {
  if (typeof value === 'object') return new Document().createNode(value, { flow: true })
  // What would need escapes within its quotes is easier to read as a block.
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

/** One line of text over several: YAML makes one of them again, with a blank at each break. */
function folded(text: string): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length >= maxWidth) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}
