import { expect, test } from 'vitest'
import type { TaskTrouble } from '../../../src/plan/notify/notice.ts'
import { afterEnd } from '../../../src/plan/notify/row-notices.ts'
import { type TaskNow, timedDecision } from '../../../src/plan/notify/timed-notices.ts'
import { noNotify, type TaskNotify } from '../../../src/tasks/notify.ts'
import type { Task } from '../../../src/tasks/task.ts'
import { runRow } from '../../support/history.ts'
import { aTask } from '../../support/plan.ts'

const hour = 3_600_000
const noon = Date.parse('2026-03-10T12:00:00Z')

function aNotified(notify: Partial<TaskNotify>, given: Partial<Task> = {}) {
  return aTask({ name: 'job', notify: { ...noNotify, to: ['ops'], ...notify }, ...given })
}

const nothing = { runs: [], waiting: [], last: undefined, lastOkMs: undefined }

/** What is sent when a daemon looks at these times, as `hours kind`. */
function sentAt(
  task: Task,
  hours: readonly number[],
  now: Partial<TaskNow>,
  trouble: TaskTrouble = {},
) {
  const sent: string[] = []
  const keys = new Set<string>()
  let known = trouble
  for (const each of hours) {
    const decision = timedDecision(task, known, { ...nothing, nowMs: noon + each * hour, ...now })
    known = decision.trouble
    for (const { kind, key } of decision.notices) {
      sent.push(`${each} ${kind}`)
      keys.add(key)
    }
  }
  // Each message that is sent has a key of its own.
  expect(keys.size).toBe(sent.length)
  return { sent, trouble: known }
}

test('a run that takes too long is stuck at once, and again after `repeat`', () => {
  const task = aNotified({ stuckAfterMs: 2 * hour, repeatMs: 4 * hour })
  const runs = [{ run: 'r1', startedMs: noon }]
  const { sent, trouble } = sentAt(task, [1.9, 2, 3, 5.9, 6, 7, 10], { runs })
  expect(sent).toEqual(['2 stuck', '6 stuck', '10 stuck'])
  expect(sentAt(task, [11, 14], {}, trouble).trouble).toEqual({})
})

test('each run of a slow task is stuck, which is sent once each `repeat`', () => {
  const task = aNotified({ stuckAfterMs: 2 * hour, repeatMs: 12 * hour })
  let trouble: TaskTrouble = {}
  const sent = Array.from({ length: 8 }, (_, n) => n * 3).flatMap((begin) => {
    const looked = sentAt(
      task,
      [begin + 1, begin + 2.5],
      {
        runs: [{ run: `r${begin}`, startedMs: noon + begin * hour }],
      },
      trouble,
    )
    const row = runRow(1, {
      task: 'job',
      run: `r${begin}`,
      durationMs: 2.9 * hour,
      outcome: 'ok',
      endedAt: new Date(noon + (begin + 2.9) * hour).toISOString(),
    })
    const ended = afterEnd(task, looked.trouble, row, false)
    trouble = ended.trouble
    return [...looked.sent, ...ended.notices.map(({ kind }) => kind)]
  })
  expect(sent).toEqual(['2.5 stuck', 'recovered', '14.5 stuck', 'recovered'])
  // A run in time ends the trouble, so the next slow one is new.
  const quick = afterEnd(
    task,
    trouble,
    runRow(1, { task: 'job', run: 'q', durationMs: hour, outcome: 'ok' }),
    false,
  )
  expect(quick.trouble).toEqual({})
})

test('a run is stuck only if the task is not, and a daemon task never is', () => {
  const runs = [
    { run: 'r1', startedMs: noon },
    { run: 'r2', startedMs: noon + hour },
  ]
  const stuck = { stuckAfterMs: 2 * hour }
  expect(sentAt(aNotified(stuck), [2, 2.5, 3, 4], { runs }).sent).toEqual(['2 stuck'])
  // A version that sent each of them has left this.
  const old = { stuck: { r1: { sinceMs: noon, toldMs: noon + 2 * hour } } }
  expect(sentAt(aNotified(stuck), [3, 4], { runs }, old).sent).toEqual([])
  expect(sentAt(aNotified(stuck, { type: 'daemon' }), [2, 9], { runs }).sent).toEqual([])
  expect(sentAt(aNotified({ ...stuck, on: ['failed'] }), [2, 9], { runs }).sent).toEqual([])
})

test('a start that still waits is late', () => {
  const start = {
    task: 'job',
    slot: noon / 1000,
    trigger: 'schedule',
    attempt: 1,
    dueMs: noon,
  } as const
  const task = aNotified({ lateAfterMs: 600_000 })
  expect(sentAt(task, [0.1, 0.17, 0.2, 20], { waiting: [start] }).sent).toEqual(['0.17 late'])
  const other = { ...start, trigger: 'retry', attempt: 2 } as const
  expect(sentAt(task, [1], { waiting: [other, { ...start, slot: undefined }] }).sent).toEqual([])
})

