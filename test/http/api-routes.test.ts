import { afterAll, beforeAll, expect, test } from 'vitest'
import type {
  HistoryAnswer,
  RecentAnswer,
  RunAnswer,
  StatusAnswer,
  TaskAnswer,
  TimelineAnswer,
} from '../../src/http/api.ts'
import { closeSites, newSite, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'
import { askServer, bearer, jsonOf, startWebServer, type WebServer } from '../support/web-server.ts'

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

let site: Site
let web: WebServer
/** The run of `byhand`. */
let last: string

beforeAll(async () => {
  site = newSite(yaml)
  await site.torch('start')
  await site.torch('run', 'byhand')
  web = await startWebServer(site, ['--metrics-open'])
  const { tasks } = await json<StatusAnswer>('/api/status')
  last = tasks.find(({ name }) => name === 'byhand')?.last?.run ?? ''
}, 120_000)
afterAll(closeSites)

function json<T>(at: string): Promise<T> {
  return jsonOf<T>(web, at)
}

test('the status has all tasks, with their schedules in words', async () => {
  const status = await json<StatusAnswer>('/api/status')
  expect(status.tasks.map(({ name }) => name)).toEqual(['tick', 'nightly', 'byhand', 'long'])
  expect(status.tasks[1]).toMatchObject({
    schedules: [{ text: '30 2 * * *', words: 'At 02:30' }],
    timezone: 'UTC',
  })
})

test('a task has its definition without secrets, its place in the file, and its next starts', async () => {
  const nightly = await json<TaskAnswer>('/api/tasks/nightly')
  expect(nightly.definition).toEqual([
    ['schedule', '30 2 * * *'],
    ['command', 'curl https://...@example.com/x?...'],
    ['env.PASSWORD', '(set)'],
  ])
  expect(nightly.source).toEqual({ file: site.tasks, line: 3, changed: null })
  expect(nightly.upcoming).toHaveLength(10)
})

test('a run has its row and its output, which is text, also in parts and as a file', async () => {
  const run = await json<RunAnswer>(`/api/runs/${last}`)
  const text = `${hostile}\nü\nend`
  expect(run).toMatchObject({
    row: { task: 'byhand', outcome: 'ok' },
    output: { bytes: Buffer.byteLength(text), isWhole: true },
  })
  const output = await askServer(web, `/api/runs/${last}/output`, { headers: bearer(web) })
  expect(output).toMatchObject({
    body: text,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'torch-output-ended': 'true' },
  })
  const range = `/api/runs/${last}/output?from=${text.indexOf('\n') + 1}&to=${text.indexOf('\n') + 3}`
  expect((await askServer(web, range, { headers: bearer(web) })).body).toBe('ü')
  const saved = await askServer(web, `/api/runs/${last}/output?download=1`, {
    headers: bearer(web),
  })
  expect(saved).toMatchObject({
    body: text,
    headers: { 'content-disposition': `attachment; filename="byhand-${last}.log"` },
  })
})

test('each page of the history continues where the last one ended', async () => {
  const { rows } = await until(async () => {
    const answer = await json<HistoryAnswer>('/api/history')
    return answer.rows.length > 4 && answer
  }, 'five rows')
  // Everything that started before the newest row is on record: only one run of `tick` lives at a time.
  const until4 = rows[0]?.startedAt ?? rows[0]?.slot ?? ''
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
})

test('the timeline has runs and planned starts, and the last runs of each task come apart', async () => {
  const timeline = await json<TimelineAnswer>('/api/timeline')
  expect(timeline.tasks['byhand']?.runs).toMatchObject([{ run: last, outcome: 'ok', exitCode: 0 }])
  expect(timeline.tasks['tick']?.planned).toHaveLength(200)
  expect(timeline.tasks['tick']?.plannedIsCut).toBe(true)
  const recent = await json<RecentAnswer>('/api/recent?task=byhand&task=long')
  expect(recent.tasks['byhand']?.map(([id, outcome]) => [id, outcome])).toEqual([[last, 'ok']])
  expect(recent.tasks['long']).toEqual([])
})

test('a query that is wrong is refused', async () => {
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
    expect((await askServer(web, bad, { headers: bearer(web) })).status, bad).toBe(400)
})

test('what is not there is not found', async () => {
  for (const missing of ['/api/tasks/nobody', '/api/runs/2099', '/api/nothing', '/assets/no.js'])
    expect((await askServer(web, missing, { headers: bearer(web) })).status, missing).toBe(404)
})

test('without --actions nobody can start a run', async () => {
  const refused = await askServer(web, '/api/run', {
    method: 'POST',
    headers: { ...bearer(web), 'x-torch': '1' },
    body: '{"task":"byhand"}',
  })
  expect(JSON.parse(refused.body).error.code).toBe('read-only')
})

test('no answer has a secret, and metrics are open if that is wanted', async () => {
  const metrics = await askServer(web, '/metrics')
  expect(metrics.body).toMatch(/^torch_up 1$/m)
  const answers = await Promise.all([json('/api/status'), json('/api/tasks/nightly')])
  expect(JSON.stringify(answers) + metrics.body).not.toContain('geheim')
})
