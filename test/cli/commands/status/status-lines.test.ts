import { expect, test } from 'vitest'
import { statusLines } from '../../../../src/cli/commands/status/status-lines.ts'
import { thisMachine } from '../../../../src/host/host.ts'
import { handClock } from '../../../support/clock.ts'
import { fakeTerminal } from '../../../support/here.ts'

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
