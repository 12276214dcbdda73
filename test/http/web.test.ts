import { execFile, execFileSync } from 'node:child_process'
import fs from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import type {
  HistoryAnswer,
  RecentAnswer,
  RunAnswer,
  StatusAnswer,
  TaskAnswer,
  TimelineAnswer,
  Update,
} from '../../src/http/api.ts'
import { closeSites, newSite } from '../support/torch.ts'
import { until } from '../support/until.ts'
import { askServer, bearer, startWebServer, type WebServer } from '../support/web-server.ts'

afterEach(closeSites)

const hostile = '<script>alert(1)</script><img src=x onerror=alert(2)>'
const yaml = `tasks:
  tick: {schedule: "* * * * * *", command: "echo tick", description: "${hostile}"}
  nightly:
    schedule: "30 2 * * *"
    command: "curl https://ann:geheim@example.com/x?key=geheim"
    env: {PASSWORD: geheim}
  byhand: {type: manual, command: "echo '${hostile}'; echo ü; sleep 0.2; printf end"}
  long: {type: manual, command: "echo begun; sleep 600"}
`

test('the link gives a cookie, every answer has its headers, and names of others are refused', async () => {
  const site = newSite(yaml)
  await site.torch('start')
  const web = await startWebServer(site, ['--actions', '--host-name', 'torch.example.com'])

  const opened = await askServer(web, `/tasks/a?x=1&token=${web.token}`)
  expect(opened).toMatchObject({ status: 303, headers: { location: '/tasks/a?x=1' } })
  const [cookie = ''] = opened.headers['set-cookie'] ?? []
  expect(cookie).toMatch(/; HttpOnly; SameSite=Strict$/)
  const [pair = ''] = cookie.split(';')
  const byCookie = await askServer(web, '/api/status', { headers: { cookie: pair } })
  expect(byCookie.status).toBe(200)
  const away = await askServer(web, `//evil.example.com/?token=${web.token}`)
  expect(away.headers.location).toBe('/evil.example.com/')

  const statuses: number[] = []
  for (const host of ['localhost', `127.0.0.1:${web.port}`, 'torch.example.com', '127.0.0.2'])
    statuses.push(
      (await askServer(web, '/api/status', { headers: { ...bearer(web), host } })).status,
    )
  expect(statuses).toEqual([200, 200, 200, 421])
  expect(await raw(web, 'GET /healthz HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.[01] 4(?:00|21) /)
  expect(await raw(web, '\x16\x03\x01 no http\r\n\r\n')).toMatch(/ 400 /)

  for (const each of ['/', '/api/status', '/api/nothing', '/healthz', '/api/history'])
    for (const headers of [bearer(web), {}]) {
      const answer = await askServer(web, each, { headers })
      expect(answer.headers, each).toMatchObject({
        'content-security-policy':
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      })
      if (each !== '/') expect(answer.headers['cache-control'], each).toBe('no-store')
    }

  const post = async (at: string, body: string) =>
    askServer(web, at, { method: 'POST', headers: { ...bearer(web), 'x-torch': '1' }, body })
  expect((await post('/api/run', 'x'.repeat(5_000))).status).toBe(413)
  expect((await post('/api/run', '[]')).status).toBe(400)
  expect((await post('/api/run', '{"task":"nobody"}')).status).toBe(404)
  expect((await post('/api/kill', '{"target":"nightly"}')).status).toBe(409)
  expect(JSON.parse((await post('/api/run', '{"task":"byhand"}')).body)).toMatchObject({
    task: 'byhand',
  })
  expect(fs.readFileSync(path.join(site.home, 'daemon.log'), 'utf8')).toMatch(
    /"by":"127\.0\.0\.1","task":"byhand","run":"\S+","event":"action","msg":"127\.0\.0\.1 starts byhand"/,
  )
})

test('the page gets status, history, timeline and output, and never a secret', async () => {
  const site = newSite(yaml)
  await site.torch('start')
  await site.torch('run', 'byhand')
  const web = await startWebServer(site, ['--metrics-open'])
  const headers = bearer(web)
  const json = <T>(at: string) => jsonOf<T>(web, at)

  const status = await json<StatusAnswer>('/api/status')
  expect(status.tasks.map(({ name }) => name)).toEqual(['tick', 'nightly', 'byhand', 'long'])
  expect(status.tasks[1]).toMatchObject({
    schedules: [{ text: '30 2 * * *', words: 'At 02:30' }],
    timezone: 'UTC',
  })
  const nightly = await json<TaskAnswer>('/api/tasks/nightly')
  expect(nightly.definition).toEqual([
    ['schedule', '30 2 * * *'],
    ['command', 'curl https://...@example.com/x?...'],
    ['env.PASSWORD', '(set)'],
  ])
  expect(nightly.source).toEqual({ file: site.tasks, line: 3, changed: null })
  expect(nightly.upcoming).toHaveLength(10)

  const last = status.tasks.find(({ name }) => name === 'byhand')?.last?.run ?? ''
  const run = await json<RunAnswer>(`/api/runs/${last}`)
  const text = `${hostile}\nü\nend`
  expect(run).toMatchObject({
    row: { task: 'byhand', outcome: 'ok' },
    output: { bytes: Buffer.byteLength(text), isWhole: true },
  })
  const output = await askServer(web, `/api/runs/${last}/output`, { headers })
  expect(output).toMatchObject({
    body: text,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'torch-output-ended': 'true' },
  })
  const range = `/api/runs/${last}/output?from=${text.indexOf('\n') + 1}&to=${text.indexOf('\n') + 3}`
  expect((await askServer(web, range, { headers })).body).toBe('ü')
  const saved = await askServer(web, `/api/runs/${last}/output?download=1`, { headers })
  expect(saved).toMatchObject({
    body: text,
    headers: { 'content-disposition': `attachment; filename="byhand-${last}.log"` },
  })

  // Each page of the history continues where the last one ended.
  await until(async () => (await json<HistoryAnswer>('/api/history')).rows.length > 4, 'five rows')
  const until4 = new Date(Date.now()).toISOString()
  const all = await json<HistoryAnswer>(`/api/history?until=${until4}`)
  const paged: (string | null)[] = []
  for (let before: string | null = ''; before !== null;) {
    const query: string = `/api/history?until=${until4}&limit=2${before === '' ? '' : `&before=${before}`}`
    const page: HistoryAnswer = await json<HistoryAnswer>(query)
    paged.push(...page.rows.map((row) => row.run))
    before = page.before
  }
  expect(paged).toEqual(all.rows.map((row) => row.run))
  expect((await json<HistoryAnswer>('/api/history?task=byhand')).rows).toHaveLength(1)

  const timeline = await json<TimelineAnswer>('/api/timeline')
  expect(timeline.tasks['byhand']?.runs).toMatchObject([{ run: last, outcome: 'ok', exitCode: 0 }])
  expect(timeline.tasks['tick']?.planned).toHaveLength(200)
  expect(timeline.tasks['tick']?.plannedIsCut).toBe(true)
  const recent = await json<RecentAnswer>('/api/recent?task=byhand&task=long')
  expect(recent.tasks['byhand']?.map(([id, outcome]) => [id, outcome])).toEqual([[last, 'ok']])
  expect(recent.tasks['long']).toEqual([])

  for (const bad of [
    '/api/history?limit=1001',
    '/api/history?outcome=lost',
    '/api/history?since=yesterday',
    '/api/timeline?from=2026-01-01&to=2026-03-01',
    '/api/timeline?from=2026-01-01&to=2026-03-01&task=tick',
    '/api/timeline?from=2026-01-01&to=2026-01-04',
    '/api/timeline?from=2026-01-02&to=2026-01-01',
    `/api/recent?${'task=a&'.repeat(501)}`,
  ])
    expect((await askServer(web, bad, { headers })).status, bad).toBe(400)
  for (const missing of ['/api/tasks/nobody', '/api/runs/2099', '/api/nothing', '/assets/no.js'])
    expect((await askServer(web, missing, { headers })).status, missing).toBe(404)
  const refused = await askServer(web, '/api/run', {
    method: 'POST',
    headers: { ...headers, 'x-torch': '1' },
    body: '{"task":"byhand"}',
  })
  expect(JSON.parse(refused.body).error.code).toBe('read-only')

  const metrics = await askServer(web, '/metrics')
  expect(metrics.body).toMatch(/^torch_up 1$/m)
  const everything = [JSON.stringify(status), JSON.stringify(nightly), metrics.body].join('\n')
  expect(everything).not.toContain('geheim')
})

test('events reach the page, also across a kill of the daemon', async () => {
  const site = newSite(yaml)
  await site.torch('start')
  const web = await startWebServer(site)
  const { lastEventId } = await jsonOf<StatusAnswer>(web, '/api/status')
  const events = await openEvents(web, `/api/events?since=${lastEventId}`)
  const fresh = await openEvents(web, '/api/events')
  await fresh.wait((event) => event === 'reset', 'a reset without a known event')

  await site.torch('run', 'long', '--detach')
  const started = await events.wait<Update>(
    (event, { rows }) => event === 'update' && rows.some(({ task }) => task === 'long'),
    'the start of the run',
  )
  const row = started.rows.find(({ task }) => task === 'long')
  expect(row).toMatchObject({ outcome: 'running', trigger: 'manual' })
  const run = row?.run ?? ''
  const output = await openEvents(web, `/api/runs/${run}/output?follow=1`)
  await output.wait<{ text: string }>((_, { text }) => text === 'begun\n', 'the first line')

  // Each HEAD would take a place of the 50 and never give it back.
  for (const at of ['/api/events', `/api/runs/${run}/output?follow=1`])
    for (let n = 0; n < 30; n++) {
      const head = await askServer(web, at, { method: 'HEAD', headers: bearer(web) })
      expect(head).toMatchObject({ status: 405, headers: { allow: 'GET' } })
    }
  const later = await openEvents(web, '/api/events')
  await later.wait((event) => event === 'reset', 'a reset after the HEADs')

  process.kill(site.pid() ?? 0, 'SIGKILL')
  await events.wait<Update>(
    (event, { hosts }) => event === 'update' && hosts[0]?.daemon === null,
    'the end of the daemon',
  )
  expect((await askServer(web, '/healthz')).status).toBe(503)
  await site.torch('start')
  await events.wait<Update>(
    (event, { hosts }) => event === 'update' && hosts[0]?.daemon?.pid === site.pid(),
    'the next daemon',
  )
  expect((await askServer(web, '/healthz')).status).toBe(200)

  // The output is followed to its end, which another daemon has recorded.
  await site.torch('kill', 'long')
  const end = await output.wait<{ outcome: string }>((event) => event === 'end', 'the end')
  expect(end.outcome).toBe('killed')
  await events.wait<Update>(
    (event, { rows }) =>
      event === 'update' && rows.some((each) => each.run === run && each.outcome === 'killed'),
    'the end of the run',
  )
})

const isRoot = process.getuid?.() === 0
/** nobody and its group on Debian: any other user. */
const other = 65_534

test('a refused file: the page gets its problems and what else it would change, without a secret', async () => {
  const site = newSite(yaml)
  await site.torch('start')
  const web = await startWebServer(site)
  const hostNow = async () => (await jsonOf<StatusAnswer>(web, '/api/status')).hosts[0]
  expect((await hostNow())?.change).toBeNull()
  const bad = `
  broken: {schedule: "61 * * * *", command: "x", env: {A: geheim}}
  extra:
    schedule: "@daily"
    command: "curl https://ann:geheim@example.com/"
    env: {A: geheim}
    max: three
  more: {schedule: "@daily", command: "curl https://ann:geheim@example.com/", env: {A: geheim}}
`
  fs.writeFileSync(
    site.tasks,
    yaml.replace('echo tick', 'echo tock').replace('PASSWORD: geheim', 'PASSWORD: geheimer') + bad,
  )
  const host = await until(async () => {
    const found = await hostNow()
    return found?.file.ok === false && found.change !== null ? found : undefined
  }, 'the change')
  expect(host.file.problems.map(({ path: at, source }) => [at, source])).toEqual([
    ['tasks.broken.schedule', null],
    ['tasks.extra.max', '    max: three'],
  ])
  expect(host.change?.lines).toEqual([
    '1 task added, 2 changed',
    'not compared because of problems in the file: broken, extra',
    '+ more',
    '    schedule: @daily',
    '    command: curl https://...@example.com/',
    '    env.A: (set)',
    '~ tick',
    '    command: echo tick -> echo tock',
    '~ nightly',
    '    env.PASSWORD: changed (the values are secret)',
  ])
  expect(JSON.stringify(host)).not.toContain('geheim')
  fs.writeFileSync(site.tasks, yaml)
  await until(async () => {
    const found = await hostNow()
    return found?.file.ok === true && found.change === null
  }, 'no change')
}, 60_000)

test.skipIf(!isRoot)(
  'a member of the view group sees the page of another user, and can do nothing else',
  async () => {
    const site = newSite(yaml)
    fs.chmodSync(site.folder, 0o711)
    await site.torch('start', '--view-group', String(other))
    await site.torch('run', 'byhand')
    const own = path.join(site.folder, 'web')
    fs.mkdirSync(own)
    fs.chownSync(own, other, other)
    const token = path.join(own, 'token')
    const refused = await site.torchWith({ uid: other, cwd: '/' }, 'web', '--actions')
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining('--actions needs') })
    const denied = await site.torchWith({ uid: other, cwd: '/' }, 'status')
    const socket = path.join(site.home, 'torch-view.sock')
    expect(denied.stderr).toContain(
      `hint: as a member of its view group, use torch web --token-file FILE, or curl --unix-socket ${socket} `,
    )
    const words = ['web', '--listen', '127.0.0.1:0', '--token-file', token]
    const { child, stdout } = site.spawn(words, { uid: other, cwd: '/' })
    onTestFinished(() => void child.kill())
    const link = await until(() => /^(http:\S+)\n/.exec(stdout())?.[1], 'the line of torch web')
    const web = { port: Number(new URL(link).port), token: fs.readFileSync(token, 'utf8').trim() }
    const headers = { authorization: `Bearer ${web.token}` }
    const json = async <T>(at: string) =>
      JSON.parse((await askServer(web, at, { headers })).body) as T

    const { tasks, lastEventId } = await json<StatusAnswer>('/api/status')
    const { last, p50Ms } = tasks.find(({ name }) => name === 'byhand') ?? expect.fail('no task')
    expect(p50Ms).toBeGreaterThan(0)
    const run = last?.run ?? ''
    const { row, output } = await json<RunAnswer>(`/api/runs/${run}`)
    expect([row.task, output?.isWhole]).toEqual(['byhand', true])
    const text = `${hostile}\nü\nend`
    expect((await askServer(web, `/api/runs/${run}/output`, { headers })).body).toBe(text)
    const saved = await askServer(web, `/api/runs/${run}/output?download=1`, { headers })
    expect(saved.body).toBe(text)
    const timeline = await json<TimelineAnswer>('/api/timeline?task=byhand&task=tick')
    expect(timeline.tasks['byhand']?.runs).toMatchObject([{ run, outcome: 'ok' }])
    const history = await json<HistoryAnswer>('/api/history?task=byhand')
    expect(history).toMatchObject({ rows: [{ run }], before: null })
    const nightly = await json<TaskAnswer>('/api/tasks/nightly')
    expect(nightly.definition).toContainEqual(['env.PASSWORD', '(set)'])
    expect((await askServer(web, '/metrics', { headers })).body).toMatch(/^torch_up 1$/m)
    const events = await openEvents(web, `/api/events?since=${lastEventId}`)
    await events.wait<Update>(
      (event, { rows }) => event === 'update' && rows.some(({ task }) => task === 'tick'),
      'a run of tick',
    )
    const post = await askServer(web, '/api/run', {
      method: 'POST',
      headers: { ...headers, 'x-torch': '1' },
      body: '{"task":"byhand"}',
    })
    expect(post.status).toBe(403)
    await site.torch('stop', '--grace', '0s')
    await events.wait<Update>(
      (event, { hosts }) => event === 'update' && hosts[0]?.daemon === null,
      'the end of the daemon',
    )
    expect((await json<StatusAnswer>('/api/status')).tasks).toHaveLength(4)
  },
)

