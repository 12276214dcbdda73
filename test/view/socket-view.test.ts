import { expect, test } from 'vitest'
import type { StatusReport } from '../../src/control/status-report.ts'
import { thisMachine } from '../../src/host/host.ts'
import type { HistoryRow } from '../../src/plan/history-row.ts'
import { socketView } from '../../src/view/socket-view.ts'
import { type plainAnswers, serve, taskStatus } from '../support/control.ts'
import { runRow, skipRow } from '../support/history.ts'

const host = thisMachine()

/** A view of a daemon that has these rows, newest first, and this output. */
async function viewOf(rows: readonly HistoryRow[], output = '') {
  const report: StatusReport = {
    daemon: { pid: 1, version: '1', startedAt: '2026-03-08T00:00:00Z', state: 'running' },
    host: { name: 'web-1', addresses: [] },
    file: { path: '/t', revision: null, loadedAt: '2026-03-08T06:00:00Z', ok: true, problems: [] },
    tasks: [taskStatus({ name: 'backup' })],
  }
  const answers = {
    status: () => report,
    history: ({ run, outcomes, limit = 500 }: Parameters<typeof plainAnswers.history>[0]) => ({
      rows: rows
        .filter((row) => run === undefined || row.run?.startsWith(run))
        .filter((row) => outcomes === undefined || outcomes.includes(row.outcome))
        .slice(0, limit),
      more: null,
    }),
    output: ({ from, bytes }: Parameters<typeof plainAnswers.output>[0]) => {
      const part = Buffer.from(output).subarray(from, from + bytes)
      const text = part.toString('base64')
      return { text, from, next: from + part.length, size: output.length, isWhole: true }
    },
  }
  const { socket, server } = await serve(answers)
  return { view: socketView({ host, paths: { viewSocket: socket } }), report, server }
}

test('the view socket alone gives the past of tasks', async () => {
  const { view } = await viewOf([
    skipRow(6),
    runRow(5, { run: 'r5', outcome: 'failed' }),
    runRow(4, { run: 'r4', outcome: 'killed', reason: 'stop' }),
    runRow(3, { run: 'r3', outcome: 'timeout' }),
    runRow(2, { run: 'r2' }),
    runRow(1, { run: 'r1', outcome: 'failed' }),
  ])
  const recent = await view.recent(['backup'], 3)
  // Oldest first.
  expect(recent.get('backup')?.map(([run]) => run)).toEqual(['r3', 'r4', 'r5'])
  expect(await view.failingSince(['backup'])).toEqual(new Map([['backup', runRow(3).startedAt]]))
  expect(await view.countsSince(0)).toEqual({ failed: 2, killed: 1, timeout: 1, skipped: 1 })
  expect((await view.run('r4'))?.outcome).toBe('killed')
  expect((await view.page({ limit: 2 })).rows).toHaveLength(2)
})

test('a timeline has the rows of the window, and says if there are more than its limit', async () => {
  const { view } = await viewOf([runRow(2, { run: 'r2' }), runRow(1, { run: 'r1' })])
  const window = { from: 0, to: Date.now(), tasks: [] }
  const limits = { rows: 10, runs: 200, stepMs: 1 }
  const { parts, isCut } = await view.between(window, limits)
  expect(parts.map(([task, run, outcome, atMs]) => [task, run, outcome, atMs])).toEqual([
    ['backup', 'r2', 'ok', Date.parse(runRow(2).startedAt ?? '')],
    ['backup', 'r1', 'ok', Date.parse(runRow(1).startedAt ?? '')],
  ])
  expect(isCut).toBe(false)
  expect(await view.between(window, { ...limits, rows: 1 })).toMatchObject({
    parts: { length: 1 },
    isCut: true,
  })
})

test('an output that is larger than one answer comes in parts, and 0 bytes ask for its size', async () => {
  const text = 'x'.repeat(600_000)
  const { view } = await viewOf([], text)
  const run = { task: 'backup', run: 'r1' }
  const part = await view.output(run, 10, 500_000)
  expect([part?.bytes.length, part?.from, part?.to, part?.size]).toEqual([
    ...[500_000, 10, 500_010, 600_000],
  ])
  expect((await view.output(run, 10, 1_000_000))?.bytes.length).toBe(599_990)
  expect(await view.output(run, 0, 0)).toMatchObject({ bytes: { length: 0 }, size: 600_000 })
})

test('without a daemon the last status stays, without it, and nobody can act', async () => {
  const { view, report, server } = await viewOf([])
  report.file.ok = false
  expect(await view.status()).toEqual({ report, isSilent: false })
  await server.close()
  const after = await view.status()
  expect(after.isSilent).toBe(false)
  expect(after.report).toMatchObject({
    daemon: null,
    tasks: [{ name: 'backup' }],
    // Its tasks are those of the file before.
    file: { ok: false, loadedAt: null, lastGoodAt: '2026-03-08T06:00:00Z' },
  })
  const never = socketView({ host, paths: { viewSocket: '/nonexistent/torch-view.sock' } })
  expect((await never.status()).report).toMatchObject({ daemon: null, tasks: [] })
  await expect(view.start({ task: 'backup', force: false })).rejects.toMatchObject({
    code: 'not-allowed',
  })
})
