import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { matchGlob } from '../../src/text/glob.ts'

test.each([
  ['web-*', 'web-1', true],
  ['web-*', 'web-', true],
  ['web-*', 'web', false],
  ['*-1', 'web-1-1', true],
  ['*a*b', 'xaxbxb', true],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['', '', true],
  ['**', '', true],
  ['a.c', 'abc', false],
])('matchGlob: the pattern %s matches %s: %s', (glob, text, matches) => {
  expect(matchGlob(glob, text)).toBe(matches)
})

test('matchGlob agrees with the equivalent regular expression', () => {
  const letters = fc.constantFrom('a', 'b', '*', '?')
  const glob = fc.array(letters, { maxLength: 8 }).map((all) => all.join(''))
  const text = fc.array(fc.constantFrom('a', 'b'), { maxLength: 10 }).map((all) => all.join(''))
  fc.assert(
    fc.property(glob, text, (pattern, name) => {
      const source = pattern.replaceAll('*', '.*').replaceAll('?', '.')
      expect(matchGlob(pattern, name)).toBe(new RegExp(`^${source}$`).test(name))
    }),
  )
})

test('matchGlob answers quickly for a pattern of a hundred stars', () => {
  expect(matchGlob('*a'.repeat(100), 'a'.repeat(99))).toBe(false)
})