test('torch web on a Unix socket needs no token, and only its owner may open it', async () => {
  const site = newSite(yaml)
  const socketPath = path.join(site.folder, 'web.sock')
  fs.writeFileSync(socketPath, 'no socket')
  const refused = await site.torch('web', '--listen', `unix:${socketPath}`)
  expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('not a socket') })
  fs.rmSync(socketPath)
  const { child, stdout } = site.spawn(['web', '--listen', `unix:${socketPath}`])
  onTestFinished(() => void child.kill())
  await until(() => stdout() === `unix:${socketPath}\n`, 'the line of torch web')
  expect(fs.statSync(socketPath).mode & 0o777).toBe(0o600)
  expect(await curl('--unix-socket', socketPath, 'http://any/api/status')).toMatch(
    /^HTTP\/1.1 200 /,
  )
  expect(await curl('--unix-socket', socketPath, 'http://any/healthz')).toMatch(/^HTTP\/1.1 503 /)
  expect(fs.existsSync(path.join(site.home, 'web-token'))).toBe(false)
  const second = await site.torch('web', '--listen', `unix:${socketPath}`)
  expect(second).toMatchObject({ status: 1, stderr: expect.stringContaining('listens there') })
})

test('torch web listens for other machines only with TLS, and then its cookie is secure', async () => {
  const site = newSite(yaml)
  const [cert, key] = [path.join(site.folder, 'c.pem'), path.join(site.folder, 'k.pem')]
  const form = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const files = ['-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost']
  execFileSync('openssl', ['req', ...form, ...files], { stdio: 'ignore' })
  const tls = ['--tls-cert', cert, '--tls-key', key]
  expect(await site.torch('web', '--listen', '0.0.0.0:0')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('would not be encrypted'),
  })
  const { child, stdout } = site.spawn(['web', '--listen', '0.0.0.0:0', ...tls])
  onTestFinished(() => void child.kill())
  const link = await until(
    () => /^https:\/\/0\.0\.0\.0(:\d+\/\?token=.+)\n/.exec(stdout())?.[1],
    'the line of torch web',
  )
  const opened = await curl('--insecure', `https://127.0.0.1${link}`)
  expect(opened).toMatch(/^HTTP\/1.1 303 /)
  expect(opened).toMatch(/^set-cookie: torch-.*; Secure\r$/im)
  // It would hold for all ports of this machine.
  expect(opened).not.toMatch(/^strict-transport-security/im)
})

