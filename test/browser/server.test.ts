import fs from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ask, historyOf, maxTestMs, startDaemon } from '../support/daemon.ts'
import { newSite, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'
import { askServer, bearer, startWebServer, type WebServer } from '../support/web-server.ts'

const mega = 1024 * 1024
const printedBytes = 24 * mega
const tasks = `tasks:
  quick: { type: manual, command: "echo quick" }
  large: { type: manual, command: "head -c ${printedBytes} /dev/zero | tr '\\\\0' x", output: { max_size: 100MB } }
`

describe('torch web, as programs meet it', { timeout: maxTestMs }, () => {
  let site: Site
  let server: WebServer

  beforeAll(async () => {
    site = newSite(tasks)
    await startDaemon(site)
    server = await startWebServer(site, ['--actions'])
  })
  afterAll(() => site.close())

  const runs = async (task: string) =>
    (await historyOf(site)).filter((row) => row.task === task).length
  const ended = (run: string) =>
    until(
      async () => (await historyOf(site)).find((row) => row.run === run && row.endedAt !== null),
      `the end of ${run}`,
    )

  test('the token is in a file that only its owner may open', () => {
    const file = path.join(site.home, 'web-token')
    expect(fs.readFileSync(file, 'utf8').trim()).toBe(server.token)
    expect(fs.statSync(file).mode & 0o777).toBe(0o600)
    expect(Buffer.from(server.token, 'base64url').length).toBe(32)
  })

  test.each([
    ['another name, as in DNS rebinding', { host: 'evil.example' }],
    ['another name with our port', { host: 'evil.example:8181' }],
    ['our address as a part of a name', { host: '127.0.0.1.evil.example' }],
    ['another name before an at sign', { host: 'evil.example@127.0.0.1' }],
  ])('a request is refused if its Host header is %s', async (_, headers) => {
    for (const asked of ['/', '/api/status', '/healthz', `/?token=${server.token}`]) {
      const answer = await askServer(server, asked, { headers: { ...bearer(server), ...headers } })
      expect([400, 421], asked).toContain(answer.status)
      expect(answer.body, asked).not.toContain('quick')
      expect(answer.headers['set-cookie'], asked).toBeUndefined()
    }
  })

  test.each(['/', '/api/status', '/api/events', '/api/history', '/assets/x.js', '/metrics'])(
    'nobody reads %s without the token, nor with a wrong one',
    async (asked) => {
      for (const headers of [{}, { authorization: 'Bearer x' }, { cookie: 'torch=x' }]) {
        const answer = await askServer(server, asked, { headers })
        expect([401, 429]).toContain(answer.status)
        expect(JSON.parse(answer.body)).toMatchObject({ error: { code: expect.any(String) } })
      }
    },
  )

  test('wrong tokens from one address have to wait, and the right one comes in all the same', async () => {
    const wrong = { authorization: `Bearer ${'x'.repeat(43)}` }
    const statuses: number[] = []
    for (let tries = 0; tries < 12; tries += 1)
      statuses.push((await askServer(server, '/api/status', { headers: wrong })).status)
    expect(statuses.at(-1)).toBe(429)
    expect((await askServer(server, '/api/status', { headers: bearer(server) })).status).toBe(200)
  })

  test.each([
    ['without the header X-Torch', {}],
    ['from another origin', { 'x-torch': '1', origin: 'http://evil.example' }],
    ['from another port of this machine', { 'x-torch': '1', origin: 'http://127.0.0.1:1' }],
    ['from a file', { 'x-torch': '1', origin: 'null' }],
    ['from another site, by its own word', { 'x-torch': '1', 'sec-fetch-site': 'cross-site' }],
    ['from another port, by its own word', { 'x-torch': '1', 'sec-fetch-site': 'same-site' }],
  ])('a POST %s is refused and starts nothing', async (_, headers) => {
    const before = await runs('quick')
    const answer = await askServer(server, '/api/run', {
      method: 'POST',
      headers: { ...bearer(server), 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ task: 'quick' }),
    })
    expect(answer.status).toBe(403)
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: 'forbidden' } })
    expect(await runs('quick')).toBe(before)
  })

  test('a POST of our own page starts a run', async () => {
    const answer = await askServer(server, '/api/run', {
      method: 'POST',
      headers: {
        ...bearer(server),
        'content-type': 'application/json',
        'x-torch': '1',
        origin: server.address.slice(0, -1),
        'sec-fetch-site': 'same-origin',
      },
      body: JSON.stringify({ task: 'quick' }),
    })
    expect(answer.status).toBe(200)
    await ended((JSON.parse(answer.body) as { run: string }).run)
  })

  test('ten of sixty event streams hear that there are too many, and a place that becomes free is given', async () => {
    const streams = await Promise.all(Array.from({ length: 60 }, () => openStream('/api/events')))
    const open = streams.filter(({ status }) => status === 200)
    const refused = streams.filter(({ status }) => status !== 200)
    expect(open.length).toBe(50)
    for (const { status, text } of refused) {
      expect([429, 503]).toContain(status)
      const body = await until(() => /\{.*\}/.exec(text())?.[0], 'the error')
      expect(JSON.parse(body)).toMatchObject({
        error: { code: expect.any(String), message: expect.stringMatching(/50|too many/) },
      })
    }
    expect((await askServer(server, '/api/status', { headers: bearer(server) })).status).toBe(200)
    open[0]?.close()
    const next = await until(async () => {
      const found = await openStream('/api/events')
      if (found.status === 200) return found
      found.close()
      return undefined
    }, 'a free place')
    for (const { close } of [...streams, next]) close()
  })

  test('readers that stand still cost no memory and delay nobody', async () => {
    const { run } = await ask(site, 'run', { task: 'large', force: false })
    await ended(run)
    const reading = await openStream('/api/events')
    const output = `/api/runs/${run}/output`
    // A first answer, so that what only comes once does not count.
    await askServer(server, `${output}?from=0&to=${mega}`, { headers: bearer(server) })
    const before = residentBytes(server.pid)
    for (let each = 0; each < 8; each += 1) {
      await stalled(`${output}?download=1`)
      await stalled(`${output}?follow=1&from=0`)
      await stalled('/api/events')
    }
    const seen = reading.text().length
    const { run: small } = await ask(site, 'run', { task: 'quick', force: false })
    await until(() => reading.text().slice(seen).includes(small), 'the event of the run')
    for (let each = 0; each < 10; each += 1) {
      const { run: more } = await ask(site, 'run', { task: 'quick', force: false })
      await ended(more)
    }
    expect((await askServer(server, '/api/status', { headers: bearer(server) })).status).toBe(200)
    const whole = await askServer(server, `${output}?download=1`, { headers: bearer(server) })
    expect(whole.body.length).toBe(printedBytes)
    // All of them together asked for more than ten times as much.
    expect(residentBytes(server.pid) - before).toBeLessThan(64 * mega)
  })

  test('no bad address stops the server', async () => {
    const bad = [
      '/api/runs/..%2f..%2fweb-token/output',
      '/api/runs/%00/output',
      '/api/runs/20260101T000000.000-000000/output?from=-1',
      '/api/tasks/%E0%A4%A',
      '/api/tasks/..%2f..',
      '/api/tasks/constructor',
      '/api/timeline?from=x&to=y',
      '/api/timeline?from=2026-01-01T00:00:00Z&to=1970-01-01T00:00:00Z',
      '/api/history?limit=-5',
      '/api/history?limit=1e99&before=%27;drop%20table%20runs',
      '/assets/..%2f..%2f..%2fetc/passwd',
      '//evil.example/..',
      `/${'a'.repeat(20_000)}`,
    ]
    for (const asked of bad) {
      const answer = await askServer(server, asked, { headers: bearer(server) })
      expect(answer.status, asked).toBeLessThan(500)
      expect(answer.body, asked).not.toContain(server.token)
      expect(answer.body, asked).not.toContain('root:')
    }
    expect((await askServer(server, '/healthz')).status).toBe(200)
  })

  interface Stream {
    readonly status: number
    /** What has come so far. */
    text(): string
    close(): void
  }

  /** Opens an event stream and reads it. */
  function openStream(address: string): Promise<Stream> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: server.port, path: address, agent: false }
      const request = http.get({ ...options, headers: bearer(server) }, (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => (text += chunk.toString()))
        response.on('error', () => {})
        const close = (): void => void request.destroy()
        resolve({ status: response.statusCode ?? 0, text: () => text, close })
      })
      request.on('error', reject)
      onTestFinished(() => void request.destroy())
    })
  }

  /** Sends a request and never reads more than the first bytes of its answer. */
  async function stalled(address: string): Promise<void> {
    const socket = net.connect({ host: '127.0.0.1', port: server.port })
    onTestFinished(() => void socket.destroy())
    const head = [`GET ${address} HTTP/1.1`, `Host: 127.0.0.1:${server.port}`]
    const more = [`Authorization: Bearer ${server.token}`, '', '']
    socket.write([...head, ...more].join('\r\n'))
    const first = await new Promise<Buffer>((resolve, reject) => {
      socket.once('data', resolve)
      socket.once('error', reject)
      socket.once('close', () => reject(new Error(`${address}: closed`)))
    })
    socket.pause()
    expect(first.toString()).toMatch(/^HTTP\/1\.1 200/)
  }
})

function residentBytes(pid: number): number {
  const [, kibibytes] =
    /^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kibibytes) * 1024
}
