import assert from 'node:assert/strict'
import fc from 'fast-check'
import { readPlain } from '../../src/tasks/file/plain.ts'
import { notText } from '../../src/tasks/file/not-text.ts'
import { readAll, told } from '../tasks/file/trees.ts'
import { tasksTexts } from './corpus.ts'
import { damaged } from './mutate.ts'
import { pure } from './target.ts'

const odd = [
  '\u0085',
  '\u2028',
  '\u00a0',
  '\ufeff',
  '\t',
  '\r',
  '\u3000',
  'é',
  '😀',
  "''",
  '\\',
  '...',
  '---',
]
const bits = [
  ': ',
  ' #',
  '#',
  '- ',
  '"',
  "'",
  '{',
  '}',
  '[',
  ']',
  ', ',
  ',',
  ' ',
  '\n',
  '\n  ',
  '\n    ',
  ':',
]
const words = [
  'a',
  'b',
  'true',
  'null',
  '0',
  '-1',
  '1e3',
  '0x1',
  '1.5',
  '.',
  '*',
  '&',
  '!',
  '|',
  '>',
  '%',
  '@',
  '`',
  '?',
  '=',
  '<<',
  '~',
  '2026-01-01',
  '12:30',
  'env',
  'command',
  'tasks',
]
const bit = fc.oneof(
  { arbitrary: fc.constantFrom(...words), weight: 6 },
  { arbitrary: fc.constantFrom(...bits), weight: 6 },
  { arbitrary: fc.constantFrom(...odd), weight: 1 },
)
const value = fc.array(bit, { minLength: 1, maxLength: 6 }).map((all) => all.join(''))
/** Lines that are nearly plain: a key, and whatever behind it. */
const lines = fc
  .array(
    fc.tuple(
      fc.constantFrom('', '', '  ', '    ', ' '),
      fc.constantFrom('a', 'b', 'env', 'c.d'),
      value,
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((all) =>
    all
      .map(([indent, key, rest], at) => `${at === 0 ? '' : indent}${key}${at}: ${rest}\n`)
      .join(''),
  )

/** What is read line by line is what the package for YAML reads, at the same places, without a fault. */
export const tasksPlain = pure(
  'tasks-plain',
  100,
  fc.oneof(lines, lines, lines, damaged(tasksTexts, 3)),
  (text) => {
    const plain = notText(text) === undefined ? readPlain(text) : undefined
    if (plain === undefined) return
    const { tree, faults } = readAll(text)
    assert.deepEqual(faults, [], text)
    assert.deepEqual(told(plain), told(tree), text)
  },
)