test('the printed link works with every token, and what others read has no token', async () => {
  const site = newSite(yaml)
  const file = path.join(site.folder, 'my token')
  const token = `${'a'.repeat(40)}+/=`
  fs.writeFileSync(file, `${token}\n`, { mode: 0o600 })
  const first = async (env: Record<string, string>, ...words: string[]) => {
    const { child, stdout } = site.spawn(['web', '--listen', '127.0.0.1:0', ...words], { env })
    onTestFinished(() => void child.kill())
    return until(() => /^(.+)\n/.exec(stdout())?.[1], 'the line of torch web')
  }
  const link = await first({}, '--token-file', file)
  expect(await curl(link)).toMatch(/^HTTP\/1.1 303 /)
  for (const name of ['TORCH_RUN_ID', 'JOURNAL_STREAM'])
    expect(await first({ [name]: '1' }, '--token-file', file)).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+\/ \(the token is in .*my token\)$/,
    )
})

test.each([
  ['--host-name', 'torch.example.com:8443', 'without a port; got "torch.example.com:8443"'],
  ['--host-name', 'http://torch.example.com', 'without a port; got "http://torch.example.com"'],
  ['--home', 'nowhere', '/nowhere does not exist, so no daemon has run there'],
  ['--token-file', 'nowhere/token', '--token-file: nowhere/token: there is no folder '],
])('torch web refuses %s %s, and makes nothing', async (option, value, words) => {
  const site = newSite(yaml)
  const ended = await site.torch('web', option, value)
  expect(ended).toMatchObject({ status: 2, stderr: expect.stringContaining(words) })
  expect(fs.readdirSync(site.folder)).toEqual(['tasks.yaml'])
})

