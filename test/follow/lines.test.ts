import fc from 'fast-check'
import { expect, test } from 'vitest'
import { newLineSplitter, type OutputLine } from '../../src/follow/lines.ts'
import type { Piece } from '../../src/follow/holes.ts'

/** Cuts bytes into pieces of these lengths, and makes lines of them. */
function linesOf(bytes: Buffer, lengths: readonly number[], longest?: number): OutputLine[] {
  const splitter = newLineSplitter(longest)
  const lines: OutputLine[] = []
  let begin = 0
  for (const length of [...lengths, bytes.length]) {
    const end = Math.min(begin + length, bytes.length)
    const piece: Piece = { bytes: bytes.subarray(begin, end), begin, end }
    lines.push(...splitter.take(piece))
    begin = end
  }
  return [...lines, ...splitter.rest()]
}

const line = (text: string, next: number, isPart = false): OutputLine => ({ text, next, isPart })

test.each([
  ['', []],
  ['\n', [line('', 1)]],
  ['a\nb\n', [line('a', 2), line('b', 4)]],
  ['a\n\nb', [line('a', 2), line('', 3), line('b', 4)]],
  ['a\r\n', [line('a\r', 3)]],
])('the output %j has the lines %j', (text, expected) => {
  expect(linesOf(Buffer.from(text), [])).toEqual(expected)
})

test('lines are the same wherever the pieces of an output are cut, also within a character', () => {
  const texts = fc.array(
    fc.string({ unit: fc.constantFrom('a', 'é', '語', '🦉', '\n'), maxLength: 30 }),
  )
  fc.assert(
    fc.property(texts, fc.array(fc.nat(7)), (parts, lengths) => {
      const text = parts.join('\n')
      const lines = linesOf(Buffer.from(text), lengths)
      const expected = text.split('\n')
      if (expected.at(-1) === '') expected.pop()
      expect(lines.map((each) => each.text)).toEqual(expected)
      for (const { next } of lines) {
        const rest = linesOf(Buffer.from(text).subarray(next), [])
        expect(rest.map((each) => each.text)).toEqual(
          lines.filter((each) => each.next > next).map((each) => each.text),
        )
      }
    }),
  )
})

test('bytes that are not UTF-8 become U+FFFD, and the lines around them stay whole', () => {
  const bytes = Buffer.from([0x61, 0xff, 0x0a, 0xe8, 0xaa, 0x0a, 0x62, 0x0a])
  expect(linesOf(bytes, [4])).toEqual([line('a\ufffd', 3), line('\ufffd', 6), line('b', 8)])
})

test('a line that is too long comes in parts, each of whole characters', () => {
  const text = `${'語'.repeat(100)}\nshort\n`
  const lines = linesOf(
    Buffer.from(text),
    Array.from({ length: 50 }, () => 7),
    40,
  )
  const parts = lines.filter(({ isPart }) => isPart)
  expect(parts.length).toBeGreaterThan(5)
  for (const part of parts) expect(part.text).toMatch(/^語{13}$/)
  expect(lines.map((each) => each.text).join('')).toBe(text.replaceAll('\n', ''))
  expect(lines.slice(-2)).toEqual([
    line('語'.repeat(100 - 13 * parts.length), 301),
    line('short', 307),
  ])
})

test('the line in place of bytes that are gone ends behind them', () => {
  const splitter = newLineSplitter()
  const gone = Buffer.from('\n[gone]\n')
  expect([
    ...splitter.take({ bytes: Buffer.from('a'), begin: 0, end: 1 }),
    ...splitter.take({ bytes: gone, begin: 1, end: 9_000 }),
    ...splitter.take({ bytes: Buffer.from('b\n'), begin: 9_000, end: 9_002 }),
  ]).toEqual([line('a', 2), line('[gone]', 9_000), line('b', 9_002)])
})
