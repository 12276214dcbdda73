import { expect, test } from 'vitest'
import { metricsOf } from '../../../src/daemon/control/daemon-metrics.ts'
import { maxCounted } from '../../../src/record/totals.ts'
import { jitterOf } from '../../../src/text/hash.ts'
import { newSite } from '../../support/daemon-here.ts'

const network = { name: () => 'web1', addresses: () => [] }
const noon = Date.parse('2026-03-10T12:00:00Z')

test('the numbers of a task follow its runs, across a restart of the daemon, until it leaves this host', async () => {
  const command = 'command: "test -e ok", cwd: "."'
  const yaml = (hosts = '') => `tasks:
  job: {schedule: "0 * * * * *", ${command}${hosts}}
  fresh: {schedule: "@hourly", jitter: 50m, command: "true"}
  long: {schedule: "1 0 12 10 3 *", command: "sleep 1000"}
  away: {schedule: "@hourly", command: "true", hosts: [192.0.2.1]}
`
  const site = newSite(yaml())
  const first = await site.daemon({ network })
  const job = () => metricsOf(first.state).series.find(({ task }) => task === 'job')
  expect(metricsOf(first.state)).toMatchObject({
    file: { ok: true },
    tasks: { here: 3, elsewhere: 1 },
    others: 0,
  })
  expect(job()).toMatchObject({ failures: 0, lastRunMs: null, lastSuccessMs: null, running: 0 })
  expect(job()?.nextRunMs).toBe(noon + 60_000)
  const fresh = metricsOf(first.state).series.find(({ task }) => task === 'fresh')
  const jitterMs = jitterOf('fresh', 'web1', 50 * 60_000)
  expect(fresh?.nextRunMs).toBe(noon + 3_600_000 + jitterMs)

  first.seconds(60)
  await first.runs('job', 0)
  const failed = job()
  expect(failed).toMatchObject({ failures: 1, lastSuccessMs: null, runs: { failed: 1, ok: 0 } })
  expect(failed?.lastRunMs).toBeGreaterThanOrEqual(noon)
  expect(first.running('long')).toHaveLength(1)

  // A daemon that died has lost its counts; what is on record is known again.
  first.state.history.flush()
  first.kill()
  const second = await site.daemon({ network })
  const again = metricsOf(second.state).series.find(({ task }) => task === 'job')
  expect(again).toMatchObject({ failures: 1, lastRunMs: failed?.lastRunMs, runs: { failed: 0 } })

  await second.edit(`tasks: {fresh: {schedule: "@hourly", command: "true"}}`)
  const after = metricsOf(second.state)
  expect(after.series.map(({ task }) => task)).toEqual(['fresh'])
  expect(after.leaving).toEqual([{ task: 'long', running: 1 }])

  await second.edit('tasks: {')
  expect(metricsOf(second.state).file.ok).toBe(false)
})

test('with more tasks than get series of their own, the others share one, and the log says so', async () => {
  const names = Array.from({ length: maxCounted + 2 }, (_, index) => `t${index}`)
  const site = newSite(
    `tasks:\n${names.map((name) => `  ${name}: {schedule: "@yearly", command: "true"}\n`).join('')}`,
  )
  const { state, lines } = await site.daemon({ network })
  const { series, others } = metricsOf(state)
  expect([series.length, others]).toEqual([maxCounted + 1, 2])
  expect(series.at(-1)).toMatchObject({ task: '_other', failures: null, nextRunMs: null })
  expect(lines.filter(({ event }) => event === 'metrics').map(({ words }) => words)).toEqual([
    'metrics: 2 tasks of this host have no series of their own and share "_other": the first 1,000 tasks have their own',
  ])
})
