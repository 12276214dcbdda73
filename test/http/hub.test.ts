import { expect, test } from 'vitest'
import type { StatusReport, TaskStatus } from '../../src/control/status-report.ts'
import { TorchError } from '../../src/errors.ts'
import { newHub } from '../../src/http/hub.ts'
import type { HistoryRow } from '../../src/plan/history-row.ts'
import type { Heard, View } from '../../src/view/view.ts'
import { handClock } from '../support/clock.ts'
import { runRow } from '../support/history.ts'
import { until } from '../support/until.ts'

function task(name: string, changes: Partial<TaskStatus> = {}): TaskStatus {
  return {
    ...{ name, type: 'common', description: null, labels: {}, here: true, reason: null },
    ...{ next: null, jitterMs: 0, running: [], last: null },
    ...changes,
  }
}

/** A host whose events the test makes, and which counts how often its status is asked. */
function fakeView() {
  const heard: Heard[] = []
  const calls = { status: 0, fileChange: 0 }
  const disk: { change: readonly string[] | null } = { change: null }
  const daemon = { isSilent: false }
  let wake = (): void => {}
  const report: StatusReport = {
    daemon: { pid: 1, version: '1', startedAt: '2026-03-10T00:00:00Z', state: 'running' },
    host: { name: 'web1', addresses: [] },
    file: { path: '/tasks.yaml', revision: null, loadedAt: null, ok: true, problems: [] },
    tasks: [task('backup'), task('report')],
  }
  const unused = (): never => expect.fail('not asked here')
  const view: View = {
    async status() {
      calls.status += 1
      return { report: structuredClone(report), isSilent: daemon.isSilent }
    },
    async *follow(signal) {
      while (!signal.aborted) {
        const next = heard.shift()
        if (next !== undefined) yield next
        else await new Promise<void>((resolve) => (wake = resolve))
      }
    },
    recent: async () => new Map(),
    failingSince: async () => new Map(),
    countsSince: async () => ({}),
    async fileChange() {
      calls.fileChange += 1
      return disk.change
    },
    ...{ between: unused, page: unused, run: unused, output: unused, definition: unused },
    ...{ metrics: unused, start: unused, kill: unused, pause: unused, resume: unused },
  }
  const say = (...events: Heard[]): void => {
    heard.push(...events)
    wake()
  }
  return { view, report, daemon, calls, disk, say }
}

function row(changes: Partial<HistoryRow>): HistoryRow {
  return runRow(1, { task: 'backup', run: 'r1', ...changes })
}

test('many requests and many pages ask the daemon once, and events change what they see', async () => {
  const { view, calls, say } = fakeView()
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const hub = newHub(view, clock)
  const [first] = await Promise.all(Array.from({ length: 50 }, () => hub.picture()))
  expect(calls.status).toBe(1)
  const since = first?.id ?? ''

  let beats = 0
  const leave = Array.from({ length: 50 }, () => hub.listen(() => (beats += 1)))
  say({ kind: 'look' })
  await until(() => calls.status === 2, 'the look')
  const running = row({ outcome: 'running', endedAt: null, durationMs: null, exitCode: null })
  say(
    { kind: 'row', row: running, next: '2026-03-10T13:00:00Z' },
    { kind: 'row', row: row({ outcome: 'failed', exitCode: 1 }), next: '2026-03-10T13:00:00Z' },
  )
  const changes = await until(() => {
    const found = hub.changesSince(since)
    return found?.update.rows.length === 2 ? found : undefined
  }, 'both rows')
  expect(changes.update).toMatchObject({
    hosts: [{ day: { failed: 1 } }],
    tasks: [{ name: 'backup', running: [], failures: 1, next: '2026-03-10T13:00:00Z' }],
    rows: [{ outcome: 'running' }, { outcome: 'failed' }],
  })
  expect(changes.update.tasks[0]?.failingSince).toBe(running.startedAt)
  expect(hub.changesSince(changes.id)?.update).toMatchObject({ hosts: [], tasks: [], rows: [] })
  // The pages hear of all of it together.
  clock.advance(250)
  expect(beats).toBe(50)
  await hub.picture()
  expect(calls.status).toBe(2)
  for (const each of leave) each()
  hub.close()
})

test('a task that is removed is gone, and what a hub does not know is not made up', async () => {
  const { view, report } = fakeView()
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const hub = newHub(view, clock)
  const { id } = await hub.picture()
  report.tasks = [task('report')]
  clock.advance(1_000)
  await hub.picture()
  expect(hub.changesSince(id)?.update.gone).toEqual([['web1', 'backup']])
  for (const unknown of ['', '0', 'other.1', `${id}9`, `${id.split('.')[0]}.-1`])
    expect(hub.changesSince(unknown), unknown).toBeUndefined()
})

