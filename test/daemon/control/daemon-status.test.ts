import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { statusOf } from '../../../src/daemon/control/daemon-status.ts'
import { jitterOf } from '../../../src/text/hash.ts'
import { newSite } from '../../support/daemon-here.ts'

const network = { name: () => 'web1', addresses: () => [] }
const hourly = (name: string) => `${name}: {schedule: "@hourly", command: x, jitter: 50m}`

test('the next start in a status will happen, also if it is a slot that waits for its jitter', async () => {
  const site = newSite(`tasks: {${hourly('old')}}`, { at: '2026-03-10T11:59:58Z' })
  const { state, seconds, edit } = await site.daemon({ network })
  const jitterMs = jitterOf('old', 'web1', 50 * 60_000)
  const nexts = async () => (await statusOf(state)).tasks.map(({ name, next }) => `${name} ${next}`)
  seconds(4)
  // The slot of 12:00 has passed, and its start waits for the jitter.
  expect(await statusOf(state)).toMatchObject({
    tasks: [{ name: 'old', next: '2026-03-10T12:00:00Z', jitterMs }],
  })
  // For a task that was loaded later it is no slot.
  await edit(`tasks: {${hourly('old')}, ${hourly('new')}}`)
  expect(await nexts()).toEqual(['old 2026-03-10T12:00:00Z', 'new 2026-03-10T13:00:00Z'])
})

test('a status shows the last run of a task, and a skip only if there was no run', async () => {
  const site = newSite(
    'tasks: {job: {schedule: "* * * * * *", command: "until test -e go; do sleep 0.1; done", cwd: "."}}',
  )
  const daemon = await site.daemon()
  const last = async () => (await statusOf(daemon.state)).tasks[0]?.last?.outcome
  daemon.seconds(1)
  expect(await last()).toBeUndefined()
  daemon.seconds(1)
  expect(await last()).toBe('skipped')
  fs.writeFileSync(path.join(site.folder, 'go'), '')
  await daemon.runs('job', 0)
  expect(await last()).toBe('ok')
  fs.rmSync(path.join(site.folder, 'go'))
  daemon.seconds(2)
  expect(await last()).toBe('ok')
})

test('the problems of a refused file show no line with a secret', async () => {
  const slips = ['environment', 'Env', 'DB_PASSWORD', 'timeout', 'retry.attempts', 'retry.password']
  const site = newSite('tasks: {}')
  const { state, edit } = await site.daemon({ network })
  await edit(`
tasks:
  broken: {schedule: "61 * * * *", command: x, env: {TOKEN: geheim}}
  called: {schedule: "@daily", command: x, ping: 5, max: "https://ann:geheim@example.com/"}
  wrong:
    schedule: "@daily"
    command: x
    max: three
  slips:
    schedule: "@daily"
    command: x
    environment: { DB_PASSWORD: geheim }
    Env: { TOKEN: geheim }
    DB_PASSWORD: geheim
    timeout: { DB_PASSWORD: geheim }
    retry: { attempts: geheim, password: geheim }
  map:
    schedule: "@daily"
    command: x
    kill_after:
      TOKEN: geheim
`)
  const { problems } = (await statusOf(state)).file
  expect(problems.map(({ path: at, source }) => [at, source])).toEqual([
    ['tasks.broken.schedule', null],
    ['tasks.called.ping', null],
    ['tasks.called.max', null],
    ['tasks.wrong.max', '    max: three'],
    ...slips.map((key) => [`tasks.slips.${key}`, null]),
    ['tasks.map.kill_after', null],
  ])
  expect(JSON.stringify(problems.map(({ source }) => source))).not.toContain('geheim')
})
