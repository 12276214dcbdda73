import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { messageOf, TorchError } from '../errors.ts'
import { wallClock } from '../host/clock.ts'
import { descriptorOf } from '../host/lock.ts'
import { checkEventsRequest, type EventsRequest } from './events.ts'
import { checkFleetLogRequest, type FleetLogRequest } from './fleet-reports.ts'
import { maxViewerStreams } from './event-streams.ts'
import { boundIdle, type IdleConnections, maxIdleConnections } from './idle-connections.ts'
import {
  checkRequest,
  type Protocol,
  type RequestName,
  requestNames,
  viewRequests,
} from './protocol.ts'
import { failureReply, jsonOf, refuseGarbage, sendJson } from './reply.ts'
import { listen, stopListening } from './socket.ts'

/** How the daemon answers each request. If it throws a TorchError, that error is the reply. */
export type Answers = PlainAnswers & {
  /** Writes the whole reply, which has no end. */
  readonly events: (
    request: EventsRequest,
    response: ServerResponse,
    isViewer: boolean,
  ) => void | Promise<void>
  /** Writes the output of runs on another machine. */
  readonly fleetLog: (request: FleetLogRequest, response: ServerResponse) => void | Promise<void>
}
export type PlainAnswers = {
  [N in RequestName]: (
    request: Protocol[N]['request'],
  ) => Protocol[N]['reply'] | Promise<Protocol[N]['reply']>
}

export interface ControlServer {
  /** The listening socket, for the next daemon to inherit. */
  readonly descriptor: number | undefined
  /** Removes the socket and ends within `patienceAtStop`, whatever clients do. */
  close(): Promise<void>
  /** From this call on the file may be missing or another one: it is not made again. */
  leave(): void
  /**
   * From this call on the socket belongs to the next daemon, which listens on it too. Settles when
   * all clients that connected here have their answers, within `patienceAtHandover`.
   */
  handOver(): Promise<void>
}

export const maxBodyBytes = 64 * 1024
/** Escaped as JSON, a line of 64 KiB is up to six times as long. */
const maxSendBytes = 1024 * 1024
const maxHeaderBytes = 8 * 1024
/** For the head of a request, and for the whole request. */
const maxHeaderMs = 5_000
const maxRequestMs = 10_000
const requestCheckIntervalMs = 1_000
/** A client that reads nothing of its reply for this long is disconnected. */
const maxUnreadMs = 10_000
const maxConnections = 2 * maxIdleConnections
/** Those who only look must not use up the descriptors of the daemon. */
const maxViewers = maxViewerStreams + 64
/** How long the end of a server waits for its clients. */
interface Patience {
  /** For requests that have not arrived yet or have no reply yet. */
  readonly forRequestsMs: number
  /** After that, for replies that are being read. Whoever reads nothing is disconnected earlier. */
  readonly forReadersMs: number
}
/** A client that has just connected gets an answer; one that stays silent delays a stop only a little. */
const patienceAtStop: Patience = { forRequestsMs: 1_000, forReadersMs: 15_000 }
/**
 * The home has its next daemon already, so nobody waits for this. Silent clients go after
 * `maxHeaderMs`, slow ones after `maxRequestMs`; then the reply comes from the next daemon.
 */
const patienceAtHandover: Patience = { forRequestsMs: 30_000, forReadersMs: 30_000 }

/** How the control socket of a home is served. */
export interface Serving {
  /** Inherited from the previous daemon. */
  readonly descriptor?: number | undefined
  /** Only for viewers: the members of this group may connect, and ask only what shows something. */
  readonly viewers?: number
}

/**
 * Answers requests on the Unix socket at that path. Nothing that a client sends, or fails to send,
 * ends the daemon: a bad request gets an ErrorReport. `report` gets a message for each fault of the
 * daemon itself. Throws TorchError `socket-unusable`.
 */
export async function serveControl(
  socketPath: string,
  answers: Answers,
  report: (message: string) => void,
  { descriptor, viewers }: Serving = {},
): Promise<ControlServer> {
  const server = createServer({
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: maxHeaderMs,
    requestTimeout: maxRequestMs,
    connectionsCheckingInterval: requestCheckIntervalMs,
  })
  server.maxConnections = viewers === undefined ? maxConnections : maxViewers
  // One request per connection; anything after it is not even parsed.
  server.maxRequestsPerSocket = 1
  const idle = boundIdle(report)
  const turn = oneTurnEach()
  const connections = new Set<Socket>()
  server.on('connection', (connection: Socket) => {
    connections.add(connection)
    connection.once('close', () => connections.delete(connection))
    idle.add(connection)
  })
  server.on('request', (request, response) => {
    void reply(request, response, {
      answers,
      isForViewers: viewers !== undefined,
      idle,
      turn,
      report,
    })
  })
  server.on('clientError', refuseGarbage)
  const file = await listen(server, socketPath, report, { inherited: descriptor, group: viewers })
  server.on('error', (error) => report(`control socket: ${error.message}`))
  const end = async ({ forRequestsMs, forReadersMs }: Patience): Promise<void> => {
    file.leave()
    const closed = new Promise<void>((resolve) => stopListening(server, resolve))
    await within(closed, forRequestsMs)
    for (const each of connections) if (each.writableLength === 0) each.destroy()
    await within(closed, forReadersMs)
    server.closeAllConnections()
    await closed
    server.close() // ends its timer
  }
  return {
    get descriptor() {
      return descriptorOf(server)
    },
    close() {
      file.remove()
      return end(patienceAtStop)
    },
    leave: () => file.leave(),
    handOver: () => end(patienceAtHandover),
  }
}

