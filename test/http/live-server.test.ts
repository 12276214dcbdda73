import fs from 'node:fs'
import path from 'node:path'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import type {
  HistoryAnswer,
  RunAnswer,
  StatusAnswer,
  TaskAnswer,
  TimelineAnswer,
  Update,
} from '../../src/http/api.ts'
import { closeSites, newSite } from '../support/torch.ts'
import { until } from '../support/until.ts'
import { askServer, bearer, jsonOf, openEvents, startWebServer } from '../support/web-server.ts'

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
  // It asks the daemon at most once a second.
  await until(async () => (await askServer(web, '/healthz')).status === 200, 'its health')

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
