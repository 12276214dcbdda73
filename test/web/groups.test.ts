import { expect, test } from 'vitest'
import type { TaskView } from '../../src/http/api.ts'
import { homeAddress, type PageAddress } from '../../src/web/model/address.ts'
import {
  groupCounts,
  listedKeys,
  matcherOf,
  settledKeys,
  standingOf,
} from '../../src/web/model/groups.ts'
import { historyRow, runningRun, taskView } from './rows.ts'

const named = (tasks: readonly TaskView[], change: Partial<PageAddress> = {}): string[] =>
  listedKeys(tasks, { ...homeAddress, ...change }).map((key) => key.split('\n')[1] ?? '')

const failing = { failures: 2, failingSince: '2026-03-08T01:00:00Z' }

test.each<[string, Partial<TaskView>]>([
  ['failing', { ...failing, last: historyRow({ outcome: 'failed' }) }],
  ['failing', { ...failing, running: [runningRun()] }],
  ['missed', { last: historyRow({ outcome: 'missed', run: null }) }],
  ['running', { running: [runningRun()] }],
  ['skipped', { last: historyRow({ outcome: 'skipped', run: null }) }],
  ['ok', { last: historyRow({ outcome: 'ok' }) }],
  ['waiting', { last: null }],
  ['away', { here: false, ...failing }],
])('a task is %s', (group, change) => {
  expect(standingOf(taskView(change))).toBe(group)
})

test('what a person must look at comes first, then what runs, then what starts next', () => {
  const tasks = [
    taskView({ name: 'away', here: false }),
    taskView({ name: 'by-hand', type: 'manual', next: null }),
    taskView({ name: 'later', next: '2026-03-09T00:00:00Z' }),
    taskView({ name: 'soon', next: '2026-03-08T12:00:30Z' }),
    taskView({ name: 'always', type: 'daemon', next: null, running: [runningRun()] }),
    taskView({ name: 'runs', running: [runningRun()] }),
    taskView({ name: 'missed', last: historyRow({ outcome: 'missed', run: null }) }),
    taskView({ name: 'old-failure', ...failing }),
    taskView({ name: 'new-failure', ...failing, failingSince: '2026-03-08T09:00:00Z' }),
    taskView({ name: 'a-failure', ...failing, failingSince: '2026-03-08T00:00:00Z' }),
    taskView({ name: 'also-runs', running: [runningRun('2026-03-08T11:59:00Z')] }),
  ]
  expect(named(tasks)).toEqual([
    'a-failure',
    'new-failure',
    'old-failure',
    'missed',
    'also-runs',
    'runs',
    'soon',
    'later',
    'always',
    'by-hand',
    'away',
  ])
})

test('the order by name and a group limit the list', () => {
  const tasks = [
    taskView({ name: 'b', host: 'one' }),
    taskView({ name: 'a', host: 'two', running: [runningRun()] }),
    taskView({ name: 'a', host: 'one' }),
  ]
  expect(named(tasks, { order: 'name' })).toEqual(['a', 'a', 'b'])
  expect(named(tasks, { group: 'running' })).toEqual(['a'])
})

test.each([
  ['', true],
  ['  ', true],
  ['BACK', true],
  ['back sql', true],
  ['back other', false],
  ['env=prod', true],
  ['env=pro', true],
  ['env=test', false],
  ['nv=prod', false],
  ['prod', true],
])('the filter %j finds the task: %j', (filter, isFound) => {
  const task = taskView({
    name: 'backup',
    description: 'Dumps PostgreSQL',
    labels: { env: 'prod' },
  })
  expect(matcherOf(filter)(task)).toBe(isFound)
})

test('a task that runs while it fails is counted in both groups', () => {
  const counts = groupCounts([taskView({ ...failing, running: [runningRun()] })])
  expect([counts.failing, counts.running, counts.ok]).toEqual([1, 1, 0])
})

test('rows that are read stay where they are, and new ones come at the end', () => {
  const exists = (key: string): boolean => key !== 'gone'
  expect(settledKeys(['b', 'gone', 'a'], ['new', 'a', 'b'], exists)).toEqual(['b', 'a', 'new'])
})
