import { expect, test } from 'vitest'
import { mergedRows } from '../../../src/plan/fleet/merged-rows.ts'
import type { HistoryRow } from '../../../src/plan/history-row.ts'
import { runRow, skipRow } from '../../support/history.ts'

const facts = { isGone: (host: string) => host === 'dead', isOfFleet: () => true }
const running = (n: number, host: string): HistoryRow =>
  runRow(n, { host, outcome: 'running', endedAt: null, durationMs: null })
const slotOf = (n: number): string | null => runRow(n).slot
const missed = (host: string, first: number, last: number): HistoryRow =>
  skipRow(first, {
    ...{ host, outcome: 'missed', reason: 'down', task: runRow(0).task },
    ...{ slot: slotOf(first), lastSlot: slotOf(last), count: last - first + 1 },
  })
const words = (rows: readonly HistoryRow[]): string[] =>
  rows.map(({ host, outcome, reason, count }) =>
    [host, outcome, reason, count].filter((word) => word !== null).join(' '),
  )

test('of a run the row that says most is shown, whatever source it is from, newest first', () => {
  const ended = runRow(1, { host: 'a' })
  const other = runRow(2, { host: 'b' })
  expect(mergedRows([[running(1, 'a')], [ended, other]], facts)).toEqual([other, ended])
  expect(mergedRows([[ended], [running(1, 'a'), ended]], facts)).toEqual([ended])
})

test('a run of a machine that is gone is lost, until its end is known', () => {
  expect(words(mergedRows([[running(1, 'dead'), running(2, 'a')]], facts))).toEqual([
    'a running',
    'dead unknown lost',
  ])
  const ended = runRow(1, { host: 'dead' })
  expect(mergedRows([[running(1, 'dead'), ended]], facts)).toEqual([ended])
})

test('a slot is missed only if no machine had it, and one row stands for all machines that missed it', () => {
  const had = runRow(2, { host: 'c' })
  const rows = mergedRows([[missed('a', 1, 3)], [missed('b', 1, 3)], [had]], facts)
  expect(words(rows).toSorted()).toEqual(['a, b missed down 2', 'c ok'])
  expect(words(mergedRows([[missed('a', 2, 2)], [had]], facts))).toEqual(['c ok'])
  const plain = { ...facts, isOfFleet: () => false }
  expect(words(mergedRows([[missed('a', 2, 2)], [had]], plain)).toSorted()).toEqual([
    'a missed down 1',
    'c ok',
  ])
})
