import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { newSite } from '../../support/daemon-here.ts'
import { type Answer, scriptServer, sends } from '../../support/script-server.ts'
import { until } from '../../support/until.ts'

const script = '#!/bin/sh\necho here\n'
const sha256 = createHash('sha256').update(script).digest('hex')

async function siteWith(answer: Answer, ...keys: readonly string[]) {
  const server = await scriptServer(answer)
  onTestFinished(() => server.close())
  const own = keys.map((key) => `    ${key}\n`).join('')
  const site = newSite(`
tasks:
  report:
    schedule: "1 0 12 * * *"
    script: { url: "${server.url}/report", sha256: "${sha256}" }
${own}`)
  return { server, site }
}

test('a start that waits for its script is made by the next daemon, and once', async () => {
  const { server, site } = await siteWith((_, response) => response.writeHead(200).write('#'))
  const first = await site.daemon()
  first.seconds(1)
  // pending.json is written a moment later.
  site.clock.advance(20)
  expect(fs.readFileSync(path.join(site.home, 'pending.json'), 'utf8')).toContain('"report"')
  first.kill()
  server.answer = sends(script)
  const next = await site.daemon()
  site.clock.advance(20)
  await until(() => next.history().includes('report ok'), 'the run')
  expect(next.rows().filter(({ run }) => run !== null)).toHaveLength(1)
  expect(next.rows()[0]).toMatchObject({ slot: '2026-03-10T12:00:01Z', script: { sha256 } })
})

test('a start that a stop finds waiting is skipped', async () => {
  const { site } = await siteWith((_, response) => response.writeHead(200).write('#'))
  const daemon = await site.daemon()
  daemon.seconds(1)
  void daemon.stop(0)
  await until(() => daemon.history().includes('report skipped draining'), 'the skip')
})

test('a run without a script is spawn-failed, and retried until there is one', async () => {
  const { server, site } = await siteWith(
    (_, response) => response.writeHead(404).end(),
    'retry: { attempts: 1, delay: 2s }',
  )
  const daemon = await site.daemon()
  daemon.seconds(1)
  const reason = `script ${server.url}/report: 404 Not Found`
  await until(() => daemon.history().includes(`report spawn-failed ${reason}`), 'the failure')
  server.answer = sends(script)
  daemon.seconds(3)
  await until(() => daemon.history().includes('report ok'), 'the second attempt')
  expect(daemon.rows().map(({ trigger, attempt }) => [trigger, attempt])).toEqual([
    ['schedule', 1],
    ['retry', 2],
  ])
})

test('a reload fetches new scripts ahead, before anything is due', async () => {
  const server = await scriptServer(sends(script))
  onTestFinished(() => server.close())
  const site = newSite('tasks: {}')
  const daemon = await site.daemon()
  const pinned = `script: { url: "${server.url}/report", sha256: "${sha256}" }`
  await daemon.edit(`tasks: { report: { type: manual, ${pinned} } }`)
  site.clock.advance(20)
  const stateOf = async () =>
    (await daemon.ask('scripts', { tasks: [], update: false, clean: false })).scripts[0]?.state
  await until(async () => (await stateOf()) === 'ok', 'the copy')
  expect(server.requests).toHaveLength(1)
  expect(daemon.rows()).toEqual([])
})