test('no success for a time is sent although `on` does not name it', () => {
  const task = aNotified({ noSuccessForMs: 26 * hour, on: ['failed'], repeatMs: 24 * hour })
  expect(sentAt(task, [1, 25.9, 26, 27, 50], { lastOkMs: noon }).sent).toEqual([
    '26 no_success_for',
    '50 no_success_for',
  ])
  // Without a success, the time begins when the task is seen for the first time.
  const { sent, trouble } = sentAt(task, [1, 26, 27, 28], {})
  expect(sent).toEqual(['27 no_success_for'])
  expect(trouble).toMatchObject({ seenMs: noon + hour })
  expect(sentAt(aNotified({}), [99], {}, trouble).trouble).toEqual({})
})

test('a failure that nobody repairs is sent again after `repeat`', () => {
  const task = aNotified({ repeatMs: 4 * hour })
  const failing = { sinceMs: noon, run: 'r1', toldMs: noon }
  const { sent } = sentAt(task, [1, 3.9, 4, 5, 8, 9], {}, { failing })
  expect(sent).toEqual(['4 failed', '8 failed'])
  expect(sentAt(task, [99], {}, { failing: { ...failing, toldMs: null } }).sent).toEqual([])
})

test('the same look after a crash has the same keys', () => {
  const task = aNotified({ repeatMs: hour })
  const trouble = { failing: { sinceMs: noon, run: 'r1', toldMs: noon } }
  const keys = [2, 3].map((hours) =>
    timedDecision(task, trouble, { ...nothing, nowMs: noon + hours * hour }).notices.map(
      ({ key }) => key,
    ),
  )
  expect(keys[0]).toEqual(keys[1])
})

test('a daemon task has recovered when a run after the failure lasts for reset_after', () => {
  const task = aNotified({}, { type: 'daemon' })
  const failing = { sinceMs: noon, run: 'r1', toldMs: noon }
  const old = { run: 'r0', startedMs: noon - hour }
  const young = { run: 'r2', startedMs: noon + 1000 }
  expect(sentAt(task, [0.01, 0.1], { runs: [old] }, { failing }).sent).toEqual([])
  expect(sentAt(task, [0.01, 0.1], { runs: [old, young] }, { failing }).sent).toEqual([
    '0.1 recovered',
  ])
})

test('a message that comes again says how many runs took too long since the last one', () => {
  const task = aNotified({ stuckAfterMs: hour, repeatMs: 10 * hour })
  let trouble: TaskTrouble = {}
  const reasons: string[] = []
  for (let begin = 0; begin < 12; begin += 2)
    for (const after of [1, 1.1, 1.9]) {
      const nowMs = noon + (begin + after) * hour
      const runs = [{ run: `r${begin}`, startedMs: noon + begin * hour }]
      const decision = timedDecision(task, trouble, { ...nothing, runs, nowMs })
      trouble = decision.trouble
      for (const { reason, count } of decision.notices) reasons.push(`${count} ${reason}`)
    }
  expect(reasons).toEqual([
    '1 it has been running for more than 1h',
    '5 it has been running for more than 1h; 5 such runs since 2026-03-10 13:00:00 UTC',
  ])
})

test('a state in which nothing happens stays the same object, so nothing is written', () => {
  const task = aNotified({ stuckAfterMs: hour, noSuccessForMs: hour })
  const lastOkMs = noon - 2 * hour
  const first = timedDecision(task, {}, { ...nothing, lastOkMs, nowMs: noon })
  expect(first.notices).toHaveLength(1)
  const trouble = { ...first.trouble, stuckToldMs: noon }
  const next = timedDecision(task, trouble, { ...nothing, lastOkMs, nowMs: noon + 1000 })
  expect(next.trouble).toBe(trouble)
})

test('a task whose runs all end ok too late sends no success and a recovery once each `repeat`', () => {
  const task = aNotified({ noSuccessForMs: hour, repeatMs: 10 * hour })
  let trouble: TaskTrouble = {}
  let lastOkMs = noon
  const sent: string[] = []
  const ends = (hours: number): void => {
    lastOkMs = noon + hours * hour
    const endedAt = new Date(lastOkMs).toISOString()
    const row = runRow(1, { task: 'job', run: `r${hours}`, outcome: 'ok', endedAt })
    const ended = afterEnd(task, trouble, row, false)
    trouble = ended.trouble
    sent.push(...ended.notices.map(({ kind }) => `${hours} ${kind}`))
  }
  const looks = (hours: number): void => {
    const now = { ...nothing, lastOkMs, nowMs: noon + hours * hour }
    const decision = timedDecision(task, trouble, now)
    trouble = decision.trouble
    sent.push(...decision.notices.map(({ kind }) => `${hours} ${kind}`))
  }
  for (let begin = 0; begin < 24; begin += 2) {
    looks(begin + 1)
    looks(begin + 1.5)
    ends(begin + 2)
  }
  expect(sent).toEqual([
    ...['1 no_success_for', '2 recovered', '11 no_success_for', '12 recovered'],
    ...['21 no_success_for', '22 recovered'],
  ])
  // Two runs in good time: the next time without success is a new trouble.
  ends(24.5)
  looks(26)
  expect(sent.at(-1)).toBe('26 no_success_for')
})
