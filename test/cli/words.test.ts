import { describe, expect, test } from 'vitest'
import { exitStatusOf } from '../../src/cli/terminal/outcomes.ts'
import { table } from '../../src/cli/terminal/table.ts'
import type { Terminal } from '../../src/cli/terminal/terminal.ts'
import { roughly } from '../../src/cli/terminal/times.ts'

test.each([
  [0, '0s'],
  [999, '999ms'],
  [1234, '1.2s'],
  [12_345, '12s'],
  [310_400, '5m10s'],
  [12_000_000, '3h20m'],
  [1_051_000_000, '12d4h'],
])('%d ms is roughly %s', (ms, text) => {
  expect(roughly(ms)).toBe(text)
})

describe('a table', () => {
  const terminal = { paint: (style, text) => `<${String(style)}>${text}</>` } as Terminal
  test('is aligned by what is seen, and has no blanks at the ends of lines', () => {
    const rows = [['a', ['ok', 'green'], ''], ['long', '', 'x'], ['b']] as const
    expect(
      table(
        terminal,
        ['N', 'HOW', 'X'],
        rows.map((row) => [...row]),
      ),
    ).toBe(
      ['<dim>N</>     <dim>HOW</>  <dim>X</>', 'a     <green>ok</>', 'long       x', 'b'].join(
        '\n',
      ),
    )
  })
})

describe('the exit status of torch run', () => {
  const nothing = { exitCode: null, signal: null, reason: null }
  test.each([
    [{ ...nothing, outcome: 'ok', exitCode: 0 }, undefined, 0],
    [{ ...nothing, outcome: 'failed', exitCode: 255 }, 255, 255],
    [{ ...nothing, outcome: 'killed', signal: 'SIGTERM' }, undefined, 143],
    [{ ...nothing, outcome: 'killed', exitCode: 3, signal: 'SIGTERM' }, undefined, 3],
    [{ ...nothing, outcome: 'timeout', exitCode: 0, signal: 'SIGTERM' }, undefined, 124],
    [{ ...nothing, outcome: 'spawn-failed' }, 127, 127],
    [{ ...nothing, outcome: 'spawn-failed' }, undefined, 126],
    [{ ...nothing, outcome: 'unknown' }, undefined, 1],
  ] as const)('%j', (ended, recorded, status) => {
    expect(exitStatusOf(ended, recorded)).toBe(status)
  })
})
