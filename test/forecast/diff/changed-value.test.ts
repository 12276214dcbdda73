import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lineDiff } from '../../../src/forecast/diff/changed-value.ts'

const marks = { both: ' ', old: '-', new: '+', gap: '.' } as const

/** Compares two texts whose lines are single letters: `a -b +x c`. */
function diffOf(old: string, now: string): string {
  return lineDiff([...old], [...now])
    .map(({ kind, text }) => marks[kind].trim() + (kind === 'gap' ? '..' : text))
    .join(' ')
}

test.each([
  ['', '', ''],
  ['', 'ab', '+a +b'],
  ['ab', '', '-a -b'],
  ['abc', 'axc', 'a -b +x c'],
  ['abcdefgh', 'abcdexgh', '... d e -f +x g h'],
  ['abcdefghijkl', 'Xbcdefghijkl', '-a +X b c ...'],
  ['abcdefghijk', 'XbcdefghijY', '-a +X b c ... i j -k +Y'],
  ['abcd', 'bcde', '-a b c d +e'],
  ['abab', 'baba', '-a b a b +a'],
  ['aaa', 'aa', '... a a -a'.slice(4)],
])('the line diff from %j to %j is %j', (old, now, expected) => {
  expect(diffOf(old, now)).toBe(expected)
})

const texts = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 })

test('a line diff contains both texts, except unchanged lines far from any change', () => {
  fc.assert(
    fc.property(texts, texts, (old, now) => {
      const lines = lineDiff(old, now).filter(({ kind }) => kind !== 'gap')
      const isPart = (whole: readonly string[], part: readonly string[]): boolean => {
        let at = 0
        for (const line of whole) if (line === part[at]) at++
        return at === part.length
      }
      const of = (side: 'old' | 'new') =>
        lines.flatMap(({ kind, text }) => (kind === 'both' || kind === side ? [text] : []))
      expect(isPart(old, of('old')) && isPart(now, of('new'))).toBe(true)
      if (lines.length === lineDiff(old, now).length && lines.length > 0) {
        expect([of('old'), of('new')]).toEqual([old, now])
      }
    }),
  )
})

test('very long texts are shown as changed from the first difference to the last', () => {
  const [old = [], now = []] = ['x', 'y'].map((end) =>
    Array.from({ length: 20_000 }, (_, index) => `${index % 3 === 0 ? end : index}`),
  )
  const lines = lineDiff(old, now)
  for (const kind of ['old', 'new'])
    expect(lines.filter((line) => line.kind === kind)).toHaveLength(19_999)
  expect(lines.at(-1)).toEqual({ kind: 'both', text: '19999' })
})
