import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ScriptReport } from '../../../../src/control/protocol.ts'
import { historyOf, logOf, readIfThere } from '../../../support/daemon.ts'
import {
  type Answer,
  type Certificate,
  faultyAnswers,
  newCertificate,
  type ScriptServer,
  scriptServer,
  sends,
} from '../../../support/script-server.ts'
import { closeSites, newSite } from '../../../support/torch.ts'
import { until } from '../../../support/until.ts'

let certificate: Certificate
beforeAll(() => {
  const folder = fs.mkdtempSync('/tmp/torch-certificate-')
  certificate = newCertificate(folder)
  return () => fs.rmSync(folder, { recursive: true, force: true })
})
const servers: ScriptServer[] = []
afterAll(async () => {
  await closeSites()
  for (const server of servers) await server.close()
})

/** A site with a server, where torch trusts the server and has a cache folder of its own. */
async function scriptSite(tasks: (url: string) => string, answer: Answer) {
  const server = await scriptServer(answer, certificate)
  servers.push(server)
  const site = newSite(tasks(server.url))
  const cache = path.join(site.folder, 'cache')
  // Every user may read it, as /var/cache.
  fs.chmodSync(site.folder, 0o755)
  const env = { NODE_EXTRA_CA_CERTS: certificate.file, TORCH_CACHE: cache }
  const torch = (...words: string[]) => site.torchWith({ env }, ...words)
  const scripts = async (...words: string[]) =>
    JSON.parse((await torch('scripts', '--json', ...words)).stdout) as ScriptReport[]
  return { server, site, cache, torch, scripts }
}

const hello = '#!/bin/sh\necho "hello from $0"\n'

