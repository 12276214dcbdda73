import { expect, test } from 'vitest'
import type { StatusReport, TaskStatus } from '../../src/control/status-report.ts'
import {
  changedTasks,
  newPicture,
  takeFileChange,
  takeRow,
  takeStatus,
  updateSince,
} from '../../src/http/picture.ts'
import type { Pasts } from '../../src/http/task-past.ts'
import { taskStatus } from '../support/control.ts'
import { runRow, skipRow } from '../support/history.ts'

const noPasts: Pasts = {
  ...{ of: () => undefined, load: async () => {}, add() {}, forget() {}, keep() {} },
}

function statusOf(tasks: TaskStatus[]) {
  const report: StatusReport = {
    daemon: { pid: 1, version: '1', startedAt: '2026-03-08T00:00:00Z', state: 'running' },
    host: { name: 'web-1', addresses: [] },
    file: { path: '/t.yaml', revision: null, loadedAt: null, ok: true, problems: [] },
    tasks,
  }
  return { report, isSilent: false }
}

function pictureOf(...tasks: TaskStatus[]) {
  const picture = newPicture(noPasts)
  takeStatus(picture, statusOf(tasks))
  return picture
}

const running = { outcome: 'running', endedAt: null, durationMs: null, exitCode: null } as const

test('a page gets only the parts that changed after what it knows', () => {
  const picture = pictureOf(taskStatus({ name: 'backup' }), taskStatus({ name: 'other' }))
  const known = picture.seq
  expect(updateSince(picture, 0, 'now')?.tasks).toHaveLength(2)
  const row = runRow(1, { run: 'r1', ...running })
  expect(takeRow(picture, row, '2026-03-08T08:00:00Z')).toBe(true)
  expect(updateSince(picture, known, 'now')).toMatchObject({
    now: 'now',
    hosts: [],
    tasks: [
      {
        name: 'backup',
        next: '2026-03-08T08:00:00Z',
        running: [{ run: 'r1', startedAt: row.startedAt }],
      },
    ],
    gone: [],
    rows: [row],
  })
  expect(updateSince(picture, picture.seq, 'now')).toMatchObject({ tasks: [], rows: [] })
  expect(updateSince(picture, picture.seq + 1, 'now')).toBeUndefined()
})

test('the end of a run is the last row of its task, and counts for the day if it is bad', () => {
  const picture = pictureOf(taskStatus({ name: 'backup' }))
  takeRow(picture, runRow(1, { run: 'r1', ...running }), null)
  const end = runRow(1, { run: 'r1', outcome: 'failed', exitCode: 1 })
  takeRow(picture, end, null)
  expect(picture.tasks.get('backup')?.view).toMatchObject({ running: [], last: end, failures: 1 })
  // It has waited while the same row came by a look.
  takeRow(picture, end, null)
  takeRow(picture, skipRow(2), null)
  expect(picture.host?.view.day).toEqual({ failed: 1, missed: 0, skipped: 1 })
  expect(takeRow(picture, runRow(3, { task: 'stranger' }), null)).toBe(false)
})

test('a new status brings the rows that no event has brought, and takes what is gone', () => {
  const picture = pictureOf(taskStatus({ name: 'backup' }), taskStatus({ name: 'old' }))
  const known = picture.seq
  const last = runRow(1, { run: 'r1' })
  const now = statusOf([taskStatus({ name: 'backup', last })])
  expect(changedTasks(picture, now)).toEqual(['backup'])
  takeStatus(picture, now)
  const update = updateSince(picture, known, 'now')
  expect(update).toMatchObject({ rows: [last], gone: [['web-1', 'old']] })
  expect(update?.tasks.map(({ name }) => name)).toEqual(['backup'])
})

test('a page that was away for more than 1,000 rows must ask for everything', () => {
  const picture = pictureOf(taskStatus({ name: 'backup' }))
  const known = picture.seq
  for (let n = 1; n <= 400; n++) takeRow(picture, runRow(n, { run: `r${n}` }), null)
  expect(updateSince(picture, known, 'now')?.rows).toHaveLength(400)
  for (let n = 401; n <= 1_100; n++) takeRow(picture, runRow(n, { run: `r${n}` }), null)
  expect(picture.rows).toHaveLength(1_000)
  expect(updateSince(picture, known, 'now')).toBeUndefined()
})

test('what the file on disk would change is a change of the host', () => {
  const picture = pictureOf()
  const known = picture.seq
  takeFileChange(picture, ['+ backup'])
  expect(updateSince(picture, known, 'now')?.hosts).toMatchObject([
    { change: { lines: ['+ backup'] } },
  ])
  takeFileChange(picture, ['+ backup'])
  expect(picture.seq).toBe(known + 1)
})
