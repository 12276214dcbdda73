import { describe, expect, test } from 'vitest'
import type { HostView, StatusAnswer, Update } from '../../src/http/api.ts'
import { eventReader, retryAfterMs } from '../../src/web/model/event-stream.ts'
import { joined, maxJoinedRows, modelOf, taskKey, withUpdate } from '../../src/web/model/model.ts'
import { verdictOf } from '../../src/web/model/verdict.ts'
import { rowWindow, scrollToShow } from '../../src/web/model/windows.ts'
import { historyRow, taskView } from './rows.ts'

describe('an event stream', () => {
  const text =
    ': alive\n\nid: 7\nevent: update\ndata: {"a":\ndata: 1}\n\n\ndata:x\r\n\r\nignored: y\n\n'
  const events = [
    { id: '7', event: 'update', data: '{"a":\n1}' },
    { id: '7', event: 'message', data: 'x' },
  ]

  test('has the same events in whatever pieces it comes', () => {
    for (const size of [1, 2, 3, 5, 1000]) {
      const read = eventReader()
      const found = []
      for (let at = 0; at < text.length; at += size) found.push(...read(text.slice(at, at + size)))
      expect(found).toEqual(events)
    }
  })

  test('has no event before the blank line that ends it', () => {
    expect(eventReader()('data: x\n')).toEqual([])
  })

  test('is tried again ever more slowly, up to half a minute', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 100].map((failures) => retryAfterMs(failures, 0.5))
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 30_000, 30_000])
    expect([retryAfterMs(3, 0), retryAfterMs(3, 1)]).toEqual([1500, 2500])
  })
})

const host: HostView = {
  name: 'db-1',
  addresses: [],
  daemon: { pid: 1, version: '1', startedAt: '2026-03-08T00:00:00Z', state: 'running' },
  silent: false,
  ended: null,
  trouble: [],
  file: { path: '/t.yaml', revision: null, loadedAt: null, ok: true, problems: [] },
  day: { failed: 0, missed: 0, skipped: 0 },
  change: null,
}
const update = (change: Partial<Update>): Update => ({
  now: '2026-03-08T12:00:00Z',
  hosts: [],
  tasks: [],
  gone: [],
  rows: [],
  ...change,
})

describe('an update', () => {
  const status: StatusAnswer = {
    now: '2026-03-08T12:00:00Z',
    version: '1',
    actions: false,
    hosts: [host],
    tasks: [taskView({ name: 'a' }), taskView({ name: 'b' })],
    lastEventId: '1',
  }

  test('replaces, adds and removes tasks, and leaves the others alone', () => {
    const next = withUpdate(
      modelOf(status),
      update({
        gone: [['db-1', 'a']],
        tasks: [taskView({ name: 'b', failures: 3 }), taskView({ name: 'c' })],
        hosts: [{ ...host, silent: true }],
      }),
    )
    expect([...next.tasks.values()].map(({ name, failures }) => [name, failures])).toEqual([
      ['b', 3],
      ['c', 0],
    ])
    expect(next.hosts.get('db-1')?.silent).toBe(true)
  })

  test('that waits for a selection and the next one have the same effect joined', () => {
    const first = update({
      tasks: [taskView({ name: 'x' }), taskView({ name: 'y' })],
      rows: [historyRow()],
    })
    const second = update({ gone: [['db-1', 'x']], tasks: [taskView({ name: 'y', failures: 1 })] })
    const third = update({ tasks: [taskView({ name: 'x', failures: 2 })] })
    const model = modelOf(status)
    const oneByOne = [first, second, third].reduce(withUpdate, model)
    const both = withUpdate(model, joined(joined(first, second), third))
    // toEqual() compares maps without their order.
    expect(both.tasks).toEqual(oneByOne.tasks)
    expect(both.tasks.get(taskKey('db-1', 'x'))?.failures).toBe(2)
    expect(joined(first, second).rows).toEqual(first.rows)
  })

  test('joined to many others keeps only the last rows', () => {
    const rowOf = (n: number) => historyRow({ run: `r${n}` })
    let all = update({})
    for (let n = 0; n < maxJoinedRows + 10; n++) all = joined(all, update({ rows: [rowOf(n)] }))
    expect(all.rows).toHaveLength(maxJoinedRows)
    expect(all.rows[0]?.run).toBe('r10')
  })
})

const counts = { failing: 0, missed: 0, running: 0, skipped: 0, ok: 0, waiting: 0, away: 0 }

test.each<[string, boolean, Partial<HostView>, Partial<typeof counts>, number]>([
  ['All is well', true, {}, { running: 3, skipped: 2 }, 5],
  ['No tasks yet', true, {}, {}, 0],
  ['1 task fails', false, {}, { failing: 1 }, 5],
  ['2 tasks fail, 1 missed a start', false, {}, { failing: 2, missed: 1 }, 5],
  ['No daemon runs, 1 task fails', false, { daemon: null }, { failing: 1 }, 5],
  ['The daemon does not answer', false, { daemon: null, silent: true }, {}, 5],
  ['The machine does not answer', false, { away: { state: 'silent', heardAt: null } }, {}, 5],
  ['The daemon was stopped', false, { away: { state: 'stopped', heardAt: null } }, {}, 5],
  ['The tasks file is refused', false, { file: { ...host.file, ok: false } }, {}, 5],
  ['torch has trouble', false, { trouble: [{ message: 'x', since: '' }] }, {}, 5],
])('the verdict is %j', (words, isWell, change, counted, tasks) => {
  const verdict = verdictOf([{ ...host, ...change }], { ...counts, ...counted }, tasks)
  expect(verdict).toEqual({ isWell, words })
})

test('the verdict of several hosts says on how many', () => {
  const hosts = [{ ...host, daemon: null }, { ...host, daemon: null }, host]
  expect(verdictOf(hosts, counts, 5).words).toBe('No daemon runs on 2 hosts')
})

test.each([
  [2000, { top: 0, height: 500 }, 0, 13],
  [2000, { top: 5000, height: 500 }, 97, 113],
  [2000, { top: 99_990, height: 500 }, 1996, 2000],
  [2000, { top: 500_000, height: 500 }, 2000, 2000],
  [0, { top: 0, height: 500 }, 0, 0],
])('of %i rows, a view %o has rows %i to %i', (count, view, first, end) => {
  expect(rowWindow(count, 50, view, 3)).toEqual({ first, end })
})

test.each([
  ['in view', { top: 200, height: 50 }, undefined],
  ['above', { top: 20, height: 50 }, 0],
  ['under what covers the top', { top: 130, height: 50 }, 30],
  ['below', { top: 900, height: 50 }, 550],
])('a row %s is scrolled to', (_, row, top) => {
  expect(scrollToShow(row, { top: 100, height: 400 }, 100)).toBe(top)
})
