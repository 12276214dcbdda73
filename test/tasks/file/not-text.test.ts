import { expect, test } from 'vitest'
import { maxFileBytes } from '../../../src/tasks/file/limits.ts'
import { notText } from '../../../src/tasks/file/not-text.ts'

const junk = 'not a text file: it holds bytes that are not UTF-8'
const large = 'expected a file of at most 10 MB'

test.each([
  ['text', 'tasks: {}', undefined],
  ['a text of the most bytes', 'a'.repeat(maxFileBytes), undefined],
  ['one more', 'a'.repeat(maxFileBytes + 1), { message: large, offset: 0 }],
  ['fewer letters of more bytes', '\u20ac'.repeat(maxFileBytes / 2), { message: large, offset: 0 }],
  // As many bytes as may be, of which each has become three.
  ['binary junk', '\ufffd'.repeat(maxFileBytes), { message: junk, offset: 0 }],
  ['junk in a large text', `${'a'.repeat(maxFileBytes)}\ufffd`, { message: junk, offset: 1e7 }],
])('%s', (_what, text, told) => {
  expect(notText(text)).toEqual(told)
})
