import { expect, test } from 'vitest'
import { plannedStarts } from '../../src/http/planned.ts'
import { limitsOf, timelineOf } from '../../src/http/timeline.ts'
import type { RunCount, TimelinePart, WindowPast } from '../../src/record/history/window-past.ts'
import { grouped } from '../../src/text/grouped.ts'
import type { StatusReport, TaskStatus } from '../../src/control/status-report.ts'

const noon = Date.parse('2026-03-10T12:00:00Z')
const hour = 3_600_000

function task(schedule: string[], changes: Partial<TaskStatus> = {}): TaskStatus {
  return {
    name: 'backup',
    type: 'common',
    description: null,
    labels: {},
    here: true,
    reason: null,
    next: '2026-03-10T12:05:00Z',
    jitterMs: 0,
    running: [],
    last: null,
    definition: {
      schedule,
      timezone: 'UTC',
      command: 'true',
      hosts: null,
      max: 1,
      timeoutMs: null,
    },
    ...changes,
  }
}

const shown = (starts: readonly number[]) =>
  starts.map((ms) => new Date(ms).toISOString().slice(11, 19))

const until = (to: number) => ({ from: noon, to })

test('planned starts begin with the next one of the status and have its jitter', () => {
  const { starts, isCut } = plannedStarts(
    'web1',
    task(['*/5 * * * *'], { jitterMs: 1500 }),
    until(noon + hour / 4),
    200,
  )
  expect(shown(starts)).toEqual(['12:05:01', '12:10:01'])
  expect(isCut).toBe(false)
})

test('a second in which two schedules are due is one planned start', () => {
  const both = task(['5,35 * * * *', '*/5 * * * *'])
  expect(shown(plannedStarts('web1', both, until(noon + hour / 4), 200).starts)).toEqual([
    '12:05:00',
    '12:10:00',
    '12:15:00',
  ])
})

test('of a task of every second only the first 200 starts are planned, and it says so', () => {
  const { starts, isCut } = plannedStarts(
    'web1',
    task(['* * * * * *']),
    until(noon + 6 * hour),
    200,
  )
  expect([starts.length, isCut]).toEqual([200, true])
  expect(shown(starts.slice(-1))).toEqual(['12:08:19'])
})

test('the planned starts of a time that is far ahead begin there', () => {
  const each = task(['* * * * * *'], { jitterMs: 300 })
  const window = { from: noon + 6 * hour, to: noon + 6 * hour + 2_000 }
  expect(plannedStarts('web1', each, window, 200)).toEqual({
    starts: [noon + 6 * hour + 300, noon + 6 * hour + 1_300],
    isCut: false,
  })
})

test('a rare task is looked for far ahead, and one without a next start has none', () => {
  const yearly = task(['0 0 1 1 *'], { next: '2027-01-01T00:00:00Z' })
  const { starts } = plannedStarts('web1', yearly, until(noon + 400 * 24 * hour), 10)
  expect(starts.map((ms) => new Date(ms).toISOString())).toEqual(['2027-01-01T00:00:00.000Z'])
  expect(
    plannedStarts('web1', task(['@reboot'], { next: null }), until(noon + hour), 10).starts,
  ).toEqual([])
})

test('H is the value of this host', () => {
  const hashed = task(['H * * * *'], { next: '2026-03-10T12:17:00Z' })
  const [first, second = 0] = plannedStarts('web1', hashed, until(noon + 3 * hour), 10).starts
  expect(first).toBe(Date.parse('2026-03-10T12:17:00Z'))
  expect(second % hour).toBe(
    (plannedStarts('web1', hashed, until(noon + 3 * hour), 10).starts[2] ?? 0) % hour,
  )
})

const report: StatusReport = {
  daemon: { pid: 1, version: '1', startedAt: '2026-03-10T00:00:00Z', state: 'running' },
  host: { name: 'web1', addresses: [] },
  file: { path: '/tasks.yaml', revision: null, loadedAt: null, ok: true, problems: [] },
  tasks: [task(['*/5 * * * *'])],
}
const window = { from: noon - hour, to: noon + hour / 4, now: noon, tasks: [] }

function run(at: number, outcome: 'ok' | 'failed' | 'running' = 'ok'): TimelinePart {
  const exit = outcome === 'running' ? null : 0
  return ['backup', `r${at}`, outcome, at, 500, exit, null, null, 1, 3, 'abc', null, null, null]
}

function past(parts: readonly TimelinePart[], counted: readonly RunCount[] = []): WindowPast {
  return { parts, counted: grouped(counted, ([name]) => name), isCut: false }
}

test('a timeline has runs, missed slots and planned starts', () => {
  const missed: TimelinePart = [
    ...([
      'backup',
      null,
      'missed',
      noon - 1000,
      null,
      null,
      null,
      'down',
      null,
      null,
      null,
    ] as const),
    ...(['2026-03-10T11:00:00Z', '2026-03-10T11:50:00Z', 11] as const),
  ]
  const { tasks } = timelineOf(
    report,
    past([run(noon - 2000, 'running'), run(noon - 5000), missed]),
    window,
  )
  expect(tasks['backup']).toMatchObject({
    runs: [
      { startMs: noon - 5000, endMs: noon - 4500, outcome: 'ok' },
      { startMs: noon - 2000, endMs: null, outcome: 'running' },
    ],
    density: null,
    gaps: [[noon - hour, noon - hour / 6, 11, 'missed', 'down']],
    planned: [noon + hour / 12, noon + hour / 6, noon + hour / 4],
    plannedIsCut: false,
  })
})

test('without a daemon nothing is planned', () => {
  const { tasks } = timelineOf({ ...report, daemon: null }, past([run(noon - 5000)]), window)
  expect(tasks['backup']?.planned).toEqual([])
})

test('a task with more than 200 runs in view has density, and every run counts', () => {
  const many = Array.from({ length: 201 }, (_, n) =>
    run(noon - n * 1000, n % 10 === 0 ? 'failed' : 'ok'),
  )
  const row = timelineOf(report, past(many), window).tasks['backup']
  expect(row?.runs).toEqual([])
  const parts = row?.density?.parts ?? []
  expect(parts.reduce((sum, [, runs]) => sum + runs, 0)).toBe(201)
  expect(parts.reduce((sum, [, , failed]) => sum + failed, 0)).toBe(21)
})

test('runs that the history has counted are density, together with those that still run', () => {
  const stepMs = limitsOf(window).stepMs
  const counts: RunCount[] = [
    ['backup', window.from, 300, 0],
    ['backup', window.from + stepMs, 5, 0],
    ['backup', window.from, 0, 7],
  ]
  const running = [run(window.from + 1, 'running'), run(window.from - hour, 'running')]
  const row = timelineOf(report, past(running, counts), window).tasks['backup']
  expect(row?.runs).toEqual([])
  expect(row?.density).toEqual({
    stepMs,
    parts: [
      [window.from, 302, 7],
      [window.from + stepMs, 5, 0],
    ],
  })
})

test('planned starts of a task of the fleet are the same on every machine', () => {
  const one = task(['H * * * *'])
  const starts = (host: string, scope: object) =>
    plannedStarts(
      host,
      { ...one, definition: { ...one.definition!, ...scope } },
      until(noon + 6 * hour),
      200,
    ).starts
  const shared = { scope: 'fleet' }
  expect(starts('web1', shared)).toEqual(starts('web2', shared))
  expect(starts('web1', {})).not.toEqual(starts('web2', {}))
})
