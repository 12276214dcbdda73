import assert from 'node:assert/strict'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { askDaemon } from '../../src/control/client.ts'
import { serveControl } from '../../src/control/server.ts'
import { plainAnswers, requestText } from '../support/control.ts'
import { damaged } from './mutate.ts'
import type { Target } from './target.ts'

/** How long the server may take to end a connection. */
const maxAnswerMs = 3_000

const good = [
  requestText('POST', '/status', '{}'),
  requestText('POST', '/run', '{"task":"backup","force":true}'),
  requestText('POST', '/kill', '{"target":"backup","signal":"SIGTERM"}'),
  requestText('POST', '/stop', '{"graceMs":5,"leave":false}'),
  requestText('POST', '/flush', ''),
  'POST /run HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"tas\r\n13\r\nk":"a","force":true}\r\n0\r\n\r\n',
  'GET /status HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
  'POST /reload HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}',
  'POST /status HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n',
]
const oneOf = (...all: string[]) => fc.constantFrom(...all)
const generated = fc
  .record({
    method: oneOf('POST', 'POST', 'GET', 'PUT', 'HEAD', 'post', 'PRI', 'M-SEARCH', ''),
    url: fc.oneof(
      oneOf(
        '/run',
        '/kill',
        '/stop',
        '/',
        '*',
        '/run?x=1',
        'http://a/run',
        '/../run',
        '/__proto__',
        '/%00',
      ),
      fc.string(),
    ),
    version: oneOf('HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/9', ''),
    headers: fc.array(
      oneOf(
        'Host: x',
        'Content-Length: 5',
        'Content-Length: 0',
        'Content-Length: -1',
        'Content-Length: 99999999999999999999',
        'Transfer-Encoding: chunked',
        'Transfer-Encoding: gzip',
        'Connection: keep-alive',
        `X: ${'a'.repeat(9000)}`,
        'X:',
        ': x',
        ' folded',
        'Expect: 100-continue',
      ),
      { maxLength: 4 },
    ),
    body: fc.oneof(
      fc.json(),
      fc.string({ unit: 'binary' }),
      oneOf(
        '',
        '5\r\nhello\r\n0\r\n\r\n',
        'fffffffff\r\n',
        '{"task":1,"force":2}',
        '[',
        `"${'a'.repeat(70_000)}"`,
      ),
    ),
  })
  .map(
    ({ method, url, version, headers, body }) =>
      `${method} ${url} ${version}\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n${body}`,
  )
const clients = fc.record({
  text: fc.oneof(
    damaged(good),
    generated,
    damaged(good).map((text) => `${good[0]}${text}`),
  ),
  /** Where the text is split, as shares of its length. */
  cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
  goesAway: fc.boolean(),
})

/** Any bytes get an HTTP answer or a closed connection, and the next request is answered. */
export const control: Target = {
  name: 'control',
  share: 25,
  async start() {
    const home = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-fuzz-'))
    const socket = path.join(home, 'torch.sock')
    const troubles: string[] = []
    const server = await serveControl(socket, plainAnswers, (message) => troubles.push(message))
    return {
      property: fc.asyncProperty(clients, async ({ text, cuts, goesAway }) => {
        const answer = await exchange(socket, partsOf(text, cuts), goesAway)
        if (answer !== '') assert.match(answer, /^HTTP\/1\.1 [1245]\d\d [^]*\r\n\r\n/)
        assert.doesNotMatch(answer, /^HTTP\/1\.1 5/, 'the daemon has failed')
        assert.deepEqual(await askDaemon(socket, 'run', { task: 'a', force: false }), {
          run: 'r1',
          task: 'a',
          directory: '/runs/r1',
          elsewhere: false,
        })
        assert.deepEqual(troubles, [])
      }),
      async close() {
        await server.close()
        fs.rmSync(home, { recursive: true })
      },
    }
  },
}

function partsOf(text: string, cuts: readonly number[]): string[] {
  const offsets = cuts.map((cut) => Math.floor(cut * text.length)).toSorted((a, b) => a - b)
  return [...offsets, text.length].map((end, at) => text.slice(offsets[at - 1] ?? 0, end))
}

/** The answer, up to the end of the connection. Rejects if the server does not end it in time. */
function exchange(socket: string, parts: readonly string[], goesAway: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    let got = ''
    const client = net.connect(socket)
    const timer = setTimeout(() => {
      client.destroy()
      reject(
        new Error(
          `the server did not end the connection within ${maxAnswerMs} ms after ${JSON.stringify(got)}`,
        ),
      )
    }, maxAnswerMs)
    client.on('data', (chunk) => (got += chunk.toString('latin1')))
    client.on('error', () => undefined)
    client.on('close', () => {
      clearTimeout(timer)
      resolve(got)
    })
    client.on('connect', () => void send(client, parts, goesAway))
  })
}

async function send(
  client: net.Socket,
  parts: readonly string[],
  goesAway: boolean,
): Promise<void> {
  for (const each of parts) {
    if (client.destroyed) return
    client.write(each)
    await new Promise((resolve) => setImmediate(resolve))
  }
  if (goesAway) client.destroy()
  else client.end()
}
