import { expect, test } from 'vitest'
import { taskRow } from '../../../../src/cli/commands/status/task-row.ts'
import type { TaskStatus } from '../../../../src/control/status-report.ts'
import { thisMachine } from '../../../../src/host/host.ts'
import type { HistoryRow } from '../../../../src/plan/history-row.ts'
import { handClock } from '../../../support/clock.ts'
import { taskStatus } from '../../../support/control.ts'
import { fakeTerminal } from '../../../support/here.ts'
import { runRow, skipRow } from '../../../support/history.ts'

const host = { ...thisMachine(), clock: handClock('2026-03-08T07:10:00Z') }
const call = { host, terminal: fakeTerminal({ isUnicode: false }) }

function shown(changes: Partial<TaskStatus>, isStarting = true): string[] {
  const task = taskStatus(changes)
  const cells = taskRow(call, task, { isStarting, usualMs: undefined, withBars: true })
  return cells.map((cell) => (typeof cell === 'string' ? cell : cell[0]))
}

const failed = runRow(1, { outcome: 'failed', exitCode: 1, endedAt: '2026-03-08T07:09:59Z' })
const ok = runRow(1, { endedAt: '2026-03-08T07:00:00Z' })
const counts = (failures: number, skips: number, restarts = 0) => ({ failures, skips, restarts })
const nextRestart = '2026-03-08T07:10:06.000Z'

test.each<[Partial<TaskStatus> & { last: HistoryRow | null }, string]>([
  [{ last: null }, ''],
  [{ last: ok, counts: counts(0, 0) }, 'ok, 10m ago'],
  [{ last: ok }, 'ok, 10m ago'],
  [{ last: ok, counts: counts(0, 12) }, 'ok, 10m ago, 12 skips since'],
  [{ last: ok, counts: counts(0, 1) }, 'ok, 10m ago, 1 skip since'],
  [{ last: failed, counts: counts(1, 0) }, 'failed 1, 1.0s ago'],
  [
    { last: failed, counts: counts(5, 2) },
    'failed 1, 1.0s ago, 5 failures in a row, 2 skips since',
  ],
  [
    { last: skipRow(1, { endedAt: '2026-03-08T07:09:00Z' }), counts: counts(0, 4) },
    'skipped: at its max, 1m ago, 4 in a row',
  ],
  [
    { type: 'daemon', last: failed, counts: counts(7, 0, 7), nextRestart },
    '7 failures in a row, restarts in 6.0s, failed 1',
  ],
  [
    { type: 'daemon', last: failed, counts: counts(1, 0, 1), nextRestart },
    'restarts in 6.0s, failed 1',
  ],
  [
    { type: 'daemon', last: ok, counts: counts(0, 0, 7), nextRestart },
    '7 restarts in a row, restarts in 6.0s, ended',
  ],
  [
    {
      type: 'daemon',
      last: failed,
      counts: counts(7, 0, 7),
      running: ['20260308T070959.000-abcdef'],
    },
    '7 failures in a row, failed 1',
  ],
  [{ type: 'daemon', last: ok, counts: counts(0, 0) }, 'ended, 10m ago'],
  [{ reason: 'hosts', here: false, last: null }, 'not on this host'],
  [{ reason: 'enabled', here: false, last: ok }, 'not enabled; ok, 10m ago'],
])('the last column of torch status for %j is "%s"', (changes, words) => {
  expect(shown(changes).at(-1)).toBe(words)
})

test('the next start of a task is its slot with its jitter; a daemon task starts next at its restart', () => {
  const next = { next: '2026-03-08T08:00:00Z', jitterMs: 90_000 }
  expect(shown(next).slice(2, 4)).toEqual(['in 51m30s', '2026-03-08T08:01:30+00:00'])
  const restart = shown({ type: 'daemon', nextRestart })
  expect(restart.slice(2, 4)).toEqual(['in 6.0s', '2026-03-08T07:10:06+00:00'])
  expect(shown({ next: '2026-03-08T07:10:00Z' })[2]).toBe('now')
  // Nobody would start it.
  expect(shown(next, false).slice(2, 4)).toEqual(['', ''])
})
