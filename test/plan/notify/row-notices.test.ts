import { describe, expect, test } from 'vitest'
import type { HistoryRow } from '../../../src/plan/history-row.ts'
import type { Decision, TaskTrouble } from '../../../src/plan/notify/notice.ts'
import { afterEnd, afterNoStart, afterStart } from '../../../src/plan/notify/row-notices.ts'
import { noNotify, type TaskNotify } from '../../../src/tasks/notify.ts'
import { aTask } from '../../support/plan.ts'

const noon = Date.parse('2026-03-10T12:00:00Z')
const hour = 3_600_000

function row(given: Partial<HistoryRow> = {}): HistoryRow {
  return {
    ...{
      run: 'r1',
      task: 'job',
      slot: '2026-03-10T11:00:00Z',
      startedAt: '2026-03-10T11:00:00.000Z',
    },
    ...{
      endedAt: '2026-03-10T12:00:00.000Z',
      durationMs: 1,
      outcome: 'failed',
      exitCode: 3,
      signal: null,
    },
    ...{ reason: null, trigger: 'schedule', attempt: 1, lateMs: 0, host: 'h', revision: null },
    ...{ lastSlot: null, count: null, script: null },
    ...given,
  }
}

function aNotified(notify: Partial<TaskNotify> = {}) {
  return aTask({ name: 'job', notify: { ...noNotify, to: ['ops'], ...notify } })
}

/** Its messages as `kind reason`. */
function kinds({ notices }: Decision): string[] {
  return notices.map(({ kind, reason }) => [kind, reason].filter((each) => each !== null).join(' '))
}

/** What is sent for runs that end one after the other. */
function sentFor(
  rows: readonly (HistoryRow & { readonly hasRetry?: boolean })[],
  task = aNotified(),
): string[][] {
  let trouble: TaskTrouble = {}
  return rows.map(({ hasRetry = false, ...each }) => {
    const decision = afterEnd(task, trouble, each, hasRetry)
    trouble = decision.trouble
    return kinds(decision)
  })
}

const ok = { outcome: 'ok', exitCode: 0 } as const

describe('the end of a run', () => {
  test('a failure is sent once, and then its recovery', () => {
    const rows = [row(), row({ run: 'r2' }), row({ run: 'r3', ...ok }), row({ run: 'r4', ...ok })]
    expect(sentFor(rows)).toEqual([['failed'], [], ['recovered'], []])
  })

  test('a failure that is followed by a retry is not sent before the last attempt', () => {
    const rows = [
      { ...row(), hasRetry: true },
      row({ run: 'r2', attempt: 2 }),
      { ...row({ run: 'r3' }), hasRetry: true },
    ]
    expect(sentFor(rows)).toEqual([[], ['failed attempt 2 was the last one'], []])
  })

  test('the message of a failure has its facts, and a key that only this run has', () => {
    const { notices, trouble } = afterEnd(aNotified(), {}, row(), false)
    expect(notices).toEqual([
      {
        ...{ kind: 'failed', task: 'job', run: 'r1', atMs: noon, sinceMs: noon, exitCode: 3 },
        ...{ signal: null, outcome: 'failed', reason: null, count: 1, key: 'failed/job/r1' },
      },
    ])
    expect(trouble).toEqual({ failing: { sinceMs: noon, run: 'r1', toldMs: noon } })
    expect(afterEnd(aNotified(), {}, row(), false).notices).toEqual(notices)
  })

  test.each<[Partial<HistoryRow>, string[]]>([
    [{ outcome: 'timeout', reason: 'timeout' }, ['failed it took longer than its timeout']],
    [
      { outcome: 'killed', signal: 'SIGKILL', reason: 'not by torch' },
      ['failed killed not by torch'],
    ],
    [{ outcome: 'killed', reason: 'limits.cpu' }, ['failed it reached limits.cpu']],
    [
      { outcome: 'spawn-failed', reason: 'no user x' },
      ['failed it could not be started: no user x'],
    ],
    [
      { outcome: 'unknown', reason: 'the recorder vanished' },
      ['failed nobody knows how it ended: the recorder vanished'],
    ],
    [{ outcome: 'killed', reason: 'kill' }, []],
    [{ outcome: 'killed', reason: 'stop' }, []],
    [{ outcome: 'killed', reason: 'reload' }, []],
  ])('an end such as %j', (given, expected) => {
    expect(sentFor([row(given)])).toEqual([expected])
  })

  test('nothing is sent if nobody wants it, or if nobody is named', () => {
    expect(sentFor([row(), row(ok)], aNotified({ on: ['missed'] }))).toEqual([[], []])
    expect(sentFor([row(), row(ok)], aNotified({ to: [] }))).toEqual([[], []])
    expect(sentFor([row(), row(ok)], aNotified({ on: ['failed'] }))).toEqual([['failed'], []])
  })

  test('a failure of an earlier daemon is sent at the next one, with its own time', () => {
    const known = { failing: { sinceMs: noon - hour, run: 'r0', toldMs: null } }
    const { notices } = afterEnd(aNotified(), known, row(), false)
    expect(notices).toMatchObject([{ kind: 'failed', sinceMs: noon - hour }])
    expect(kinds(afterEnd(aNotified(), known, row(ok), false))).toEqual([])
  })

  test('the success of a run that was stuck is a recovery, and its state is forgotten', () => {
    const stuck = { r1: { sinceMs: noon - hour, toldMs: noon }, r2: { sinceMs: 1, toldMs: 2 } }
    const ended = afterEnd(aNotified(), { stuck }, row(ok), false)
    expect(ended.notices).toMatchObject([{ kind: 'recovered', sinceMs: noon - hour }])
    expect(ended.trouble).toEqual({ stuck: { r2: stuck.r2 } })
  })

  test('a success after a long time without one is a recovery', () => {
    const known = { noSuccess: { sinceMs: noon - 30 * hour, toldMs: noon - hour }, seenMs: 5 }
    expect(afterEnd(aNotified(), known, row(ok), false)).toMatchObject({
      trouble: {},
      notices: [{ kind: 'recovered', sinceMs: noon - 30 * hour }],
    })
  })
})

