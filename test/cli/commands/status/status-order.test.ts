import { describe, expect, test } from 'vitest'
import {
  byUrgency,
  conditionOf,
  countConditions,
} from '../../../../src/cli/commands/status/status-order.ts'
import type { TaskStatus } from '../../../../src/control/status-report.ts'
import type { Outcome } from '../../../../src/plan/history-row.ts'
import { taskStatus } from '../../../support/control.ts'
import { runRow } from '../../../support/history.ts'

function task(name: string, changes: Partial<TaskStatus> = {}, last?: Outcome, n = 1): TaskStatus {
  const row = last === undefined ? null : runRow(n, { task: name, outcome: last })
  return taskStatus({ name, last: row, ...changes })
}

const inARow = (restarts: number) => ({ failures: 0, skips: 0, restarts })
const run = (second: number) => `20260308T0700${String(second).padStart(2, '0')}.000-abcdef`

describe('The condition of a task', () => {
  test.each([
    [task('a', { running: [run(1)] }, 'failed'), 'running'],
    [task('a', {}, 'failed'), 'failed'],
    [task('a', {}, 'missed'), 'missed'],
    [task('a'), 'never ran'],
    [task('a', { reason: 'hosts' }, 'failed'), 'not on this host'],
    [task('a', { reason: 'enabled' }), 'not enabled'],
    [task('a', { type: 'daemon' }, 'ok'), 'ended'],
    [task('a', { type: 'daemon', nextRestart: '2026-03-08T07:00:00Z' }, 'ok'), 'restarting'],
    [task('a', { type: 'daemon', running: [run(1)], counts: inARow(2) }, 'failed'), 'restarting'],
    [task('a', { type: 'daemon', running: [run(1)], counts: inARow(1) }, 'failed'), 'running'],
    [task('a', { reason: 'enabled', running: [run(1)] }), 'running'],
  ])('the condition of the task %j is "%s"', (each, condition) => {
    expect(conditionOf(each)).toBe(condition)
  })

  test('tasks are counted by condition, the most urgent condition first', () => {
    const tasks = [
      task('a', {}, 'ok'),
      task('b', {}, 'missed'),
      task('c', { running: [run(1), run(2)] }, 'ok'),
      task('d', {}, 'failed'),
      task('e', {}, 'ok'),
      task('f'),
    ]
    expect(countConditions(tasks)).toEqual([
      ['running', 1],
      ['failed', 1],
      ['missed', 1],
      ['ok', 2],
      ['never ran', 1],
    ])
    expect(countConditions([])).toEqual([])
  })
})

test('tasks are sorted by urgency, whatever their order in the file', () => {
  const inOrder = [
    task('longest', { running: [run(1)] }),
    task('long', { running: [run(2)] }, 'failed'),
    task('always', { type: 'daemon', running: [run(0)] }),
    task('just failed', {}, 'unknown', 9),
    task('again', { type: 'daemon', counts: inARow(7), running: [run(9)] }, 'ok', 7),
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
    expect(byUrgency(turned).map((each) => each.name)).toEqual(names)
  }
})
