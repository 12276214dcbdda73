import { expect, test } from 'vitest'
import { readRow, readRows, readStatus } from '../../../src/view/fleet/read-answer.ts'
import { taskStatus } from '../../support/control.ts'
import { runRow } from '../../support/history.ts'

const run = '20260310T120000.000-0a1b2c'
const beat = {
  ...{ v: 1, host: 'web2', session: 's', torch: '1', tz: '2026a', running: 1, places: ['q/1'] },
  file: { revision: null, committedMs: null, hash: 'h' },
  ...{ offsetMs: 0.5, isDraining: false, facts: { names: ['web2'], addresses: [] } },
}
const report = {
  daemon: { pid: 1, version: '1', startedAt: '2026-03-08T00:00:00Z', state: 'running' },
  trouble: [{ message: 'full', since: '2026-03-08T00:00:00Z' }],
  host: { name: 'web2', addresses: ['10.0.0.2'] },
  file: { path: '/t', revision: 'abc', loadedAt: null, ok: true, problems: [] },
  tasks: [taskStatus({ name: 'backup', running: [run], last: runRow(1, { run }) })],
}
const whole = { report, beat, drift: [{ task: 'a', kind: 'differs' }], more: null }

test('the status of a machine keeps what the page shows, and its rows get the name of the machine', () => {
  const status = readStatus('web2', whole)
  expect(status).toMatchObject({
    beat,
    drift: [{ task: 'a', kind: 'differs' }],
    report: {
      daemon: { state: 'running' },
      trouble: [{ message: 'full' }],
      host: { name: 'web2', addresses: ['10.0.0.2'] },
      tasks: [{ name: 'backup', running: [run], last: { run, host: 'web2', outcome: 'ok' } }],
    },
  })
})

test.each([
  ['nothing', null],
  ['a text', 'status'],
  ['no report', { beat }],
  ['tasks that are no list', { report: { ...report, tasks: { length: 3 } } }],
])('%s is no status', (_, value) => {
  expect(readStatus('web2', value)).toBeUndefined()
})

test('what has another type than the page expects is left out, and the rest stays', () => {
  const odd = readStatus('web2', {
    report: {
      ...{ daemon: { startedAt: 'soon' }, trouble: [7, { message: {}, since: 1 }], host: 'web1' },
      file: { path: 3, problems: [null, { message: 'bad', source: 'password: geheim' }] },
      tasks: [
        null,
        { name: 7 },
        {
          ...{ name: 'a', type: 'x', labels: { k: 1, l: 'm' }, running: ['../../etc', run, 5] },
          ...{ last: { run: '<b>', task: 'a', outcome: 'ok' }, next: 'never', jitterMs: '5' },
          done: true,
          ...{ definition: { schedule: 'x', hosts: 3 }, counts: null, written: { keys: [[1, 2]] } },
        },
      ],
    },
    beat: { ...beat, places: [{}] },
    ...{ drift: 'all', more: 5 },
  })
  expect(odd).toEqual({
    ...{ beat: null, drift: [], more: null },
    report: {
      ...{ daemon: null, trouble: [], host: { name: 'web2', addresses: [] } },
      file: {
        ...{ path: '', revision: null, loadedAt: null, ok: true },
        problems: [expect.objectContaining({ message: 'bad', source: null, line: null })],
      },
      tasks: [
        {
          ...{ name: 'a', type: 'common', description: null, labels: { l: 'm' }, here: false },
          ...{ reason: null, next: null, done: true, jitterMs: 0, running: [run], last: null },
          ...{ counts: { failures: 0, skips: 0, restarts: 0 }, nextRestart: null, written: null },
          definition: {
            schedule: [],
            timezone: 'UTC',
            command: null,
            hosts: null,
            max: null,
            timeoutMs: null,
          },
        },
      ],
    },
  })
})

test('a heartbeat of another name is not believed', () => {
  expect(readStatus('web3', whole)?.beat).toBeNull()
})

test.each([
  ['a run whose id is a path', { ...runRow(1), run: '../x' }],
  ['an outcome that nobody knows', { ...runRow(1, { run }), outcome: 'great' }],
  ['a task that is no text', { ...runRow(1, { run }), task: ['a'] }],
  ['nothing', undefined],
])('%s is no row', (_, value) => {
  expect(readRow('web2', value)).toBeUndefined()
})

test('a row with times and numbers that are none has null there', () => {
  const odd = {
    ...runRow(1, { run }),
    startedAt: 'x',
    durationMs: '1',
    trigger: 'magic',
    host: 'a',
  }
  expect(readRow('web2', odd)).toMatchObject({
    ...{ run, startedAt: null, durationMs: null, trigger: null, host: 'web2' },
  })
  expect(readRows('web2', { rows: [odd, 5], more: '1.2' })).toMatchObject({
    rows: [{ run }],
    more: '1.2',
  })
  expect(readRows('web2', 'no')).toEqual({ rows: [], more: null })
})
