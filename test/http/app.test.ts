import { expect, test } from 'vitest'
import type { StatusReport } from '../../src/control/status-report.ts'
import type { Protocol } from '../../src/control/protocol.ts'
import { newApp } from '../../src/http/app.ts'
import { newEventStreams } from '../../src/http/event-stream.ts'
import { oneScope } from '../../src/http/fleet/scopes.ts'
import { newHub } from '../../src/http/hub.ts'
import type { StaticFile } from '../../src/http/static-files.ts'
import type { View } from '../../src/view/view.ts'
import { handClock } from '../support/clock.ts'

const token = 'a'.repeat(43)
const page: StaticFile = {
  type: 'text/html; charset=utf-8',
  bytes: Buffer.from('plain'),
  zipped: Buffer.from('zip'),
  isHashed: false,
}

/** `torch web` without a network: requests are calls. Starts and kills are kept. */
function newServer({ onSocket = false, isGone = false, actions = true } = {}) {
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const started: Protocol['run']['request'][] = []
  const killed: Protocol['kill']['request'][] = []
  const paused: (Protocol['pause']['request'] | Protocol['resume']['request'])[] = []
  const report: StatusReport = {
    daemon: { pid: 1, version: '1', startedAt: '2026-03-10T00:00:00Z', state: 'running' },
    host: { name: 'web1', addresses: [] },
    file: { path: '/srv/tasks.yaml', revision: null, loadedAt: null, ok: true, problems: [] },
    tasks: [],
  }
  const unused = (): never => expect.fail('not asked here')
  const view: View = {
    status: async () => ({ report, isSilent: false }),
    async *follow() {},
    recent: async () => new Map(),
    failingSince: async () => new Map(),
    countsSince: async () => ({}),
    fileChange: async () => null,
    page: async () => ({ rows: [], before: null }),
    ...{ between: unused, run: unused, output: unused, definition: unused, metrics: unused },
    async start(request) {
      started.push(request)
      return { run: 'r1', task: request.task, directory: '', elsewhere: false }
    },
    async kill(request) {
      killed.push(request)
      return { runs: [] }
    },
    async pause(request) {
      paused.push(request)
      const { until = null, reason = null, by = '' } = request
      const pause = { since: '2026-03-10T12:00:00.000Z', until, reason, by, all: false, slots: 0 }
      return { tasks: request.tasks, pause, stopping: [] }
    },
    async resume(request) {
      paused.push(request)
      return { all: false, tasks: request.tasks, left: [] }
    },
  }
  const app = newApp({
    clock,
    scopes: oneScope({ view, hub: newHub(view, clock) }),
    streams: newEventStreams(clock),
    rules: {
      token: onSocket ? undefined : token,
      once: new Set(),
      hostNames: onSocket ? undefined : ['localhost'],
      isSecure: false,
    },
    isMetricsOpen: false,
    files: new Map([['/index.html', page]]),
    version: '1.2.3',
    actions,
    report: (message) => expect.fail(message),
  })
  const socket = onSocket || isGone ? {} : { remoteAddress: '10.0.1.9', localAddress: '10.0.1.5' }
  const ask = async (path: string, headers: Record<string, string> = {}, body?: string) =>
    app.request(
      `http://localhost${path}`,
      {
        method: body === undefined ? 'GET' : 'POST',
        headers: { host: 'localhost', ...headers },
        ...(body === undefined ? {} : { body }),
      },
      { incoming: { socket } },
    )
  const act = (path: string, body: string, headers: Record<string, string> = {}) =>
    ask(path, { 'x-torch': '1', authorization: `Bearer ${token}`, ...headers }, body)
  return { ask, act, started, killed, paused }
}

const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

test('a browser that may not come in gets a page that says what to do, and a program gets JSON', async () => {
  const { ask } = newServer()
  for (const [path, headers, status, words, code] of [
    ['/', {}, 401, 'This server needs its token.', 'no-token'],
    ['/?token=old', {}, 401, 'This is not the token of this server.', 'wrong-token'],
    ['/', { authorization: 'Bearer x' }, 401, 'This is not the token', 'wrong-token'],
    ['/', { host: 'evil.example.com' }, 421, 'does not have the name', 'wrong-host'],
  ] as const) {
    const seen = await ask(path, { ...headers, ...browser })
    expect(seen.status, code).toBe(status)
    expect(seen.headers.get('content-type')).toMatch(/^text\/html/)
    expect(seen.headers.get('cache-control')).toBe('no-store')
    expect(seen.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src/)
    const text = await seen.text()
    expect(text).toContain(words)
    // Only its own style, and nothing of this machine.
    expect(text).not.toMatch(/<script|style=|web1|\/srv|10\.0\.1/)
    if (status === 401) expect(text).toContain('<pre>cat /var/lib/torch/web-token</pre>')
    const told = await ask(path, headers)
    expect(told.status, code).toBe(status)
    expect(await told.json()).toMatchObject({ error: { code, hint: expect.any(String) } })
  }
  const style = await ask('/refused.css')
  expect([style.status, style.headers.get('content-type')]).toEqual([200, 'text/css'])
})

test('after ten wrong tokens the page says how long to wait', async () => {
  const { ask } = newServer()
  for (let n = 0; n < 10; n++) expect((await ask(`/?token=x${n}`, browser)).status).toBe(401)
  const seen = await ask('/?token=x', browser)
  expect([seen.status, seen.headers.get('retry-after')]).toEqual([429, '60'])
  expect(await seen.text()).toContain('Wait 60 seconds.')
})

