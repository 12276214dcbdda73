import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendRequest } from '../../src/notify/web-request.ts'
import { freePort } from '../support/free-port.ts'
import { type Answer, scriptServer, type ScriptServer } from '../support/script-server.ts'

let server: ScriptServer
let other: ScriptServer
beforeAll(async () => {
  other = await scriptServer((_, response) => response.end())
  server = await scriptServer((_, response) => response.end())
})
afterAll(async () => {
  await server.close()
  await other.close()
})

/** The token is in the path: no words may have it. */
const token = 'T0KEN/s3cr3t-part'

async function post(answer: Answer, { signal = new AbortController().signal, teams = false } = {}) {
  server.answer = answer
  server.requests.length = 0
  const delivery = await sendRequest({
    ...{ url: `${server.url}/${token}?key=queryvalue`, method: 'POST', signal, nowMs: 0 },
    body: { type: 'application/json', text: '{"a":1}' },
    headers: { 'x-torch-id': 'id-1' },
    ...(teams && { isFailure: (body: string) => body.includes('delivery failed') }),
  })
  expect(JSON.stringify(delivery)).not.toMatch(/T0KEN|s3cr3t|queryvalue|localhost/)
  return delivery
}

const reply =
  (status: number, headers: Record<string, string> = {}, body = ''): Answer =>
  (_, response) =>
    response.writeHead(status, headers).end(body)

test('a webhook gets the body by POST, with the id of the message', async () => {
  const got: string[] = []
  const delivery = await post((request, response) => {
    request.on('data', (part: Buffer) => got.push(part.toString()))
    request.on('end', () => response.end('ok'))
    expect(request.method).toBe('POST')
  })
  expect(delivery).toEqual({ kind: 'delivered', words: 'HTTP 200' })
  expect(got.join('')).toBe('{"a":1}')
  expect(server.requests[0]?.headers).toMatchObject({
    ...{ 'content-type': 'application/json', 'x-torch-id': 'id-1', 'user-agent': 'torch' },
  })
})

test.each([
  [204, 'delivered'],
  [400, 'refused'],
  [401, 'refused'],
  [404, 'refused'],
  [410, 'refused'],
  [408, 'later'],
  [429, 'later'],
  [500, 'later'],
  [503, 'later'],
])('HTTP %i means %s', async (status, kind) => {
  expect(await post(reply(status))).toEqual({ kind, words: `HTTP ${status}` })
})

test('a server may ask for a pause', async () => {
  expect(await post(reply(429, { 'retry-after': '7' }))).toMatchObject({ retryAfterMs: 7_000 })
  const date = new Date(60_000).toUTCString()
  expect(await post(reply(503, { 'retry-after': date }))).toMatchObject({ retryAfterMs: 60_000 })
})

test('what the server says about an error is kept for a person, without secrets', async () => {
  const body = `no such hook: /${token}?key=queryvalue of ${server.url}`
  const delivery = await post(reply(404, {}, body))
  expect(delivery).toMatchObject({ details: expect.stringMatching(/^no such hook: …/) as string })
})

test('a good answer of a Teams webhook may say that the delivery failed', async () => {
  const bad = reply(200, {}, 'Webhook message delivery failed with error: 429')
  expect(await post(bad, { teams: true })).toMatchObject({ kind: 'later', words: 'HTTP 200' })
  expect(await post(reply(200, {}, '1'), { teams: true })).toMatchObject({ kind: 'delivered' })
})

test('redirects are followed on the same host, as the same request', async () => {
  const methods: string[] = []
  const delivery = await post((request, response) => {
    methods.push(`${request.method} ${request.url}`)
    if (request.url?.endsWith('/next') === true) response.end()
    else response.writeHead(302, { location: '/next' }).end()
  })
  expect(delivery.kind).toBe('delivered')
  expect(methods).toEqual([`POST /${token}?key=queryvalue`, 'POST /next'])
  const loop = reply(307, { location: '/again' })
  expect(await post(loop)).toEqual({ kind: 'refused', words: 'more than 3 redirects' })
})

