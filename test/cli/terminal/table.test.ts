import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Cell, type Column, cutText, fit, table } from '../../../src/cli/terminal/table.ts'

const heads: (string | Column)[] = [
  { text: 'TASK', cut: 'middle' },
  { text: 'TYPE', leave: 1 },
  'NEXT',
  { text: 'LAST', cut: 'end' },
]
const rows: Cell[][] = [
  ['backup-of-the-database', 'common', 'in 5m', ['failed 3, 12m ago', 'red']],
  ['short', 'daemon', '', 'ok'],
]

function shown(columns: number, isUnicode = true): string[] {
  const paint = (_: unknown, text: string) => text
  return table({ paint, columns, isUnicode }, heads, rows).split('\n')
}

test('a table lines up what is seen, and has no blanks at the ends of lines', () => {
  const paint = (style: unknown, text: string) => `<${String(style)}>${text}</>`
  const cells: Cell[][] = [['a', ['ok', 'green'], ''], ['long', '', 'x'], ['b']]
  expect(table({ paint, columns: Infinity, isUnicode: true }, ['N', 'HOW', 'X'], cells)).toBe(
    ['<dim>N</>     <dim>HOW</>  <dim>X</>', 'a     <green>ok</>', 'long       x', 'b'].join('\n'),
  )
})

describe('a table on a terminal', () => {
  test('a table is whole if the terminal is wide enough, or if there is no terminal', () => {
    const whole = [
      'TASK                    TYPE    NEXT   LAST',
      'backup-of-the-database  common  in 5m  failed 3, 12m ago',
      'short                   daemon         ok',
    ]
    expect(shown(Infinity)).toEqual(whole)
    expect(shown(56)).toEqual(whole)
  })

  test.each([
    [55, 'backup-of-the-database  in 5m  failed 3, 12m ago'],
    [45, 'backup-of…-database  in 5m  failed 3, 12m ago'],
    [40, 'backup-…atabase  in 5m  failed 3, 12m a…'],
    [35, 'backup…tabase  in 5m  failed 3, 12…'],
  ])('on a terminal of %d columns, a table leaves out or cuts columns', (columns, line) => {
    expect(shown(columns)[1]).toBe(line)
    expect(shown(columns)[1]?.length).toBeLessThanOrEqual(columns)
  })

  test('in an ASCII locale, a cut text has ~ instead of …', () => {
    expect(shown(45, false)[1]).toBe('backup-of~-database  in 5m  failed 3, 12m ago')
  })

  test('a table is not cut further on a terminal that is too narrow for it', () => {
    expect(shown(5)).toEqual(shown(33))
  })

  test('in a pipe, a long text is whole, and does not make the other lines long', () => {
    const paint = (_: unknown, text: string) => text
    const columns: Column[] = [{ text: 'LAST', cut: 'end' }, { text: 'RUN' }]
    const lines = (width: number) =>
      table({ paint, columns: width, isUnicode: true }, columns, [
        ['ok', 'r1'],
        ['x'.repeat(300), 'r2'],
      ]).split('\n')
    expect(lines(Infinity)).toEqual([
      `LAST${' '.repeat(58)}RUN`,
      `ok${' '.repeat(60)}r1`,
      `${'x'.repeat(300)}  r2`,
    ])
    expect(lines(400)[1]).toBe(`ok${' '.repeat(300)}r1`)
  })

  test('a table may have 300,000 rows', () => {
    const many = Array.from({ length: 300_000 }, (): Cell[] => ['x'])
    const paint = (_: unknown, text: string) => text
    const text = table({ paint, columns: 80, isUnicode: true }, ['A'], many)
    expect(text).toHaveLength(600_001)
  })
})

test('a table whose columns may be cut is never wider than the terminal', () => {
  const column = fc.record({
    text: fc.constant('X'),
    cut: fc.constantFrom('middle' as const, 'end' as const),
  })
  fc.assert(
    fc.property(
      fc.array(fc.tuple(column, fc.nat(50)), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 84, max: 300 }),
      (columns, most) => {
        const widths = columns.map(([, width]) => width)
        const room = fit(
          columns.map(([each]) => each),
          widths,
          most,
        )
        const kept = room.filter((width) => width > 0)
        expect(kept.reduce((sum, width) => sum + width, 2 * (kept.length - 1))).toBeLessThanOrEqual(
          most,
        )
        room.forEach((width, at) => expect(width).toBeLessThanOrEqual(widths[at] ?? 0))
      },
    ),
  )
})

test.each([
  ['abcdef', 6, 'middle', 'abcdef'],
  ['abcdef', 5, 'middle', 'ab~ef'],
  ['abcdef', 4, 'middle', 'ab~f'],
  ['abcdef', 4, 'end', 'abc~'],
] as const)('the text %s in %d characters, cut in its %s, is %s', (text, width, where, found) => {
  expect(cutText(text, width, where)).toBe(found)
})
