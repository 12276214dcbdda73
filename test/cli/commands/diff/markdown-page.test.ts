import fc from 'fast-check'
import { expect, test } from 'vitest'
import { code, fenced, htmlCode } from '../../../../src/cli/commands/diff/markdown-page.ts'

test.each([
  ['a', '`a`'],
  ['*/5 * * * *', '`*/5 * * * *`'],
  ['@ada #12 <b> &amp; [x](y) _z_', '`@ada #12 <b> &amp; [x](y) _z_`'],
  ['a | b', '<code>a &#124; b</code>'],
  ['`x`', '<code>&#96;x&#96;</code>'],
  ['a\\', '<code>a&#92;</code>'],
  ['', '<code></code>'],
  [' x', '<code> x</code>'],
  ['a\nb', '`a b`'],
  ['\u001b[31m', '`\ufffd[31m`'],
  ['`</code>@ada|😀', '<code>&#96;&#60;/code&#62;&#64;ada&#124;&#128512;</code>'],
])('the text %j in code is %s', (text, expected) => {
  expect(code(text)).toBe(expected)
})

test('no text in code can end a table cell, open a tag or mention anybody', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const inTable = code(text)
      expect(inTable).not.toMatch(/[|\n]/)
      if (inTable.startsWith('`')) expect(inTable.slice(1, -1)).not.toContain('`')
      else expect(inTable.slice('<code>'.length, -'</code>'.length)).not.toMatch(/[<>@`*_\\[\]]/)
      expect(htmlCode(text).slice('<code>'.length, -'</code>'.length)).not.toMatch(/[<>\n]/)
    }),
  )
})

test('the fence of a code block is longer than any fence inside it', () => {
  expect(fenced('diff', 'a')).toBe('```diff\na\n```')
  expect(fenced('', 'a\n````\n```')).toBe('`````\na\n````\n```\n`````')
})
