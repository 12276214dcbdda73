import http from 'node:http'
import { expect, onTestFinished } from 'vitest'
import type { Site } from './torch.ts'
import { until } from './until.ts'

/** A real `torch web`. */
export interface WebServer {
  /** `http://127.0.0.1:40123/` */
  readonly address: string
  readonly port: number
  readonly token: string
  /** What a person opens: the address with the token. */
  readonly link: string
  readonly pid: number
  /** What it has written to standard error. */
  stderr(): string
  /** Ends it, and waits for that. */
  close(): Promise<void>
}

/** A whole file of browser tests takes longer than one call of torch may. */
const maxServerMs = 20 * 60_000

/** Starts `torch web` in a site, on a free port unless `port` says which, and waits for its address. */
export async function startWebServer(
  site: Site,
  words: readonly string[] = [],
  port = 0,
): Promise<WebServer> {
  const listen = `127.0.0.1:${port}`
  const { child, stdout, stderr, ended } = site.spawn(['web', '--listen', listen, ...words], {
    maxMs: maxServerMs,
  })
  const line = await until(
    () => {
      if (child.exitCode !== null) throw new Error(`torch web ended: ${stderr()}`)
      return /^(http:\S+)\n/m.exec(stdout())?.[1]
    },
    'the address of torch web',
    60_000,
  )
  const url = new URL(line)
  const { pid } = child
  if (pid === undefined) throw new Error('torch web has no pid')
  return {
    address: `${url.origin}/`,
    port: Number(url.port),
    token: url.searchParams.get('token') ?? '',
    link: line,
    pid,
    stderr,
    async close() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

interface Asking {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Sends one request with exactly these headers, which fetch() would not: it sets Host and Origin itself. */
export function askServer(
  { port }: Pick<WebServer, 'port'>,
  path: string,
  { method = 'GET', headers = {}, body }: Asking = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method, headers, agent: false }
    const request = http.request(options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      )
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** The header with which programs show the token. */
export function bearer({ token }: Pick<WebServer, 'token'>): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` }
}

/** The JSON of an answer that must be a success. */
export async function jsonOf<T>(web: WebServer, at: string): Promise<T> {
  const { status, body } = await askServer(web, at, { headers: bearer(web) })
  expect({ at, status }).toEqual({ at, status: 200 })
  return JSON.parse(body) as T
}

/** Server-sent events as they come. */
export interface Events {
  /** The first event that fits; what came before is looked at too. */
  wait<T>(fits: (event: string, data: T) => boolean, what: string): Promise<T>
}

/** Opens an event stream, until the end of the test. */
export function openEvents(web: Pick<WebServer, 'port' | 'token'>, at: string): Promise<Events> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: web.port, path: at, agent: false }
    const request = http.get({ ...options, headers: bearer(web) }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('error', () => {})
      resolve({
        wait: <T>(fits: (event: string, data: T) => boolean, what: string) =>
          until(() => {
            for (const block of text.split('\n\n').slice(0, -1)) {
              const event = /^event: (.*)$/m.exec(block)?.[1] ?? 'message'
              const data = /^data: (.*)$/m.exec(block)?.[1]
              const value = data === undefined ? undefined : (JSON.parse(data) as T)
              if (value !== undefined && fits(event, value)) return value
            }
            return undefined
          }, what),
      })
    })
    request.on('error', reject)
    onTestFinished(() => void request.destroy())
  })
}
