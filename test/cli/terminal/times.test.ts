import { describe, expect, test } from 'vitest'
import { progressOf, roughly } from '../../../src/cli/terminal/times.ts'

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

describe('The progress of a run', () => {
  const minute = 60_000
  test.each([
    [190_000, 5 * minute, '[#####---] 3m10s of 5m', false],
    [0, 5 * minute, '[--------] 0s of 5m', false],
    [5 * minute - 1, 5 * minute, '[#######-] 5m of 5m', false],
    [5 * minute, 5 * minute, '[########] 5m of 5m', false],
    [12 * minute, 5 * minute, '[########] 12m of 5m', true],
    [6_000, 12, '[########] 6.0s of 12ms', true],
    [6_000, 0, '[########] 6.0s of 0s', true],
    [4_000, 3_000, 'for 4.0s', false],
    [190_000, undefined, 'for 3m10s', false],
    [1_999, undefined, '', false],
    [1_000, 3_000, '', false],
  ])(
    'the progress of a run after %d ms of usually %s ms is "%s"',
    (elapsed, usual, text, isOver) => {
      expect(progressOf(elapsed, usual, false)).toEqual({ text, isOver })
    },
  )

  test('the progress bar has blocks in a UTF-8 locale', () => {
    expect(progressOf(190_000, 300_000, true).text).toBe('[█████░░░] 3m10s of 5m')
  })
})