/** Each caller waits for its own turn of the event loop, so that many requests at once do not delay a tick. */
function oneTurnEach(): () => Promise<void> {
  let last = Promise.resolve()
  return () => (last = last.then(wallClock.turn))
}

interface Context {
  readonly answers: Answers
  readonly isForViewers: boolean
  readonly idle: IdleConnections
  readonly turn: () => Promise<void>
  readonly report: (message: string) => void
}

async function reply(
  request: IncomingMessage,
  response: ServerResponse,
  { answers, isForViewers, idle, turn, report }: Context,
): Promise<void> {
  const { socket } = request
  const send = async (status: number, body: object): Promise<void> => {
    const text = await jsonOf(body)
    socket.setTimeout(maxUnreadMs, () => socket.destroy())
    const sent = sendJson(response, status, text)
    if (!socket.destroyed) idle.add(socket)
    return sent
  }
  try {
    const name = nameOf(request)
    if (isForViewers && !viewRequests.includes(name)) throw notAllowed(name)
    const body = await readBody(
      request,
      name === 'send' || name === 'message' ? maxSendBytes : maxBodyBytes,
    )
    idle.remove(socket)
    await turn()
    // A client that has gone away has asked for nothing: half a request must not stop the daemon,
    // and neither must one that the client gave up while the daemon was busy.
    if (body === undefined || socket.readableEnded || socket.destroyed) return
    if (name === 'events') await follow(answers, body, response, isForViewers)
    else if (name === 'fleetLog') await followFleet(answers, body, response)
    else await send(200, await answer(answers, name, body))
  } catch (error) {
    const failure = failureReply(error, request.url ?? '', report)
    await send(failure.status, failure.body)
  }
}

/** What a client may ask for. */
const knownNames = [...requestNames, 'events', 'fleetLog'] as const

function nameOf(request: IncomingMessage): (typeof knownNames)[number] {
  const name = (request.url ?? '').slice(1)
  const known = knownNames.find((each) => each === name)
  if (known === undefined) {
    throw new TorchError('unknown-request', `unknown request "${name}"`, {
      hint: `the requests are ${knownNames.join(', ')}`,
    })
  }
  if (request.method !== 'POST') {
    throw new TorchError('wrong-method', `/${name} takes POST, not ${request.method}`, {
      hint: 'send the request as POST',
    })
  }
  return known
}

function notAllowed(name: string): TorchError {
  return new TorchError('not-allowed', `${name} cannot be asked on this socket`, {
    hint: `it answers ${viewRequests.join(', ')}; the rest is for the user of the daemon, on torch.sock`,
  })
}

/** The whole body as text; undefined if the client went away before its end. */
function readBody(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= maxBytes) chunks.push(chunk)
      else
        reject(
          new TorchError('too-large', `the request is over ${maxBytes} bytes`, {
            hint: 'send it in several requests',
          }),
        )
    })
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
    request.on('error', () => resolve(undefined))
  })
}

async function answer<N extends RequestName>(
  answers: PlainAnswers,
  name: N,
  body: string,
): Promise<Protocol[N]['reply']> {
  const checked = checkRequest(name, parseJson(body || '{}'))
  if ('faults' in checked) throw badRequest(name, checked.faults)
  return answers[name](checked.request)
}

async function follow(
  { events }: Answers,
  body: string,
  response: ServerResponse,
  isViewer: boolean,
): Promise<void> {
  const checked = checkEventsRequest(parseJson(body || '{}'))
  if ('faults' in checked) throw badRequest('events', checked.faults)
  await events(checked.request, response, isViewer)
}

async function followFleet(
  { fleetLog }: Answers,
  body: string,
  response: ServerResponse,
): Promise<void> {
  const checked = checkFleetLogRequest(parseJson(body || '{}'))
  if ('faults' in checked) throw badRequest('fleetLog', checked.faults)
  await fleetLog(checked.request, response)
}

function badRequest(name: string, faults: readonly string[]): TorchError {
  return new TorchError('bad-request', `${name}: ${faults.join('; ')}`)
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch (error) {
    throw new TorchError('bad-request', `the request is not JSON: ${messageOf(error)}`)
  }
}

/** Waits for the promise, but no longer than that. */
async function within(done: Promise<void>, ms: number): Promise<void> {
  let cancel = (): void => undefined
  const late = new Promise<void>((resolve) => {
    cancel = wallClock.after(ms, resolve)
  })
  await Promise.race([done, late])
  cancel()
}