test('a page that was away for more than a thousand rows asks for everything again', async () => {
  const { view, say } = fakeView()
  const hub = newHub(view, handClock('2026-03-10T12:00:00.000Z'))
  const { id } = await hub.picture()
  const leave = hub.listen(() => {})
  say(
    ...Array.from({ length: 1_001 }, (_, n): Heard => {
      return { kind: 'row', row: row({ run: `r${n}` }), next: null }
    }),
  )
  await until(() => hub.changesSince(id) === undefined, 'the oldest row to be forgotten')
  expect(hub.changesSince(hub.id())).toBeDefined()
  leave()
  hub.close()
})

test('a row that a look has read is not counted again when its event comes', async () => {
  const { view, report, calls, say } = fakeView()
  const lengths: [string, HistoryRow['outcome'], number, number][] = [['r1', 'ok', 0, 100]]
  const day = { failed: 0 }
  view.recent = async (names) => new Map(names.map((name) => [name, [...lengths]]))
  view.countsSince = async () => ({ ...day })
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const hub = newHub(view, clock)
  const leave = hub.listen(() => {})
  say({ kind: 'look' })
  await until(() => calls.status === 1, 'the look')
  // Both runs end before the status is read, and their events come after it.
  const [ok, failed] = [row({ run: 'r2', durationMs: 300 }), row({ task: 'report', run: 'r3' })]
  const ends = [ok, { ...failed, outcome: 'failed', exitCode: 1 } satisfies HistoryRow]
  report.tasks = ends.map((last) => task(last.task, { last }))
  lengths.push(['r2', 'ok', 0, 300])
  day.failed = 1
  clock.advance(10_000)
  say(
    { kind: 'look' },
    ...ends.flatMap((end): Heard[] => [
      { kind: 'row', row: { ...end, outcome: 'running', endedAt: null }, next: null },
      { kind: 'row', row: end, next: null },
    ]),
    { kind: 'row', row: row({ run: 'r4', outcome: 'running', endedAt: null }), next: null },
  )
  const seen = await until(async () => {
    const found = await hub.picture()
    return found.tasks[0]?.running.length === 1 ? found : undefined
  }, 'the last event')
  expect(seen.host.day.failed).toBe(1)
  expect(seen.tasks).toMatchObject([
    { name: 'backup', running: [{ run: 'r4' }], p50Ms: 100 },
    { name: 'report', running: [], last: { run: 'r3', outcome: 'failed' } },
  ])
  leave()
  hub.close()
})

test('whether the daemon answers is asked each second, also while events keep the picture', async () => {
  const { view, calls, daemon, say } = fakeView()
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const hub = newHub(view, clock)
  const leave = hub.listen(() => {})
  say({ kind: 'look' })
  await until(() => calls.status === 1, 'the look')
  expect(await Promise.all([hub.isAnswered(), hub.isAnswered()])).toEqual([true, true])
  expect(calls.status).toBe(2)
  daemon.isSilent = true
  clock.advance(999)
  expect(await hub.isAnswered()).toBe(true)
  clock.advance(1)
  expect(await hub.isAnswered()).toBe(false)
  expect(calls.status).toBe(3)
  leave()
  hub.close()
})

test('a history that cannot be read is a trouble of the status, and no more than that', async () => {
  const { view, report } = fakeView()
  let isDamaged = true
  let reads = 0
  view.countsSince = async () => {
    reads += 1
    if (isDamaged) throw new TorchError('history-unreadable', 'cannot read history.db: bad')
    return { failed: 2 }
  }
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const hub = newHub(view, clock)
  report.trouble = [{ message: 'the disk is full', since: '2026-03-10T11:00:00.000Z' }]
  const message = 'the numbers of past runs are missing: cannot read history.db: bad'
  for (let second = 0; second <= 10; second++) {
    const { host, tasks } = await hub.picture()
    expect(tasks).toHaveLength(2)
    expect(host.trouble).toEqual([
      ...report.trouble,
      { message, since: '2026-03-10T12:00:00.000Z' },
    ])
    clock.advance(1_000)
  }
  expect(reads).toBe(2)
  isDamaged = false
  clock.advance(10_000)
  const { host } = await hub.picture()
  expect(host).toMatchObject({ trouble: report.trouble, day: { failed: 2 } })
})

test('the tasks file is compared in the background, not more often than each three seconds', async () => {
  const { view, calls, disk } = fakeView()
  disk.change = ['1 task added', '+ extra']
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const hub = newHub(view, clock)
  const asked = await Promise.all(Array.from({ length: 20 }, () => hub.picture()))
  expect(asked[0]?.host.change).toBeNull()
  const changes = await until(
    () => hub.changesSince(asked[0]?.id ?? '')?.update.hosts[0],
    'the change',
  )
  expect(changes.change).toEqual({ lines: ['1 task added', '+ extra'] })
  expect(calls.fileChange).toBe(1)

  let beats = 0
  const leave = hub.listen(() => (beats += 1))
  disk.change = null
  clock.advance(3_000)
  await until(() => calls.fileChange === 2, 'the next look')
  await until(() => hub.changesSince(asked[0]?.id ?? '')?.update.hosts[0]?.change === null, 'none')
  clock.advance(1_000)
  expect(beats).toBe(1)
  leave()
  clock.advance(60_000)
  expect(calls.fileChange).toBe(2)
  hub.close()
})