test.each([
  [{}, 'a client of the Unix socket'],
  [
    { 'x-remote-user': 'alice', 'x-forwarded-for': '192.0.2.1, 10.0.1.9' },
    'user alice at 10.0.1.9',
  ],
  [{ 'x-forwarded-user': 'bob' }, 'user bob'],
  [{ 'x-forwarded-for': '10.0.1.9' }, '10.0.1.9'],
  [{ 'x-remote-user': '  ', 'x-forwarded-user': 'bob' }, 'user bob'],
  [{ 'x-remote-user': 'alice at 10.9.9.9' }, 'user "alice at 10.9.9.9"'],
  // Two headers of one name: the browser may have sent the first one.
  [{ 'x-remote-user': 'root, alice', 'x-forwarded-for': '10.0.1.9' }, '10.0.1.9'],
  [{ 'x-remote-user': `a\u0085b${'c'.repeat(5_000)}` }, `user a\ufffdb${'c'.repeat(97)}`],
])('on a Unix socket the headers %o name the person: %s', async (headers, by) => {
  const { act, started, killed } = newServer({ onSocket: true })
  expect((await act('/api/run', '{"task":"backup"}', headers)).status).toBe(200)
  expect(started).toEqual([{ task: 'backup', force: false, by }])
  expect((await act('/api/kill', '{"target":"backup"}', headers)).status).toBe(200)
  expect(killed).toEqual([{ target: 'backup', signal: null, by }])
})

test('a task is paused for a while and resumed, in the name of the client', async () => {
  const { act, paused } = newServer()
  const pausing = await act('/api/pause', '{"task":"backup","for":60000,"reason":"new disk"}')
  const until = '2026-03-10T12:01:00.000Z'
  expect(await pausing.json()).toEqual({
    ...{ task: 'backup', since: '2026-03-10T12:00:00.000Z', until },
    ...{ reason: 'new disk', by: '10.0.1.9' },
  })
  const resuming = await act('/api/resume', '{"task":"backup"}')
  expect(await resuming.json()).toEqual({ task: 'backup', resumed: true })
  expect(paused).toEqual([
    { tasks: ['backup'], until, reason: 'new disk', by: '10.0.1.9' },
    { tasks: ['backup'], by: '10.0.1.9' },
  ])
})

test.each(['{}', '{"task":"back*"}', '{"task":"a","for":-1}', '{"task":"a","reason":1}'])(
  'the body %s does not pause anything',
  async (body) => {
    const { act, paused } = newServer()
    expect((await act('/api/pause', body)).status).toBe(400)
    expect(paused).toEqual([])
  },
)

test('a page that only reads does not pause and does not resume', async () => {
  const { act, paused } = newServer({ actions: false })
  for (const path of ['/api/pause', '/api/resume'])
    expect((await act(path, '{"task":"backup"}')).status).toBe(403)
  expect(paused).toEqual([])
})

test('over TCP nobody can act in the name of another person', async () => {
  const headers = { 'x-remote-user': 'root', 'x-forwarded-for': '127.0.0.1' }
  const { act, started } = newServer()
  await act('/api/run', '{"task":"backup"}', headers)
  expect(started).toMatchObject([{ by: '10.0.1.9' }])
  // A client that resets its connection at once has no address either.
  const gone = newServer({ isGone: true })
  await gone.act('/api/run', '{"task":"backup"}', headers)
  expect(gone.started).toMatchObject([{ by: 'a client that is gone' }])
})

test('the words of the page without a token are true for each address', async () => {
  const { ask } = newServer()
  const to = async (path: string) => {
    const answer = await ask(path, browser)
    return [answer.status, answer.headers.get('location')]
  }
  expect(await to(`/?token=${token}`)).toEqual([303, '/'])
  expect(await to(`/?day=failed&token=old&token=${token}`)).toEqual([303, '/?day=failed'])
})

test.each(['2026-11-29junk', '2026-11-29T10:00:00', 'Nov 29 2026', '2026-13-01', '1'])(
  'a time of a query that is "%s" is refused',
  async (time) => {
    const { ask } = newServer()
    const answer = await ask(`/api/history?since=${time}`, { authorization: `Bearer ${token}` })
    expect(answer.status).toBe(400)
  },
)

test.each([
  ['gzip, br', 'zip'],
  ['br;q=1.0, gzip;q=0.5', 'zip'],
  ['gzip;q=0', 'plain'],
  ['gzip; q=0.0, br', 'plain'],
  ['br', 'plain'],
  ['', 'plain'],
])('for "Accept-Encoding: %s" the page comes as %s', async (accepted, text) => {
  const { ask } = newServer()
  const headers = { authorization: `Bearer ${token}`, 'accept-encoding': accepted }
  const answer = await ask('/', headers)
  expect(await answer.text()).toBe(text)
  expect(answer.headers.get('content-encoding')).toBe(text === 'zip' ? 'gzip' : null)
})

test('a page of the history has at least one row', async () => {
  const { ask } = newServer()
  const answer = await ask('/api/history?limit=0', { authorization: `Bearer ${token}` })
  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({
    error: { message: 'limit: expected a whole number from 1 to 1000; got "0"' },
  })
})
