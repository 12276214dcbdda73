import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { wallClock } from '../host/clock.ts'
import { type ErrorCode, errorToJson, exitStatus, messageOf, TorchError } from '../errors.ts'
import type { ErrorReport } from './protocol.ts'

/** Items of a list that become text in one turn of the event loop: 1 ms for the status of tasks. */
const itemsInTurn = 200

/** Sends a text in JSON and closes the connection. Settles when the client has it, or has gone away. */
export function sendJson(response: ServerResponse, status: number, text: string): Promise<void> {
  if (response.destroyed) return Promise.resolve()
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    connection: 'close',
  })
  return new Promise((resolve) => {
    response.once('close', resolve)
    response.end(text)
  })
}

/** As JSON.stringify, but a long list in the body takes several turns, so that no tick waits for it. */
export async function jsonOf(body: object): Promise<string> {
  const parts: string[] = []
  for (const [key, value] of Object.entries(body) as [string, unknown][]) {
    const text = Array.isArray(value) ? await listOf(value) : JSON.stringify(value)
    if (text !== undefined) parts.push(`${JSON.stringify(key)}:${text}`)
  }
  return `{${parts.join(',')}}`
}

async function listOf(items: readonly unknown[]): Promise<string> {
  const parts: string[] = []
  for (let at = 0; at < items.length; at += itemsInTurn) {
    if (at > 0) await wallClock.turn()
    parts.push(JSON.stringify(items.slice(at, at + itemsInTurn)).slice(1, -1))
  }
  return `[${parts.join(',')}]`
}

/**
 * The status and the body for a request that failed. Anything but a TorchError is a fault of the
 * daemon itself, and `report` gets it with its stack.
 */
export function failureReply(
  thrown: unknown,
  request: string,
  report: (message: string) => void,
): { readonly status: number; readonly body: ErrorReport } {
  if (thrown instanceof TorchError) return { status: httpStatus(thrown), body: bodyOf(thrown) }
  const stack = thrown instanceof Error ? thrown.stack : undefined
  report(`control request ${request} failed: ${stack ?? messageOf(thrown)}`)
  const message = `the daemon failed at ${request}: ${messageOf(thrown)}`
  const error = new TorchError('internal', message, { hint: 'its log has the details' })
  return { status: httpStatus(error), body: bodyOf(error) }
}

const statusOfCode: Partial<Record<ErrorCode, number>> = {
  'bad-request': 400,
  'unknown-request': 404,
  'wrong-method': 405,
  'not-allowed': 403,
  'too-large': 413,
  'too-many': 429,
  internal: 500,
}

function httpStatus({ code, exit }: TorchError): number {
  return statusOfCode[code] ?? (exit === exitStatus.usage ? 400 : 409)
}

function bodyOf(error: TorchError): ErrorReport {
  return { error: errorToJson(error) }
}

/** The listener for `clientError`: what arrived is not HTTP, or did not arrive in time. */
export function refuseGarbage(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const status = garbageStatus(error.code)
  const text = JSON.stringify(
    bodyOf(new TorchError('bad-request', `not a request: ${error.message}`)),
  )
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
    () => socket.destroy(), // the client may still be sending
  )
}

function garbageStatus(code: string | undefined): number {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 408
    case 'HPE_HEADER_OVERFLOW':
      return 431
    default:
      return 400
  }
}
