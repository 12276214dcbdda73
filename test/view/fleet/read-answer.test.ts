import { expect, test } from 'vitest'
import { statusOfAll } from '../../../src/view/fleet/fleet-status.ts'
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

const since = '2026-03-10T12:00:00.000Z'
const facts = {
  ...{ schedule: [], timezone: 'UTC', command: null, hosts: null, max: 1, timeoutMs: null },
  pools: [{ name: 'db', size: 2 }],
}
const more = {
  paused: { since, until: null, reason: 'new disk', by: 'alice', all: false, slots: 3 },
  closed: { ended: 0, givenUp: 1, since },
  waiting: { slot: since, for: 'pool' as const, pool: 'db', runs: [{ task: 'b', run }] },
  ended: ['extract'],
  definition: facts,
}

/** The task of a machine that says this of it. */
function readTask(given: object) {
  const task = { name: 'a', type: 'common', ...given }
  return readStatus('web2', { ...whole, report: { ...report, tasks: [task] } })?.report.tasks[0]
}

test('what keeps a task of another machine from starting is known here', () => {
  expect(readTask(more)).toMatchObject(more)
})

test('what makes no sense about a pause, a place, a wait or a pool is left out', () => {
  const task = readTask({
    ...{ paused: { since: 'now' }, closed: { givenUp: 1 }, waiting: { for: 'luck' }, ended: 'x' },
    definition: { ...facts, pools: [null, { name: 'db', size: 'many' }, { name: 7, size: 1 }] },
  })
  for (const key of ['paused', 'closed', 'waiting', 'ended']) expect(task).not.toHaveProperty(key)
  expect(task?.definition?.pools).toEqual([])
  const odd = { since, until: 'later', reason: 7, by: {}, all: 'yes', slots: 'few' }
  expect(readTask({ paused: odd })).toMatchObject({
    paused: { since, until: null, reason: null, by: '', all: false, slots: 0 },
  })
  const waiting = { for: 'max', slot: 'now', pool: 5, runs: [{ task: 'b', run: '../x' }] }
  expect(readTask({ waiting })).toMatchObject({
    waiting: { for: 'max', slot: null, pool: null, runs: [] },
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

test('two daemons with one name are noted', async () => {
  const notes: string[] = []
  const other = { ...whole, beat: { ...beat, session: 'other' } }
  const answers = [whole, whole, other].map((value) => ({ host: 'web2', value }))
  await statusOfAll(async () => ({ answers }), undefined, notes)
  expect(notes).toEqual([
    'two daemons say that they are web2: neither starts anything of the fleet',
  ])
})
