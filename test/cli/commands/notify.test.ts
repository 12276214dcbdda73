import fs from 'node:fs'
import type { IncomingMessage } from 'node:http'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { scriptServer, type ScriptServer } from '../../support/script-server.ts'
import { closeSites, newSite, type Site } from '../../support/torch.ts'
import { until } from '../../support/until.ts'

const servers: ScriptServer[] = []
afterEach(async () => {
  await closeSites()
  for (const server of servers.splice(0)) await server.close()
})

/** A server that notes the ids that it gets, and answers only when it may. */
async function hookServer() {
  const ids: string[] = []
  const state = { isSilent: false }
  const take = async (request: IncomingMessage): Promise<boolean> => {
    const body = await bodyOf(request)
    if (body.startsWith('{')) ids.push((JSON.parse(body) as { id: string }).id)
    return !state.isSilent
  }
  const server = await scriptServer((request, response) => {
    void take(request).then((mayAnswer) => mayAnswer && response.end())
  })
  servers.push(server)
  return { server, ids, state }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of request) text += String(part)
  return text
}

const token = 'T0KEN-s3cr3t'

function newHookSite(url: string): Site {
  const site = newSite(`notify:
  ops: { webhook: { env: HOOK_URL }, format: json }
  plain: { webhook: ${url}/plain/${token} }
  gone: { webhook: { env: NO_SUCH_URL } }
  own: { command: [sh, -c, 'cat >>told; echo done'] }
defaults:
  notify: { to: [ops], on: [failed] }
tasks:
  dump: { command: 'exit 3', schedule: '@yearly' }
  load: { command: 'exit 4', type: manual }
`)
  return site
}

/** What torch keeps and says must not have the token. */
function expectNoSecret(site: Site, ...texts: string[]): void {
  const outbox = path.join(site.home, 'outbox')
  const kept = fs
    .readdirSync(outbox)
    .map((name) => fs.readFileSync(path.join(outbox, name), 'utf8'))
  const log = fs.readFileSync(path.join(site.home, 'daemon.log'), 'utf8')
  for (const text of [...kept, ...texts, log]) expect(text).not.toContain(token)
}

test('torch notify tests a target, through the daemon and without one, and shows the last results', async () => {
  const { server, ids } = await hookServer()
  const site = newHookSite(server.url)
  const env = { HOOK_URL: `${server.url}/${token}` }
  const here = await site.torchWith({ env }, 'notify', 'test', 'ops')
  expect(here).toMatchObject({ status: 0, stdout: 'ops: delivered: HTTP 200\n' })
  expect(here.stderr).toContain('torch is not running')
  const each = await site.torchWith({ env }, 'notify', 'test')
  expect(each.stdout).toContain('own: delivered')
  expect(each.stderr.match(/torch is not running/g)).toHaveLength(1)
  expect(await site.torchWith({ env }, 'start')).toMatchObject({ status: 0 })
  expect(await site.torch('notify', 'test', 'ops')).toMatchObject({
    ...{ status: 0, stdout: 'ops: delivered: HTTP 200\n', stderr: '' },
  })
  expect(ids).toHaveLength(4)
  server.answer = (request, response) => response.writeHead(404).end(`no hook ${request.url}`)
  const plain = await site.torch('notify', 'test', 'plain', '--json')
  expect(JSON.parse(plain.stdout)).toEqual({
    ...{ target: 'plain', result: 'refused', words: 'HTTP 404', details: 'no hook …' },
  })
  expect(plain.status).toBe(1)
  const gone = await site.torch('notify', 'test', 'gone')
  expect(gone.stdout).toBe(
    'gone: not delivered: the daemon has no variable NO_SUCH_URL: set it, then stop and start the daemon\n',
  )
  const wrong = await site.torch('notify', 'test', 'obs')
  expect(wrong).toMatchObject({ status: 1 })
  expect(wrong.stderr).toContain('the tasks file has no target "obs"')
  expect(wrong.stderr).toContain('did you mean ops?')
  expect(await site.torch('notify', 'tset', 'ops')).toMatchObject({
    ...{ status: 2, stderr: expect.stringContaining('did you mean test?') },
  })
  const all = await site.torch('notify', 'test')
  expect(all.status).toBe(1)
  expect(all.stdout.split('\n').filter((line) => /^(ops|plain|gone|own): /.test(line))).toEqual([
    'ops: not delivered: HTTP 404',
    'plain: not delivered: HTTP 404',
    expect.stringMatching(/^gone: not delivered: the daemon has no variable/),
    'own: delivered: exit code 0',
  ])
  const listed = await site.torch('notify', 'test', '--json')
  expect(JSON.parse(listed.stdout)).toMatchObject([
    ...[{ target: 'ops' }, { target: 'plain' }, { target: 'gone' }],
    { target: 'own', result: 'delivered' },
  ])
  const shown = await site.torch('notify', '--json')
  expect(JSON.parse(shown.stdout)).toMatchObject({
    targets: [
      { name: 'ops', kind: 'webhook', waiting: 0, last: { result: 'failed' } },
      { name: 'plain', last: { result: 'failed', words: 'HTTP 404' } },
      { name: 'gone', last: { result: 'failed' } },
      { name: 'own', kind: 'command', last: { result: 'delivered' } },
    ],
  })
  const table = await site.torch('notify')
  expect(table.stdout).toMatch(/^plain +webhook +0 .* failed: HTTP 404$/m)
  expectNoSecret(site, plain.stdout, shown.stdout, table.stdout)
})

