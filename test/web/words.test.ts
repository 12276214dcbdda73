import { expect, test } from 'vitest'
import type { TaskView } from '../../src/http/api.ts'
import { scheduleWords, taskState } from '../../src/web/list/task-words.ts'
import {
  briefly,
  countdown,
  outcomeWords,
  progressOf,
  reasonWords,
  roughly,
  shortTime,
} from '../../src/web/model/words.ts'
import { historyRow, runningRun, taskView } from './rows.ts'

const now = Date.UTC(2026, 2, 8, 12)
const moment = { zone: 'UTC', now, isUp: true }
const failed = historyRow({ outcome: 'failed', exitCode: 3 })

test.each<[string, Partial<TaskView>, string, string, string, string]>([
  ['is well', { last: historyRow() }, 'ok', '55m ago', 'next in 1h', '13:00'],
  ['has not run', {}, 'has not run yet', '', 'next in 1h', '13:00'],
  [
    'is done',
    { last: historyRow(), next: null, done: true },
    'ok',
    '55m ago',
    'done: no more starts',
    '',
  ],
  [
    'failed once',
    { last: failed, failures: 1, failingSince: '2026-03-08T11:05:00Z' },
    'failed 3',
    '55m ago',
    'next in 1h',
    '13:00',
  ],
  [
    'fails again and again',
    { last: failed, failures: 5, failingSince: '2026-03-06T02:30:00Z' },
    'exit 3, 5 runs in a row',
    'since Fri 02:30',
    'next in 1h',
    '13:00',
  ],
  [
    'runs while it fails',
    { running: [runningRun()], failures: 2, failingSince: '2026-03-08T11:05:00Z' },
    'running for 2m',
    '',
    'failing since 11:05',
    '2 runs in a row',
  ],
  [
    'runs',
    { running: [runningRun(), runningRun()], p50Ms: 300_000 },
    '2m of usually 5m',
    '2 runs',
    'next in 1h',
    '13:00',
  ],
  [
    'always runs',
    { type: 'daemon', next: null, running: [runningRun()] },
    'running for 2m',
    '',
    '',
    '',
  ],
  [
    'is started again',
    { type: 'daemon', next: null, last: failed, nextRestart: '2026-03-08T12:00:09Z' },
    'failed 3',
    '55m ago',
    'starts again in 9s',
    '12:00',
  ],
  [
    'is paused',
    {
      last: historyRow(),
      paused: {
        ...{ since: '2026-03-08T11:00:00Z', until: '2026-03-08T14:00:00Z', by: 'alice' },
        ...{ reason: 'new disk', all: false, slots: 0 },
      },
    },
    'ok',
    '55m ago',
    'paused until 14:00 by alice: new disk',
    '',
  ],
  [
    'is not here',
    { here: false, why: 'only on web-*', last: historyRow(), next: null },
    'only on web-*',
    '',
    'last: ok',
    '',
  ],
  [
    'has a start that is due',
    { next: '2026-03-08T12:00:00Z' },
    'has not run yet',
    '',
    'due now',
    '12:00',
  ],
])('a task that %s says so', (_, change, words, when, next, nextWhen) => {
  const state = taskState(taskView(change), moment)
  expect([state.words, state.when, state.next, state.nextWhen]).toEqual([
    words,
    when,
    next,
    nextWhen,
  ])
})

test('without a daemon, no start is promised', () => {
  expect(taskState(taskView(), { ...moment, isUp: false }).next).toBe('')
})

test('the name of a reason in a host cannot hide or reverse text', () => {
  expect(taskState(taskView({ here: false, why: 'a\u202eb' }), moment).words).toBe('a\ufffdb')
  expect(reasonWords('toString')).toBe('toString')
})

test.each([
  [
    { schedules: [{ text: '*/5 * * * *', words: 'Every 5 minutes' }] },
    'Every 5 minutes',
    '*/5 * * * *',
  ],
  [
    { schedules: [{ text: 'H H * * *', words: null }], timezone: 'Europe/Paris' },
    'H H * * *',
    'Europe/Paris',
  ],
  [{ type: 'daemon' as const }, 'always runs', ''],
  [{ type: 'manual' as const }, 'by hand', ''],
  [{ schedules: [] }, 'not in the tasks file', ''],
])('the schedule %o is shown in words and as written', (change, words, written) => {
  expect(scheduleWords(taskView(change))).toEqual({ words, written })
})

test.each([
  [60_000, 300_000, null, '[#-------] 1m of usually 5m', false],
  [310_000, 300_000, 600_000, '[########] 5m10s of usually 5m', false],
  [610_000, 300_000, 600_000, '[########] 10m10s of usually 5m', true],
  [1_000, 2_000, null, 'running for 1s', false],
  [9_000, null, null, 'running for 9s', false],
])('a run of %i ms, usually %s, shows %4$s', (elapsed, usual, long, text, isOver) => {
  const { cells, words, isOver: over } = progressOf(elapsed, usual, long)
  expect(cells === null ? words : `[${cells.join('')}] ${words}`).toBe(text)
  expect(over).toBe(isOver)
})

test.each([
  [historyRow(), 'ok'],
  [failed, 'failed 3'],
  [
    historyRow({ outcome: 'killed', exitCode: null, signal: 'SIGTERM', reason: 'stop' }),
    'killed SIGTERM (stop)',
  ],
  [historyRow({ outcome: 'killed', signal: 'SIGTERM' }), 'killed SIGTERM, exit code 0'],
  [
    historyRow({ outcome: 'timeout', exitCode: null, signal: 'SIGKILL', reason: 'timeout' }),
    'timeout SIGKILL',
  ],
  [historyRow({ outcome: 'missed', reason: 'down', count: 12 }), 'missed 12 slots: torch was down'],
  [historyRow({ outcome: 'skipped', reason: 'max' }), 'skipped: at its max'],
  [
    historyRow({ outcome: 'killed', exitCode: 0, signal: 'SIGTERM', reason: 'reload' }),
    'replaced (reload)',
  ],
])('an outcome reads %1$s', (row, words) => {
  expect(outcomeWords(row)).toBe(words)
})

test.each([
  [999, '999ms', '1s', '999ms'],
  [3_200, '3.2s', '4s', '3.2s'],
  [310_000, '5m10s', '5m10s', '5m10s'],
  [2_400_500, '40m1s', '40m1s', '40m'],
  [12_000_000, '3h20m', '3h20m', '3h20m'],
])('%i ms read %s, counted down %s, in short %s', (ms, rough, count, brief) => {
  expect([roughly(ms), countdown(ms), briefly(ms)]).toEqual([rough, count, brief])
})

test.each([
  [Date.UTC(2026, 2, 8, 13, 5), '13:05'],
  [Date.UTC(2026, 2, 9, 13, 5), 'Mon 13:05'],
  [Date.UTC(2026, 1, 8, 13, 5), '2026-02-08 13:05'],
])('a time shows its day only where that is needed', (ms, text) => {
  expect(shortTime('UTC', ms, now)).toBe(text)
})