/** What the server answers to these bytes. */
function raw(web: WebServer, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(web.port, '127.0.0.1', () => socket.write(bytes))
    onTestFinished(() => void socket.destroy())
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString()
      if (text.includes('\r\n\r\n')) resolve(text)
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })
}

/** The head and the body of an answer, as curl shows them. */
async function curl(...words: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('curl', ['--silent', '--include', ...words])
  return stdout
}

async function jsonOf<T>(web: WebServer, at: string): Promise<T> {
  const { status, body } = await askServer(web, at, { headers: bearer(web) })
  expect({ at, status }).toEqual({ at, status: 200 })
  return JSON.parse(body) as T
}

/** Server-sent events as they come. */
interface Events {
  /** The first event that fits; what came before is looked at too. */
  wait<T>(fits: (event: string, data: T) => boolean, what: string): Promise<T>
}

function openEvents(web: Pick<WebServer, 'port' | 'token'>, at: string): Promise<Events> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: web.port, path: at, agent: false }
    const request = http.get({ ...options, headers: bearer(web) }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('error', () => {})
      resolve({
        wait: <T>(fits: (event: string, data: T) => boolean, what: string) =>
          until(() => {
            for (const block of text.split('\n\n').slice(0, -1)) {
              const event = /^event: (.*)$/m.exec(block)?.[1] ?? 'message'
              const data = /^data: (.*)$/m.exec(block)?.[1]
              const value = data === undefined ? undefined : (JSON.parse(data) as T)
              if (value !== undefined && fits(event, value)) return value
            }
            return undefined
          }, what),
      })
    })
    request.on('error', reject)
    onTestFinished(() => void request.destroy())
  })
}