test('a message survives kill -9 of the daemon and torch restart, and comes again with the same id', async () => {
  const { server, ids, state } = await hookServer()
  const site = newHookSite(server.url)
  const env = { HOOK_URL: `${server.url}/${token}` }
  state.isSilent = true
  await site.torchWith({ env }, 'start')
  await site.torch('run', 'dump')
  await until(() => ids.length === 1, 'the first attempt')
  process.kill(site.pid() ?? 0, 'SIGKILL')
  const waiting = await site.torch('notify', '--json')
  const shown = JSON.parse(waiting.stdout) as { targets: object[] }
  expect(shown.targets[0]).toMatchObject({ name: 'ops', waiting: 1 })
  const hint = 'torch notify test ops tries now, and then sends what waits'
  expect((await site.torch('notify')).stderr).toContain(hint)
  const results = path.join(site.home, 'outbox', 'results.json')
  const last = { at: '2026-03-10T12:00:00.000Z', result: 'delivered', words: 'HTTP 200' }
  fs.writeFileSync(results, JSON.stringify({ ops: last }))
  expect((await site.torch('notify')).stderr).not.toContain(hint)
  fs.rmSync(results)
  state.isSilent = false
  await site.torchWith({ env }, 'start')
  await until(() => ids.length >= 2, 'the second attempt')
  expect(new Set(ids).size).toBe(1)
  const outbox = path.join(site.home, 'outbox')
  const entries = () => fs.readdirSync(outbox).filter((name) => /^\d/.test(name))
  await until(() => entries().length === 0, 'an empty outbox')

  state.isSilent = true
  const before = ids.length
  await site.torch('run', 'load')
  await until(() => ids.length === before + 1, 'the first attempt of the second message')
  expect(entries().length).toBe(1)
  // The attempt that is under way gets no answer: the next daemon makes another one.
  state.isSilent = false
  expect(await site.torch('restart')).toMatchObject({ status: 0 })
  await until(() => entries().length === 0, 'an empty outbox after the restart')
  expect(new Set(ids.slice(before)).size).toBe(1)
  const [ops] = (JSON.parse((await site.torch('notify', '--json')).stdout) as typeof shown).targets
  expect(ops).toMatchObject({ name: 'ops', waiting: 0, last: { result: 'delivered' } })
  expectNoSecret(site)
})
