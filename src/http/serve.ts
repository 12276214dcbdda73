import fs from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { createSecureContext } from 'node:tls'
import { getRequestListener } from '@hono/node-server'
import { isAnswered, listening } from '../control/socket.ts'
import { messageOf, TorchError } from '../errors.ts'
import type { App } from './reply.ts'

/** Where the server listens. */
export type Listen =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** The certificate and its key, as PEM. */
export interface Tls {
  readonly cert: Buffer
  readonly key: Buffer
}

export interface OpenServer {
  /** The port, if it listens on one: with port 0 the system has chosen it. */
  readonly port: number | undefined
  /** Ends all connections. */
  close(): Promise<void>
}

/** Connections at one time: pages have at most six each. */
const maxConnections = 512
/** A client sends its request in this time. */
const requestMs = 20_000
const idleMs = 5_000
/** A request may name many tasks in its address. */
const maxHeaderBytes = 64 * 1024
/** The socket has mode 0600 from its first moment. */
const socketUmask = 0o177

/** Starts to listen. Throws TorchError `cannot-listen`. */
export async function serve(app: App, listen: Listen, tls: Tls | undefined): Promise<OpenServer> {
  const options = {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: requestMs,
    requestTimeout: requestMs,
    keepAliveTimeout: idleMs,
  }
  const listener = getRequestListener(app.fetch)
  const handle = (request: http.IncomingMessage, response: http.ServerResponse): void =>
    void listener(request, response)
  const server =
    tls === undefined
      ? http.createServer(options, handle)
      : https.createServer({ ...options, ...tls, minVersion: 'TLSv1.2' }, handle)
  server.maxConnections = maxConnections
  try {
    await (listen.kind === 'unix'
      ? listenOnPath(server, listen.path)
      : listenOnPort(server, listen))
  } catch (error) {
    const where = listen.kind === 'unix' ? listen.path : `${listen.host} port ${listen.port}`
    throw new TorchError(
      'cannot-listen',
      `torch web cannot listen on ${where}: ${messageOf(error)}`,
      {
        hint: 'another program may listen there; name another address with --listen',
        cause: error,
      },
    )
  }
  const address = server.address()
  return {
    port: typeof address === 'object' ? address?.port : undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** What is wrong with a certificate and its key; undefined if they belong together. */
export function tlsFault(tls: Tls): string | undefined {
  try {
    createSecureContext(tls)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

function listenOnPort(
  server: http.Server,
  { host, port }: Extract<Listen, { kind: 'tcp' }>,
): Promise<void> {
  return listening(server, () => server.listen({ host, port }))
}

/** A file that a crash left there is replaced, but not a socket on which somebody listens. */
async function listenOnPath(server: http.Server, path: string): Promise<void> {
  const found = fs.lstatSync(path, { throwIfNoEntry: false })
  if (found !== undefined) {
    if (!found.isSocket()) throw new Error('there is another file with this name, not a socket')
    if (await isAnswered(path)) throw new Error('another process listens there')
    fs.rmSync(path)
  }
  await listening(server, () => {
    const before = process.umask(socketUmask)
    try {
      server.listen({ path }) // calls bind(2) at once
    } finally {
      process.umask(before)
    }
  })
}
