import type { HttpBindings } from '@hono/node-server'
import type { Context, Hono } from 'hono'
import { type ErrorCode, messageOf, TorchError } from '../errors.ts'
import type { ErrorAnswer } from './api.ts'

export interface Env {
  Bindings: HttpBindings
}
export type App = Hono<Env>
export type Asked = Context<Env>

/** The statuses of errors that the server answers. */
type ErrorStatus = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 421 | 429 | 500 | 503

/** An error as JSON, as every route answers it. */
export function refusal(
  c: Asked,
  status: ErrorStatus,
  code: string,
  message: string,
  hint?: string,
): Response {
  const answer: ErrorAnswer = { error: { code, message, hint: hint ?? null } }
  c.header('cache-control', 'no-store')
  return c.json(answer, status)
}

/** The answer to a method that this address does not know. `allow` lists the methods that it knows. */
export function wrongMethod(c: Asked, allow: string): Response {
  c.header('allow', allow)
  return refusal(c, 405, 'wrong-method', `${c.req.method} is not answered here`, `use ${allow}`)
}

/** The answer to a request that failed. Anything but a TorchError is a fault of the server itself. */
export function failure(c: Asked, error: unknown, report: (message: string) => void): Response {
  if (error instanceof TorchError) {
    const { code, message, hint } = error
    return refusal(c, statusOf(code), code, message, hint)
  }
  const stack = error instanceof Error ? error.stack : undefined
  report(`${c.req.method} ${c.req.path}: ${stack ?? messageOf(error)}`)
  return refusal(c, 500, 'internal', `torch web failed: ${messageOf(error)}`)
}

function statusOf(code: ErrorCode): ErrorStatus {
  switch (code) {
    case 'usage':
    case 'bad-request':
    case 'ambiguous-run':
      return 400
    case 'no-task':
    case 'no-run':
    case 'no-runs':
    case 'no-fleet':
      return 404
    case 'no-daemon':
    case 'daemon-silent':
    case 'daemon-gone':
    case 'daemon-denied':
    case 'history-unreadable':
    case 'no-host':
    case 'no-engine':
      return 503
    default:
      return 409
  }
}
