import { expect, test } from 'vitest'
import { maxFileBytes } from '../../../src/tasks/file/limits.ts'
import { whyNotText } from '../../../src/tasks/file/source.ts'

const junk = 'not a text file: it contains bytes that are not UTF-8'
const large = 'expected a file of at most 10 MB'

test.each([
  ['text', 'tasks: {}', undefined],
  ['a text of the largest size', 'a'.repeat(maxFileBytes), undefined],
  [
    'a text that is one byte too large',
    'a'.repeat(maxFileBytes + 1),
    { message: large, offset: 0 },
  ],
  [
    'a text that is too large only in UTF-8',
    '\u20ac'.repeat(maxFileBytes / 2),
    { message: large, offset: 0 },
  ],
  // Each byte of a binary file of the largest size became a character of three bytes.
  ['binary junk', '\ufffd'.repeat(maxFileBytes), { message: junk, offset: 0 }],
  ['junk in a large text', `${'a'.repeat(maxFileBytes)}\ufffd`, { message: junk, offset: 1e7 }],
])('whyNotText() tells text from other content: %s', (_what, text, problem) => {
  expect(whyNotText(text)).toEqual(problem)
})
