import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { messageOf } from '../errors.ts'
import { wallClock } from '../host/clock.ts'
import { descriptorOf } from '../host/lock.ts'
import type { Protocol, RequestName } from './protocol.ts'
import { type Crowd, newCrowd } from './crowd.ts'
import { readBody } from './read-body.ts'
import { refuseGarbage, Refusal, refusalOf } from './refusal.ts'
import { checkRequest, isRequestName, requestNames } from './requests.ts'
import { send } from './send.ts'
import { keepSocket } from './socket.ts'

/** What the daemon has to say to each request. A TorchError that it throws is the reply. */
export type Answers = {
  [N in RequestName]: (
    request: Protocol[N]['request'],
  ) => Protocol[N]['reply'] | Promise<Protocol[N]['reply']>
}

export interface ControlServer {
  /** What another process can listen on, by listening to it as `inherited`. */
  readonly descriptor: number | undefined
  /** Removes the socket and ends within `maxFarewellMs`, whatever clients do. */
  close(): Promise<void>
  /**
   * Leaves the socket to the one who listens on it too, from this call on. Settles when the
   * answers to all that was asked here are given, within `maxHandOverMs`.
   */
  handOver(): Promise<void>
}

const maxHeaderBytes = 8 * 1024
/** For the head of a request, and for all of it. */
const maxHeaderMs = 5_000
const maxRequestMs = 10_000
const checkIntervalMs = 1_000
/** How long close waits for answers that are being made: that to `stop` is often one of them. */
const maxFarewellMs = 250
/** How long an answer that is fetched from the next daemon may take. */
const maxHandOverMs = 15_000

/**
 * Answers requests on the Unix socket at that path. Nothing that a client sends or fails to send
 * ends the daemon: it gets an ErrorReport. `onTrouble` hears of faults of the daemon's own.
 * Throws TorchError `socket-unusable`.
 */
export async function serveControl(
  socketPath: string,
  answers: Answers,
  onTrouble: (words: string) => void,
  inherited?: number,
): Promise<ControlServer> {
  const server = createServer({
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: maxHeaderMs,
    requestTimeout: maxRequestMs,
    connectionsCheckingInterval: checkIntervalMs,
  })
  // What follows it on the same connection is not even looked at.
  server.maxRequestsPerSocket = 1
  const crowd = newCrowd(onTrouble)
  server.on('connection', crowd.enter)
  const replies = new Set<Promise<void>>()
  const turn = oneByOne()
  server.on('request', (request, response) => {
    const replied = reply(request, response, { answers, crowd, turn, onTrouble })
    replies.add(replied)
    void replied.finally(() => replies.delete(replied))
  })
  server.on('clientError', refuseGarbage)
  const file = await keepSocket(server, socketPath, onTrouble, inherited)
  server.on('error', (error) => onTrouble(`control socket: ${error.message}`))
  const end = async (farewellMs: number): Promise<void> => {
    file.leave()
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    await allWithin(replies, farewellMs)
    server.closeAllConnections()
    await closed
  }
  return {
    get descriptor() {
      return descriptorOf(server)
    },
    close() {
      file.remove()
      return end(maxFarewellMs)
    },
    handOver: () => end(maxHandOverMs),
  }
}

async function allWithin(replies: Iterable<Promise<void>>, ms: number): Promise<void> {
  let cancel = (): void => undefined
  const late = new Promise<void>((resolve) => {
    cancel = wallClock.after(ms, resolve)
  })
  await Promise.race([Promise.all(replies), late])
  cancel()
}

/** Gives what waits for a turn of the loop of one's own: who asks in a crowd does not hold up a tick. */
function oneByOne(): () => Promise<void> {
  let last = Promise.resolve()
  return () => (last = last.then(wallClock.turn))
}

interface Room {
  readonly answers: Answers
  readonly crowd: Crowd
  readonly turn: () => Promise<void>
  readonly onTrouble: (words: string) => void
}

async function reply(
  request: IncomingMessage,
  response: ServerResponse,
  { answers, crowd, turn, onTrouble }: Room,
): Promise<void> {
  const { socket } = request
  const say = (status: number, report: object): Promise<void> => {
    // FIRST: who never reads is never done with it.
    crowd.answered(socket)
    return send(response, status, report)
  }
  try {
    const name = nameOf(request)
    const body = await readBody(request)
    crowd.asked(socket)
    await turn()
    // A client that is gone has not asked: half a request must not stop the daemon, nor one that
    // was given up while the daemon stood still.
    if (body === undefined || socket.readableEnded || socket.destroyed) return
    await say(200, await answer(answers, name, body))
  } catch (error) {
    const refusal = refusalOf(error, request.url ?? '', onTrouble)
    await say(refusal.status, refusal.report)
  }
}

function nameOf(request: IncomingMessage): RequestName {
  const name = (request.url ?? '').slice(1)
  if (!isRequestName(name)) {
    const known = requestNames.join(', ')
    throw new Refusal(404, 'unknown-request', `unknown request "${name}"`, `it knows ${known}`)
  }
  if (request.method !== 'POST') {
    throw new Refusal(405, 'wrong-method', `${request.method} /${name}`, 'use POST')
  }
  return name
}

async function answer<N extends RequestName>(
  answers: Answers,
  name: N,
  body: string,
): Promise<Protocol[N]['reply']> {
  const checked = checkRequest(name, jsonOf(body || '{}'))
  if ('faults' in checked)
    throw new Refusal(400, 'bad-request', `${name}: ${checked.faults.join('; ')}`)
  return answers[name](checked.request)
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch (error) {
    throw new Refusal(400, 'bad-request', `the request is not JSON: ${messageOf(error)}`)
  }
}
