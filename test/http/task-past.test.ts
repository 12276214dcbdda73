import { expect, test } from 'vitest'
import { newPasts, percentile } from '../../src/http/task-past.ts'
import type { EndedRun } from '../../src/record/history/look-back.ts'
import type { View } from '../../src/view/view.ts'
import { handClock } from '../support/clock.ts'
import { taskStatus } from '../support/control.ts'
import { runRow } from '../support/history.ts'

/** Pasts of tasks whose recent runs are given, and the names that were asked for. */
function newPast(recent: Readonly<Record<string, readonly EndedRun[]>> = {}) {
  const asked: { recent: number[]; failing: string[] } = { recent: [], failing: [] }
  const view: Pick<View, 'recent' | 'failingSince'> = {
    async recent(tasks) {
      asked.recent.push(tasks.length)
      return new Map(tasks.map((task) => [task, [...(recent[task] ?? [])]]))
    },
    async failingSince(tasks) {
      asked.failing.push(...tasks)
      return new Map(tasks.map((task) => [task, '2026-03-10T11:00:00Z']))
    },
  }
  return { asked, pasts: newPasts(view, handClock('2026-03-10T12:00:00Z')) }
}

test.each([
  [[], 0.5, null],
  [[7], 0.5, 7],
  [[4, 1, 3, 2], 0.5, 2],
  [[4, 1, 3, 2], 0.95, 4],
  [Array.from({ length: 100 }, (_, n) => n + 1), 0.95, 95],
])('of %o a share of %d is at most %s', (lengths, share, expected) => {
  expect(percentile(lengths, share)).toBe(expected)
})

test('only the ok runs count for the usual length, and only tasks that fail are asked since when', async () => {
  const { pasts, asked } = newPast({
    backup: [
      ['r1', 'ok', 0, 100],
      ['r2', 'failed', 0, 5],
      ['r3', 'ok', 0, 200],
    ],
  })
  const failing = { failures: 1, skips: 0, restarts: 0 }
  await pasts.load([taskStatus({ name: 'backup' }), taskStatus({ name: 'bad', counts: failing })])
  expect(pasts.of('backup')).toEqual({ lengths: [100, 200], failingSince: null })
  expect(pasts.of('bad')).toEqual({ lengths: [], failingSince: '2026-03-10T11:00:00Z' })
  expect(asked).toEqual({ recent: [2], failing: ['bad'] })
  await pasts.load([taskStatus({ name: 'backup' })])
  expect(asked.recent).toEqual([2])
})

test('the past of 120 tasks is read in parts of 50', async () => {
  const { pasts, asked } = newPast()
  await pasts.load(Array.from({ length: 120 }, (_, n) => taskStatus({ name: `t${n}` })))
  expect(asked.recent).toEqual([50, 50, 20])
})

test('rows that come keep the past up to date', async () => {
  const { pasts } = newPast()
  await pasts.load([taskStatus({ name: 'backup' })])
  const add = (n: number, changes: Parameters<typeof runRow>[1]) => {
    pasts.add(runRow(n, { task: 'backup', ...changes }))
    return pasts.of('backup')
  }
  expect(add(1, { durationMs: 10 })).toEqual({ lengths: [10], failingSince: null })
  const first = runRow(2).startedAt
  expect(add(2, { outcome: 'failed' })).toEqual({ lengths: [10], failingSince: first })
  expect(add(3, { outcome: 'timeout' })).toEqual({ lengths: [10], failingSince: first })
  // A stop is not its fault, and does not end the failures either.
  const stopped = add(4, { outcome: 'killed', reason: 'stop' })
  expect(stopped).toEqual({ lengths: [10], failingSince: first })
  expect(add(5, { outcome: 'running', endedAt: null, durationMs: null })).toEqual(stopped)
  expect(add(6, { durationMs: 20 })).toEqual({ lengths: [10, 20], failingSince: null })
  for (let n = 7; n < 60; n++) add(n, { durationMs: n })
  expect(pasts.of('backup')?.lengths).toHaveLength(30)
  pasts.add(runRow(1, { task: 'stranger' }))
  expect(pasts.of('stranger')).toBeUndefined()
})

test('a past that is forgotten is read again', async () => {
  const { pasts, asked } = newPast()
  const tasks = ['a', 'b', 'c'].map((name) => taskStatus({ name }))
  await pasts.load(tasks)
  pasts.forget(['a'])
  pasts.keep(new Set(['a', 'b']))
  expect(['a', 'b', 'c'].map((name) => pasts.of(name) !== undefined)).toEqual([false, true, false])
  await pasts.load(tasks.slice(0, 2))
  expect(asked.recent).toEqual([3, 1])
})
