import { expect, test } from 'vitest'
import { commandLines, plainLine, plainLines, plainText } from '../../src/text/sanitize.ts'

test.each([
  ['an escape sequence', 'a\u001b[31mb', 'a\ufffd[31mb'],
  ['a carriage return', 'a\rb', 'a\ufffdb'],
  ['a control character of 8 bits', 'a\u009bb', 'a\ufffdb'],
  ['an override of the direction', 'a\u202eb\u2066c', 'a\ufffdb\ufffdc'],
  ['a mark of the direction', 'a\u200fb\u061cc', 'a\ufffdb\ufffdc'],
  ['a space without width', 'back\u200bup', 'back\ufffdup'],
  ['a joiner between letters of ASCII', 'back\u200dup\u200c', 'back\ufffdup\ufffd'],
  ['a soft hyphen and a byte order mark', 'a\u00adb\ufeff', 'a\ufffdb\ufffd'],
  ['a separator of lines', 'a\u2028b\u2029c', 'a\ufffdb\ufffdc'],
  ['invisible tags', 'a\u{e0041}b', 'a\ufffdb'],
  ['half a character', 'a\ud800b', 'a\ufffdb'],
])('plainText shows %s as U+FFFD', (_what, text, plain) => {
  expect(plainText(text)).toBe(plain)
})

test.each(['täglich 日本語 ελ', 'می\u200cخواهم', '👩\u200d💻 on call', 'two\nlines\tand a tab'])(
  'plainText keeps %j',
  (text) => {
    expect(plainText(text)).toBe(text)
  },
)

test('plainLine is one line, and plainLines has no blank lines at its ends', () => {
  expect(plainLine('a\nb\tc')).toBe('a\ufffdb\ufffdc')
  expect(plainLines('\na\nb\u202e\n\n')).toEqual(['a', 'b\ufffd'])
})

test('commandLines has the lines of a shell script, and one line of JSON for a list of words', () => {
  expect(commandLines('cd /srv\nmake\u202e\n')).toEqual(['cd /srv', 'make\ufffd'])
  expect(commandLines(['echo', 'a b\n\u202e'])).toEqual(['["echo","a b\\n\ufffd"]'])
})
