import { describe, expect, test } from 'vitest'
import { progressOf } from '../../../../src/cli/terminal/progress.ts'
import { byNeed, countedStandings, standingOf } from '../../../../src/cli/commands/status/order.ts'
import type { TaskStatus } from '../../../../src/control/protocol.ts'
import type { Outcome } from '../../../../src/plan/history-row.ts'
import { runRow } from '../../../record/support.ts'

function task(name: string, changes: Partial<TaskStatus> = {}, last?: Outcome, n = 1): TaskStatus {
  return {
    name,
    type: 'common',
    description: null,
    labels: {},
    here: true,
    reason: null,
    next: null,
    jitterMs: 0,
    running: [],
    last: last === undefined ? null : runRow(n, { task: name, outcome: last }),
    ...changes,
  }
}

const run = (second: number) => `20260308T0700${String(second).padStart(2, '0')}.000-abcdef`

describe('how a task does', () => {
  test.each([
    [task('a', { running: [run(1)] }, 'failed'), 'running'],
    [task('a', {}, 'failed'), 'failed'],
    [task('a', {}, 'missed'), 'missed'],
    [task('a'), 'never ran'],
    [task('a', { reason: 'hosts' }, 'failed'), 'not on this host'],
    [task('a', { reason: 'enabled' }), 'not enabled'],
    [task('a', { reason: 'enabled', running: [run(1)] }), 'running'],
  ])('%j: %s', (each, standing) => {
    expect(standingOf(each)).toBe(standing)
  })

  test('is counted once for each, what needs eyes first', () => {
    const tasks = [
      task('a', {}, 'ok'),
      task('b', {}, 'missed'),
      task('c', { running: [run(1), run(2)] }, 'ok'),
      task('d', {}, 'failed'),
      task('e', {}, 'ok'),
      task('f'),
    ]
    expect(countedStandings(tasks)).toEqual([
      ['running', 1],
      ['failed', 1],
      ['missed', 1],
      ['ok', 2],
      ['never ran', 1],
    ])
    expect(countedStandings([])).toEqual([])
  })
})

test('what needs eyes first', () => {
  const inOrder = [
    task('longest', { running: [run(1)] }),
    task('long', { running: [run(2)] }, 'failed'),
    task('always', { type: 'daemon', running: [run(0)] }),
    task('just failed', {}, 'unknown', 9),
    task('failed before', {}, 'failed', 5),
    task('skipped', {}, 'skipped', 3),
    task('soon', { next: '2026-03-08T08:00:00Z' }, 'ok'),
    task('later', { next: '2026-03-08T09:00:00Z' }),
    task('never', {}, 'ok'),
    task('elsewhere', { reason: 'hosts', here: false }, 'failed'),
  ]
  const names = inOrder.map((each) => each.name)
  for (const turn of inOrder.keys()) {
    const turned = [...inOrder.slice(turn), ...inOrder.slice(0, turn)]
    expect(byNeed(turned).map((each) => each.name)).toEqual(names)
  }
})

describe('how far a run is', () => {
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
  ])('after %d ms of %s: %s', (elapsed, usual, text, isOver) => {
    expect(progressOf(elapsed, usual, false)).toEqual({ text, isOver })
  })

  test('with blocks where the locale has them', () => {
    expect(progressOf(190_000, 300_000, true).text).toBe('[█████░░░] 3m10s of 5m')
  })
})
