import { expect, test } from 'vitest'
import { lineFault, maxLineBytes } from '../../src/text/line-fault.ts'

test.each([
  ['an empty text', '', undefined],
  ['one line', 'resize /a.jpg', undefined],
  ['the longest text', 'x'.repeat(maxLineBytes), undefined],
  ['a text that is one byte longer', 'x'.repeat(maxLineBytes + 1), /at most 65536 are sent/],
  ['a text whose characters take more bytes', 'é'.repeat(maxLineBytes), /has 131072 bytes/],
  ['two lines', 'a\nb', /line break/],
  ['a text with a NUL', 'a\0b', /NUL/],
])('%s as text and as bytes', (_, text, fault) => {
  for (const line of [text, Buffer.from(text)])
    if (fault === undefined) expect(lineFault(line)).toBeUndefined()
    else expect(lineFault(line)).toMatch(fault)
})