describe.concurrent('torch scripts', () => {
  test('shows, fetches and cleans scripts, with and without a daemon', async () => {
    const { server, site, torch, scripts } = await scriptSite(
      (url) => `
sources: { ops: "${url}/%s" }
tasks:
  hello: { type: manual, script: ops:bin/hello }
  list: { type: manual, script: ops:bin/hello, command: [sh, $TORCH_SCRIPT, a] }
  stay: { type: daemon, script: ops:bin/hello, command: '"$TORCH_SCRIPT"; exec sleep 600' }
  plain: { type: manual, command: echo }
`,
      sends(hello),
    )
    expect(await scripts()).toMatchObject([
      { task: 'hello', state: 'missing', reason: 'not fetched yet', sha256: null },
      { task: 'list', state: 'missing' },
      { task: 'stay', state: 'missing' },
    ])
    const first = await torch('run', 'hello')
    expect(first).toMatchObject({ status: 0, stderr: '' })
    const [row] = await historyOf(site)
    expect(row?.script).toEqual({
      ...{
        url: `${server.url}/bin/hello`,
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        stale: null,
      },
    })
    const sha256 = row?.script?.sha256 ?? ''
    expect(first.stdout).toMatch(new RegExp(`^hello from .*/cache/${sha256}\n$`))
    const shown = await torch('history', row?.run ?? '')
    expect(shown.stdout).toMatch(
      new RegExp(`^script +${server.url}/bin/hello\n +sha256 ${sha256}$`, 'm'),
    )
    expect((await torch('scripts', '--show', 'hello')).stdout).toBe(hello)

    server.answer = (_, response) => response.writeHead(403).end()
    const offline = await torch('run', 'hello', '-u')
    expect(offline).toMatchObject({ status: 1, stdout: '' })
    expect(offline.stderr).toContain(`script ${server.url}/bin/hello: 403 Forbidden`)
    expect(offline.stderr).toContain('to run the copy that is here: torch run hello')
    expect(await historyOf(site)).toHaveLength(1)

    server.answer = sends(hello)
    expect((await torch('start')).status).toBe(0)
    expect((await torch('scripts', 'hello', '--update')).status).toBe(0)
    const text = await torch('scripts', 'hello')
    expect(text.stdout).toMatch(
      new RegExp(`^TASK +SHA256 +SIZE +FETCHED +LOOKED FOR +URL +STATE\n`),
    )
    expect(text.stdout).toContain(`\n  sha256: ${sha256} # hello\n`)
    await until(async () => (await scripts()).every(({ state }) => state === 'ok'), 'both scripts')
    const listed = await torch('run', 'list')
    expect(listed.stdout).toMatch(new RegExp(`^hello from .*/cache/${sha256}\n$`))

    server.answer = sends(`${hello}echo 2\n`)
    expect((await torch('run', 'hello')).stdout).not.toContain('2\n')
    expect((await torch('run', '-u', 'hello')).stdout).toMatch(/2\n$/)
    // A run of a daemon task keeps its version; its next start has the new one.
    await torch('scripts', 'stay', '--update')
    const staying = async () => (await torch('logs', 'stay', '--json')).stdout
    expect(await staying()).toContain(`/cache/${sha256}\\n"`)
    await torch('kill', 'stay')
    await until(async () => (await staying()).includes('\\n2\\n"'), 'the next start')
    server.answer = (_, response) => response.writeHead(404).end()
    const failed = await torch('run', '-u', 'hello')
    expect(failed).toMatchObject({ status: 1, stdout: '' })
    expect(failed.stderr).toContain(`script ${server.url}/bin/hello: 404 Not Found`)
    expect((await torch('run', 'hello')).stdout).toMatch(/2\n$/)
    const updated = await torch('scripts', '--update')
    expect(updated).toMatchObject({ status: 1 })
    expect(updated.stdout).toMatch(/ stale: 404 Not Found, since 2\S+$/m)
    const status = await torch('status', 'hello')
    expect(status.stdout).toMatch(
      /^trouble +the script of hello is stale: 404 Not Found, since .*\)$/m,
    )
    expect(status.stdout).toMatch(
      new RegExp(`^ +script +${server.url}/bin/hello\n +update: never$`, 'm'),
    )
    const rows = await historyOf(site)
    expect(rows.at(-1)?.script).toMatchObject({ stale: '404 Not Found' })
    expect(
      logOf(site)
        .filter(({ event }) => event === 'script')
        .map(({ msg }) => msg),
    ).toContain(`script ${server.url}/bin/hello: 404 Not Found`)
    expect(await torch('scripts', '--clean')).toMatchObject({
      ...{ status: 0, stdout: expect.stringMatching(/^removed \d unused scripts?\n$/), stderr: '' },
    })
    // What cannot be had must not look like what is new.
    expect(await torch('scripts', '--show', 'hello', '--update')).toMatchObject({
      ...{ status: 1, stdout: '', stderr: expect.stringContaining('404 Not Found') },
    })
    expect(await torch('scripts', '--show', 'hello', '--clean')).toMatchObject({ status: 2 })
    expect(await torch('run', '-u', 'plain')).toMatchObject({ status: 2 })
    expect(await torch('scripts', 'plain')).toMatchObject({ status: 2 })
  })

  test('the last good copy runs after everything that a server can do wrong', async () => {
    const { server, site, torch } = await scriptSite(
      (url) => `
tasks:
  report:
    type: manual
    script: { url: "${url}/report", update: always, timeout: 1s, max_size: 100kB }
  tick: { schedule: "* * * * * *", command: "true" }
`,
      sends('#!/bin/sh\necho good\n'),
    )
    expect((await torch('start')).status).toBe(0)
    const pid = site.pid() ?? 0
    expect((await torch('run', 'report')).stdout).toBe('good\n')
    const before = memoryOf(pid)
    const insecure: typeof faultyAnswers = [
      [
        'a redirect to http',
        (_, response) => response.writeHead(301, { location: 'http://localhost:1/x' }).end(),
        /^redirects to http:\/\/localhost:1\/x, which is not https$/,
      ],
    ]
    for (const [name, answer, reason] of [...insecure, ...faultyAnswers]) {
      server.answer = answer
      const { stdout } = await torch('run', 'report')
      expect([name, stdout]).toEqual([name, 'good\n'])
      const row = (await historyOf(site)).findLast(({ task }) => task === 'report')
      expect([name, row?.script?.stale]).toEqual([name, expect.stringMatching(reason)])
    }
    await server.close()
    expect((await torch('run', 'report')).stdout).toBe('good\n')
    expect(memoryOf(pid) - before).toBeLessThan(60_000)
    const ticks = (await historyOf(site)).filter(({ task }) => task === 'tick')
    expect(ticks.filter(({ outcome }) => outcome === 'missed')).toEqual([])
  })

  test('a start without a copy waits for it, and fails with the reason if there is none', async () => {
    const gate: (() => void)[] = []
    let answerOfGone: Answer = (_, response) => response.writeHead(404).end()
    const sum = 'a'.repeat(64)
    const { server, site, torch, cache } = await scriptSite(
      (url) => `
tasks:
  slow:
    schedule: "* * * * * *"
    script: { url: "${url}/slow", update: never }
  gone: { type: daemon, script: "${url}/gone", restart: { delay: 1h } }
  wrong: { type: manual, script: { url: "${url}/gone", sha256: "${sum}" } }
`,
      (request, response) => {
        if (request.url === '/gone') answerOfGone(request, response)
        else gate.push(() => sends('#!/bin/sh\necho here\n')(request, response))
      },
    )
    fs.mkdirSync(path.join(cache, 'tmp'), { recursive: true })
    fs.writeFileSync(path.join(cache, 'tmp', '4194303-1-1'), '')
    expect((await torch('start')).status).toBe(0)
    await until(
      () => readIfThere(path.join(site.home, 'pending.json')).includes('"slow"'),
      'the wait',
    )
    expect(fs.existsSync(path.join(cache, 'tmp', '4194303-1-1'))).toBe(false)
    // The second one finds the first one, which counts as a run.
    await until(
      async () =>
        (await historyOf(site)).some(
          ({ task, outcome }) => task === 'slow' && outcome === 'skipped',
        ),
      'the slot that is skipped',
    )
    for (const open of gate) open()
    const first = await until(
      async () =>
        (await historyOf(site)).find(({ task, outcome }) => task === 'slow' && outcome === 'ok'),
      'the run',
    )
    expect(first.lateMs).toBeGreaterThan(500)
    expect(server.requests.filter((each) => each.path === '/slow')).toHaveLength(1)
    const gone = (await historyOf(site)).find(({ task }) => task === 'gone')
    expect(gone).toMatchObject({
      ...{ outcome: 'spawn-failed', reason: `script ${server.url}/gone: 404 Not Found` },
      script: { url: `${server.url}/gone`, sha256: null, stale: '404 Not Found' },
    })
    const shown = await torch('history', gone?.run ?? '')
    expect(shown.stdout).toMatch(/^command +the script$/m)
    expect(shown.stdout).toContain('missing: 404 Not Found')

    // Sums are short in tables, and whole where a person can copy them.
    const whole = /sha256 is [0-9a-f]{64}, the tasks file says a{64}\b/
    answerOfGone = sends(hello)
    const wrong = await torch('run', '-u', 'wrong')
    expect(wrong).toMatchObject({ status: 1, stdout: '' })
    expect(wrong.stderr).toMatch(/: sha256 is [0-9a-f]{64}, the tasks file says a{64}\n/)
    expect(wrong.stderr).toContain('nothing was started, and there is no older copy')
    const failed = await torch('run', 'wrong')
    expect(failed.status).toBe(126)
    expect(failed.stderr).toMatch(whole)
    const inShort = /sha256 is [0-9a-f]{12}, the tasks file says a{12}\b/
    const listed = (await torch('scripts', 'wrong')).stdout
    expect(listed).toMatch(inShort)
    expect(listed).toMatch(/^wrong: sha256 is [0-9a-f]{64}, the tasks file says a{64}$/m)
    expect((await torch('history', 'wrong')).stdout).toMatch(inShort)
    const status = await torch('status', 'wrong')
    expect(status.stdout).toMatch(inShort)
    expect(status.stdout).toContain(`sha256: ${sum}`)
    const [last] = (await historyOf(site)).filter(({ task }) => task === 'wrong')
    expect(last?.reason).toMatch(/the tasks file says a{64}$/)
  })
})

/** What a process has in memory, in kB. */
function memoryOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readIfThere(`/proc/${pid}/status`))?.[1])
}
