import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import path from 'node:path'
import zlib from 'node:zlib'

export type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A server whose answer the test changes. */
export interface ScriptServer {
  readonly url: string
  /** How it answers from now on. */
  answer: Answer
  /** The requests so far: their paths and headers. */
  readonly requests: { readonly path: string; readonly headers: http.IncomingHttpHeaders }[]
  /** The most requests that it answered at one time. */
  mostAtOnce(): number
  /** Ends all connections, and listens no more. */
  close(): Promise<void>
}

/** An HTTP server on this machine; with a certificate, one for HTTPS. */
export async function scriptServer(
  answer: Answer,
  certificate?: Certificate,
): Promise<ScriptServer> {
  const requests: ScriptServer['requests'] = []
  const sockets = new Set<Socket>()
  let [now, most] = [0, 0]
  const handle: Answer = (request, response) => {
    requests.push({ path: request.url ?? '', headers: request.headers })
    now += 1
    most = Math.max(most, now)
    response.on('close', () => (now -= 1))
    response.on('error', () => {})
    self.answer(request, response)
  }
  const server =
    certificate === undefined
      ? http.createServer(handle)
      : https.createServer({ key: certificate.key, cert: certificate.cert }, handle)
  for (const event of ['connection', 'secureConnection'])
    server.on(event, (socket: Socket) => {
      sockets.add(socket)
      socket.on('error', () => {})
    })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const scheme = certificate === undefined ? 'http' : 'https'
  const self: ScriptServer = {
    url: `${scheme}://localhost:${port}`,
    answer,
    requests,
    mostAtOnce: () => most,
    async close() {
      if (!server.listening) return
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return self
}

export interface Certificate {
  readonly key: string
  readonly cert: string
  /** For NODE_EXTRA_CA_CERTS. */
  readonly file: string
}

/** A certificate for localhost that signs itself. */
export function newCertificate(folder: string): Certificate {
  const [key, file] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')]
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', key, '-out', file, '-days', '2', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
    ],
    { stdio: 'ignore' },
  )
  return { key: fs.readFileSync(key, 'utf8'), cert: fs.readFileSync(file, 'utf8'), file }
}

/** Sends a script, with an ETag that changes with it. */
export function sends(script: string): Answer {
  const etag = `"${createHash('sha256').update(script).digest('hex')}"`
  return (request, response) => {
    if (request.headers['if-none-match'] === etag) response.writeHead(304, { etag }).end()
    else response.writeHead(200, { etag, 'content-length': Buffer.byteLength(script) }).end(script)
  }
}

const bomb = zlib.gzipSync(Buffer.alloc(20_000_000), { level: 1 })
const megabyte = Buffer.alloc(1_000_000, '#')

/** What a server can do wrong, each with the reason that torch gives. Times are short: the timeout of the tests is. */
export const faultyAnswers: readonly (readonly [name: string, answer: Answer, reason: RegExp])[] = [
  ['404', (_, response) => response.writeHead(404).end('no'), /^404 Not Found$/],
  ['500', (_, response) => response.writeHead(500).end('no'), /^500 Internal Server Error$/],
  [
    'a redirect to another scheme',
    (_, response) => response.writeHead(301, { location: 'ftp://localhost/x' }).end(),
    /^redirects to ftp:\/\/localhost\/x, which is not https$/,
  ],
  [
    'endless redirects',
    ({ url = '' }, response) => response.writeHead(302, { location: `${url}x` }).end(),
    /^more than 5 redirects$/,
  ],
  ['one byte a second', slow, /^timed out after 1s, after \d B$/],
  ['a gigabyte without a length', endless, /^is larger than its max_size of 100 kB$/],
  [
    'a gigabyte with its length',
    (_, response) => response.writeHead(200, { 'content-length': 1_000_000_000 }).write('#'),
    /^is larger than its max_size of 100 kB$/,
  ],
  [
    'a gzip bomb',
    (_, response) => {
      const body = bomb
      response
        .writeHead(200, { 'content-encoding': 'gzip', 'content-length': body.length })
        .end(body)
    },
    /^the server sent it compressed \(gzip\)/,
  ],
  [
    'less than its length',
    (_, response) => {
      response.writeHead(200, { 'content-length': 1000 }).write('#!/bin/sh\n')
      setTimeout(() => response.destroy(), 20)
    },
    /ended before all of it came/,
  ],
  [
    'more than its length',
    (_, response) => {
      const text = '#!/bin/sh\necho half\necho whole\n'
      response.socket?.end(`HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n${text}`)
    },
    /longer than it says|Parse Error/,
  ],
  [
    'a chunked body that is cut',
    (_, response) => {
      response.writeHead(200).write('#!/bin/sh\n')
      setTimeout(() => response.destroy(), 20)
    },
    /ended before all of it came/,
  ],
  [
    'a body that ends by closing',
    (_, response) => {
      response.socket?.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n#!/bin/sh\necho ha')
    },
    /^the server does not say how long it is/,
  ],
  [
    'a web page',
    (_, response) => response.writeHead(200).end('\n <!DOCTYPE html><title>Log in</title>'),
    /^the server sent a web page/,
  ],
  ['no script', (_, response) => response.writeHead(200).end('echo'), /^it does not begin with #!/],
  [
    'nothing',
    (_, response) => response.writeHead(200, { 'content-length': 0 }).end(),
    /^it is empty$/,
  ],
  [
    'another protocol',
    (_, response) =>
      response.socket?.write('HTTP/1.1 101 No\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
    /^localhost:\d+ gave no answer that torch can read$/,
  ],
  ['garbage', (_, response) => response.socket?.end('SSH-2.0-OpenSSH\r\n'), /Parse Error/],
]

function slow(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-length': 1000 })
  const timer = setInterval(() => response.write('#'), 300)
  response.write('#')
  response.on('close', () => clearInterval(timer))
}

function endless(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200)
  let sent = 0
  const more = (): void => {
    while (!response.destroyed && sent < 1000) {
      sent += 1
      if (!response.write(megabyte)) return void response.once('drain', more)
    }
    response.end()
  }
  more()
}
