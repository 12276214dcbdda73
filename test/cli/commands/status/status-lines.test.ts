import { expect, test } from 'vitest'
import { statusLines } from '../../../../src/cli/commands/status/status-lines.ts'
import { thisMachine } from '../../../../src/host/host.ts'
import { handClock } from '../../../support/clock.ts'
import { taskStatus } from '../../../support/control.ts'
import { fakeTerminal } from '../../../support/here.ts'
import { skipRow } from '../../../support/history.ts'

const file = {
  path: '/srv/checkouts/operations/production/tasks.yaml',
  revision: '4f2a91c03b1e-dirty',
  loadedAt: '2026-03-08T07:00:00.000Z',
  ok: false,
  problems: [],
}
const daemon = { pid: 1, version: '1', startedAt: file.loadedAt, state: 'running' } as const
const view = {
  report: { daemon, host: { name: 'web1', addresses: [] }, file, tasks: [] },
  isSilent: false,
  total: 0,
  usualMs: new Map<string, number>(),
  rows: Infinity,
  all: '',
}
const host = { ...thisMachine(), clock: handClock('2026-03-08T07:10:00Z') }

test.each([
  [
    200,
    [
      'file    /srv/checkouts/operations/production/tasks.yaml, revision 4f2a91c03b1e-dirty, loaded 2026-03-08T07:00:00+00:00, REFUSED',
    ],
  ],
  [
    110,
    [
      'file    /srv/checkouts/…ion/tasks.yaml, revision 4f2a91c03b1e-dirty, loaded 2026-03-08T07:00:00+00:00, REFUSED',
    ],
  ],
  [
    80,
    [
      'file    /srv/checkouts/operations/production/tasks.yaml, REFUSED',
      '        revision 4f2a91c03b1e-dirty, loaded 2026-03-08T07:00:00+00:00',
    ],
  ],
])(
  'torch status of a refused file in %d columns cuts the path or moves the facts to a second line',
  (columns, lines) => {
    const all = statusLines({ host, terminal: fakeTerminal({ columns }) }, view)
    expect(all.slice(1, 1 + lines.length)).toEqual(lines)
    expect(all[1 + lines.length]).toBe('host    web1')
  },
)

test('torch status of a refused file on a small screen leaves out the revision', () => {
  const terminal = fakeTerminal({ columns: 60 })
  expect(statusLines({ host, terminal }, { ...view, rows: 10 }).slice(1, 3)).toEqual([
    'file    /srv/checkouts/operat…production/tasks.yaml, REFUSED',
    'host    web1',
  ])
})

test('torch status counts no tasks if it knows none, because the file is not valid', () => {
  const counted = (ok: boolean) => {
    const report = { ...view.report, file: { ...file, ok } }
    return statusLines({ host, terminal: fakeTerminal() }, { ...view, report })
  }
  expect(counted(false)).not.toContain('0 tasks')
  expect(counted(true)).toContain('0 tasks')
})

const none = { ...view.report, daemon: null, file: { ...file, ok: true } }
const end = { at: '2026-03-08T07:00:00Z', left: false, pid: 7, version: '1', startedAt: '' }

test.each([
  [undefined, 'daemon  NOT RUNNING'],
  [null, 'daemon  NOT RUNNING'],
  [
    { ...end, how: 'stopped', by: 'torch stop' },
    'daemon  NOT RUNNING, stopped 2026-03-08T07:00:00+00:00 (10m ago) by torch stop',
  ],
  [
    { ...end, how: 'stopped', by: 'SIGTERM', left: true },
    'daemon  NOT RUNNING, stopped 2026-03-08T07:00:00+00:00 (10m ago) by SIGTERM; it left its runs running',
  ],
  [
    { ...end, how: 'died', by: null },
    'daemon  NOT RUNNING, it crashed or was killed within a minute after 2026-03-08T07:00:00+00:00 (10m ago)',
  ],
  [
    { ...end, how: 'rebooted', by: null },
    'daemon  NOT RUNNING, the machine went down with it within a minute after 2026-03-08T07:00:00+00:00 (10m ago)',
  ],
] as const)('torch status says how the last daemon ended: %j', (ended, line) => {
  const report = { ...none, ...(ended === undefined ? {} : { ended }) }
  expect(statusLines({ host, terminal: fakeTerminal() }, { ...view, report })[0]).toBe(line)
})

test('torch status shows trouble that lasts, once, and in the width of the terminal', () => {
  const since = '2026-03-08T07:05:00Z'
  const trouble = [
    { message: 'the tasks file was refused: tasks.yaml:1:1: bad', since },
    { message: 'could not write slots: ENOSPC: no space left on device, write', since },
  ]
  const report = { ...view.report, trouble }
  const lines = statusLines({ host, terminal: fakeTerminal({ columns: 70 }) }, { ...view, report })
  expect(lines.slice(4, 6)).toEqual([
    'trouble could not write slots: ENOSPC: no space left on device, write,',
    '        since 2026-03-08T07:05:00+00:00 (5m ago)',
  ])
  expect(lines.join('\n')).not.toContain('was refused')
  const many = Array.from({ length: 5 }, (_, n) => ({ message: `could not ${n}`, since }))
  const short = statusLines(
    { host, terminal: fakeTerminal() },
    { ...view, report: { ...none, trouble: many }, rows: 30 },
  )
  expect(short.filter((line) => line.startsWith('trouble'))).toHaveLength(4)
  expect(short.join('\n')).toContain('trouble ... and 2 more: the log has them')
})

test('torch status leaves out and cuts columns on a narrow terminal', () => {
  const tasks = [
    taskStatus({ name: 'backup-db', next: '2026-03-09T02:30:00Z' }),
    taskStatus({ name: 'backup-www', next: '2026-03-08T08:00:00Z', last: skipRow(2, missed) }),
  ]
  const tableIn = (columns: number) =>
    statusLines(
      { host, terminal: fakeTerminal({ columns }) },
      { ...view, report: { ...view.report, file: { ...file, ok: true }, tasks }, total: 2 },
    ).slice(-3)
  expect(tableIn(80)).toEqual([
    'TASK        NEXT       RUNNING  LAST',
    'backup-db   in 19h20m',
    'backup-www  in 50m              missed 12 slots: torch was down, 9m58s ago',
  ])
  expect(tableIn(60)[2]).toBe('backup-www  in 50m              missed 12 slots: torch was …')
  expect(tableIn(200)[1]).toBe('backup-db   common  in 19h20m  2026-03-09T02:30:00+00:00')
})

const missed = {
  outcome: 'missed',
  reason: 'down',
  count: 12,
  endedAt: '2026-03-08T07:00:02Z',
} as const