describe('a slot without a start', () => {
  const skip = (given: Partial<HistoryRow> = {}) =>
    row({ run: null, outcome: 'skipped', reason: 'max', exitCode: null, ...given })
  const wanted = aNotified({ on: ['skipped', 'missed', 'failed'] })

  test('missed slots are one message with their count', () => {
    const missed = {
      outcome: 'missed',
      reason: 'down',
      lastSlot: '2026-03-10T11:30:00Z',
      count: 7,
    } as const
    expect(afterNoStart(wanted, {}, skip(missed)).notices).toMatchObject([
      {
        ...{ kind: 'missed', count: 7, key: 'missed/job/2026-03-10T11:00:00Z' },
        reason: 'due from 2026-03-10T11:00:00Z to 2026-03-10T11:30:00Z',
      },
    ])
  })

  test('skipped slots are sent at the first one, and again after `repeat`, also if some start', () => {
    const first = afterNoStart(wanted, {}, skip())
    expect(kinds(first)).toEqual(['skipped at its max'])
    const second = afterNoStart(wanted, first.trouble, skip())
    expect(kinds(second)).toEqual([])
    const later = skip({ endedAt: '2026-03-11T12:00:00.000Z' })
    expect(afterNoStart(wanted, second.trouble, later).notices).toMatchObject([
      { count: 2, reason: expect.stringMatching(/^at its max; 2 skips since 2026-03-10 .* UTC$/) },
    ])
    const started = afterStart(wanted, second.trouble, row({ outcome: 'running' }))
    expect(kinds(afterNoStart(wanted, started.trouble, skip()))).toEqual([])
    expect(afterNoStart(wanted, started.trouble, later).notices).toMatchObject([{ count: 2 }])
    const nextDay = row({ outcome: 'running', startedAt: '2026-03-11T12:00:00.000Z' })
    expect(afterStart(wanted, second.trouble, nextDay).trouble).toEqual({})
  })

  test.each([
    ['without the event', aNotified(), skip()],
    ['of a person', wanted, skip({ trigger: 'manual' })],
    ['of a task that the file does not have any more', wanted, skip({ reason: 'removed' })],
  ])('a skip %s is not sent', (_, task, given) => {
    expect(kinds(afterNoStart(task, {}, given))).toEqual([])
  })

  test('a retry that does not start makes the failure before it the last one', () => {
    const lost = afterNoStart(wanted, {}, skip({ trigger: 'retry', attempt: 2 }))
    expect(kinds(lost)).toEqual(['failed it failed, and its retry did not start: at its max'])
    expect(kinds(afterNoStart(wanted, lost.trouble, skip({ trigger: 'retry' })))).toEqual([])
  })
})

describe('a start that came late', () => {
  const task = aNotified({ lateAfterMs: 600_000 })
  const start = (slot: string, lateMs: number, given: Partial<HistoryRow> = {}) =>
    row({ outcome: 'running', slot, lateMs, endedAt: null, ...given })

  test('is sent once each `repeat`, also if some starts are in time', () => {
    const first = afterStart(task, {}, start('2026-03-10T10:50:00Z', 600_000))
    expect(kinds(first)).toEqual(['late the start of 2026-03-10T10:50:00.000Z came late'])
    const second = afterStart(task, first.trouble, start('2026-03-10T10:51:00Z', 700_000))
    expect(kinds(second)).toEqual([])
    const good = afterStart(task, second.trouble, start('2026-03-10T10:59:00Z', 10))
    const third = start('2026-03-10T10:50:01Z', 600_000)
    expect(kinds(afterStart(task, good.trouble, third))).toEqual([])
    const nextDay = { startedAt: '2026-03-11T11:00:00.000Z' }
    expect(kinds(afterStart(task, good.trouble, { ...third, ...nextDay }))).toHaveLength(1)
    const fourth = afterStart(task, good.trouble, start('2026-03-10T10:52:00Z', 600_000))
    const again = start('2026-03-11T10:50:00Z', 600_000, nextDay)
    expect(afterStart(task, fourth.trouble, again).notices).toMatchObject([
      {
        count: 3,
        reason:
          'the start of 2026-03-11T10:50:00.000Z came late; 3 late starts since 2026-03-10 11:00:00 UTC',
      },
    ])
    const inTime = start('2026-03-11T11:00:00Z', 10, nextDay)
    expect(afterStart(task, good.trouble, inTime).trouble).toEqual({})
  })

  test.each([
    ['a retry', { trigger: 'retry', attempt: 2 } as const],
    ['a person', { trigger: 'manual' } as const],
  ])('is not sent for %s', (_, given) => {
    expect(kinds(afterStart(task, {}, start('2026-03-10T10:50:00Z', 999_999, given)))).toEqual([])
  })
})
