import { expect, test } from 'vitest'
import {
  digestLine,
  digestText,
  lineOf,
  maxDigestLength,
  parseDigestText,
} from '../../../src/plan/notify/digest-text.ts'

/** A line of this second after noon. */
function line(second: number, words: string): string {
  const time = new Date(Date.parse('2026-03-10T12:00:00Z') + second * 1000).toISOString()
  return `${time.slice(0, 10)} ${time.slice(11, 19)} UTC ${words}`
}

function text(lines: readonly string[], more = 0): string[] {
  return digestText(lines.map(digestLine), more).split('\n')
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

test('a digest has all its lines, also those of one task, if they have room', () => {
  const lines = [line(1, 'a: failed, over since 2026-03-10 12:00:02 UTC'), line(3, 'a: failed')]
  expect(text(lines)).toEqual(lines)
  expect(text(lines, 7)).toEqual([...lines, 'and 7 more'])
})

test('lines about what is over go first, then the oldest', () => {
  const over = line(30, 'over: failed, over since 2026-03-10 12:00:31 UTC')
  const open = (count: number): string[] => numbers(count).map((n) => line(n, `t${n}: failed`))
  const fifty = open(50)
  expect(text([...fifty.slice(0, 30), over, ...fifty.slice(30)])).toEqual([...fifty, 'and 2 more'])
  const many = open(60)
  expect(text([...many, over])).toEqual([...many.slice(10), 'and 12 more'])
})

test('before the oldest go, the lines of one task about the same become one', () => {
  const lines = numbers(60).map((n) =>
    line(n, `t${n % 4}: ${n % 2 ? 'late' : 'no success for'} (${n})`),
  )
  expect(text([line(0, 'first: failed'), ...lines])).toEqual([
    line(0, 'first: failed'),
    line(56, 't0: no success for (56), 15 times since 2026-03-10 12:00:00 UTC'),
    line(57, 't1: late (57), 15 times since 2026-03-10 12:00:01 UTC'),
    line(58, 't2: no success for (58), 15 times since 2026-03-10 12:00:02 UTC'),
    line(59, 't3: late (59), 15 times since 2026-03-10 12:00:03 UTC'),
  ])
  const again = text([...text(lines), ...lines.map((each) => each.replace('12:00', '13:00'))])
  expect(again[0]).toBe(
    line(3656, 't0: no success for (56), 30 times since 2026-03-10 12:00:00 UTC'),
  )
  expect(again).toHaveLength(4)
})

test('long lines stay whole, and all messages are counted', () => {
  const lines = numbers(400).map((n) => line(n, `t${n}: failed (${'x'.repeat(250)})`))
  const shown = text(lines)
  expect(shown.join('\n').length).toBeLessThanOrEqual(maxDigestLength)
  expect(shown.slice(0, -1)).toEqual(lines.slice(-(shown.length - 1)))
  expect(shown.length).toBeGreaterThan(25)
  expect(shown.at(-1)).toBe(`and ${401 - shown.length} more`)
})

test('the text is read back: only its last line says how many more there are', () => {
  const lines = [
    digestLine(line(1, 'a: failed (and 3 more)')),
    digestLine('and 4 more'),
    digestLine(line(2, 'a: failed, 12 times since 2026-03-10 12:00:00 UTC')),
    digestLine(line(3, 'b: late, over since 2026-03-10 12:00:03 UTC')),
  ]
  expect(lines.map(({ count }) => count)).toEqual([1, 1, 12, 2])
  expect(parseDigestText(digestText(lines, 9))).toEqual({ lines, more: 9 })
  expect(parseDigestText('')).toEqual({ lines: [], more: 0 })
})

test('a long reason is cut, and stays on one line', () => {
  const notice = {
    kind: 'refused',
    task: null,
    exitCode: null,
    atMs: Date.parse('2026-03-10T12:00:00Z'),
  }
  expect(lineOf({ ...notice, reason: 'a\nand 7 more\nb' })).toBe(
    line(0, 'torch: refused (a and 7 more b)'),
  )
  expect(lineOf({ ...notice, reason: '😀'.repeat(5_000) })).toHaveLength(340)
})
