import { expect, test } from 'vitest'
import {
  lineAt,
  linesWith,
  mayGrow,
  type OutputLines,
  withEarlier,
  withText,
  wrappedRows,
} from '../../src/web/output/lines.ts'
import { historyRow } from './rows.ts'

const none = (): OutputLines => ({ lines: [], isOpen: false, dropped: 0 })
const raw = ({ lines }: OutputLines): string[] => lines.map((line) => line.raw)

test.each([
  [['a\nb\n'], ['a', 'b'], false],
  [['a\nb'], ['a', 'b'], true],
  [['a', 'b\nc', '\n'], ['ab', 'c'], false],
  [['\n\n'], ['', ''], false],
  [[''], [], false],
])('text in the pieces %j has the lines %j', (pieces, lines, isOpen) => {
  let output = none()
  for (const piece of pieces) output = withText(output, piece)
  expect(raw(output)).toEqual(lines)
  expect(output.isOpen).toBe(isOpen)
})

test('earlier text joins the line that it cuts', () => {
  const after = withText(none(), 'end of a line\nlast')
  expect(raw(withEarlier(after, 'first\nbegin and '))).toEqual([
    'first',
    'begin and end of a line',
    'last',
  ])
  expect(raw(withEarlier(withText(none(), 'last'), 'first\n'))).toEqual(['first', 'last'])
})

test('a colour is known at the start of each line, wherever the text is cut', () => {
  const whole = withText(none(), '\u001b[31ma\nb\n\u001b[0mc')
  let cut = none()
  for (const char of '\u001b[31ma\nb\n\u001b[0mc') cut = withText(cut, char)
  expect(cut).toEqual(whole)
  expect(whole.lines[1]?.look.fore).toBe(1)
  expect(whole.lines[2]?.look.fore).toBe(1)
})

test('a search ignores case and colours, and stops at its bound', () => {
  const { lines } = withText(none(), 'Error\nfine\n\u001b[1mer\u001b[0mror\n')
  expect(linesWith(lines, 'error', 10)).toEqual([0, 2])
  expect(linesWith(lines, 'error', 1)).toEqual([0])
  expect(linesWith(lines, '', 10)).toEqual([])
})

test('a wrapped line takes as many rows as it needs', () => {
  const { lines } = withText(none(), `${'x'.repeat(25)}\n\n${'\u001b[1m'.repeat(9)}short\nlast`)
  const rows = wrappedRows(lines, 10)
  expect([...rows.starts]).toEqual([0, 3, 4, 5, 6])
  expect([0, 2, 3, 4, 5, 99].map((row) => lineAt(rows, row))).toEqual([0, 0, 1, 2, 3, 3])
})

test('a run that has ended may print more until its output is whole', () => {
  const grows = (outcome: 'ok' | 'running', isWhole: boolean) =>
    mayGrow({ row: historyRow({ outcome }), output: { bytes: 6, isWhole } })
  expect([grows('running', false), grows('running', true)]).toEqual([true, true])
  expect([grows('ok', false), grows('ok', true)]).toEqual([true, false])
  expect(mayGrow({ row: historyRow({ outcome: 'ok' }), output: null })).toBe(false)
})
