import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type ErrorCode, errorToJson, exitStatus, TorchError, messageOf } from '../errors.ts'
import type { ErrorReport } from './protocol.ts'

/** A request that is turned down before the daemon gets to see it; `status` is that of HTTP. */
export class Refusal extends TorchError {
  readonly status: number
  constructor(status: number, code: ErrorCode, message: string, hint?: string) {
    super(code, message, hint === undefined ? {} : { hint })
    this.status = status
  }
}

/** What a request that failed is answered with. Faults of the daemon's own also go to `onTrouble`, with their stack. */
export function refusalOf(
  thrown: unknown,
  request: string,
  onTrouble: (words: string) => void,
): { status: number; report: ErrorReport } {
  if (thrown instanceof Refusal) return { status: thrown.status, report: reportOf(thrown) }
  if (thrown instanceof TorchError) {
    return { status: thrown.exit === exitStatus.usage ? 400 : 409, report: reportOf(thrown) }
  }
  const stack = thrown instanceof Error ? thrown.stack : undefined
  onTrouble(`control request ${request} failed: ${stack ?? messageOf(thrown)}`)
  const words = `the daemon failed at ${request}: ${messageOf(thrown)}`
  const report = reportOf(new TorchError('internal', words, { hint: 'its log says more' }))
  return { status: 500, report }
}

/** The listener for `clientError`: what came is no HTTP, or did not come to its end in time. */
export function refuseGarbage(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const status = garbageStatus(error.code)
  const text = JSON.stringify(
    reportOf(new TorchError('bad-request', `no request: ${error.message}`)),
  )
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
    () => socket.destroy(), // it may go on sending
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

function reportOf(error: TorchError): ErrorReport {
  return { error: errorToJson(error) }
}