test('redirects are not followed to another host', async () => {
  for (const location of [`${other.url}/`, server.url.replace('localhost', '127.0.0.1')])
    expect(await post(reply(308, { location }))).toEqual({
      kind: 'refused',
      words: 'HTTP 308: it redirects to another host, which torch does not follow',
    })
  expect(other.requests).toEqual([])
  expect(await post(reply(302, { location: 'ftp://x/' }))).toMatchObject({
    words: 'HTTP 302: it redirects to something that is not https',
  })
  expect(await post(reply(302, { location: 'http://[' }))).toMatchObject({ kind: 'refused' })
})

test('a connection that ends before the answer is tried again', async () => {
  const ended = await post((_, response) => void response.socket?.destroy())
  expect(ended).toMatchObject({ kind: 'later' })
  expect(ended.words).toContain('the connection ended before it answered')
  const half = await post((_, response) => {
    response.socket?.write('HTTP/1.1 200 O')
    response.socket?.destroy()
  })
  expect(half.kind).toBe('later')
  const junk = await post((_, response) => void response.socket?.end('hello\r\n\r\n'))
  expect(junk.kind).toBe('later')
})

test('a good head is enough: the body may be cut off, or have no end', async () => {
  const cut = await post((_, response) => {
    response.writeHead(200, { 'content-length': '1000' })
    response.write('x')
    setTimeout(() => response.socket?.destroy(), 20)
  })
  expect(cut.kind).toBe('delivered')
  const endless = (status: number) => (_: unknown, response: ServerResponse) => {
    response.writeHead(status)
    const more = (): void => {
      while (!response.destroyed && response.write('x'.repeat(1_000)));
      response.once('drain', more)
    }
    more()
  }
  expect((await post(endless(200))).kind).toBe('delivered')
  expect(await post(endless(500))).toMatchObject({ kind: 'later', words: 'HTTP 500' })
})

test('a server that never answers costs only the time that it has', async () => {
  const over = new AbortController()
  const silent = post(() => over.abort(), { signal: over.signal })
  expect(await silent).toEqual({ kind: 'later', words: 'it did not answer in time' })
})

test('a server that refuses, or is not there, is tried again', async () => {
  const ask = async (url: string) =>
    sendRequest({ url, method: 'GET', signal: new AbortController().signal, nowMs: 0 })
  expect(await ask(`http://127.0.0.1:${await freePort()}/${token}`)).toEqual({
    kind: 'later',
    words: 'it refuses the connection (ECONNREFUSED)',
  })
  expect(await ask(`http://no-such-host.invalid/${token}`)).toMatchObject({ kind: 'later' })
  expect(await ask('http://127.0.0.1:25/')).toMatchObject({ kind: 'refused' })
  for (const url of ['', 'hello', 'ftp://x/', `/etc/${token}`])
    expect(await ask(url)).toEqual({
      kind: 'refused',
      words: 'its URL is not an http or https URL',
    })
})

test('a port that fetch does not ask is refused for good', async () => {
  const parts = { method: 'GET', signal: new AbortController().signal, nowMs: 0 } as const
  expect(await sendRequest({ url: 'http://127.0.0.1:25/', ...parts })).toMatchObject({
    ...{
      kind: 'refused',
      words: 'torch does not send to the port in its URL, which belongs to another service',
    },
  })
})

test('a user and a password in the URL are sent as such', async () => {
  server.answer = (_, response) => response.end()
  server.requests.length = 0
  const url = server.url.replace('//', '//me:p%40ss@')
  await sendRequest({ url, method: 'GET', signal: new AbortController().signal, nowMs: 0 })
  const auth = `Basic ${Buffer.from('me:p@ss').toString('base64')}`
  expect(server.requests[0]?.headers.authorization).toBe(auth)
})
