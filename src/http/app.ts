import { getConnInfo } from '@hono/node-server/conninfo'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { compress } from 'hono/compress'
import { type ErrorCode, messageOf, TorchError } from '../errors.ts'
import {
  type AccessRules,
  type Caller,
  cookieFor,
  givenToken,
  isOurHost,
  newTokenGate,
  plainAddress,
  refusedPost,
} from './access.ts'
import type { ErrorAnswer, StatusAnswer } from './api.ts'
import type { Hub } from './hub.ts'
import type { StaticFile } from './static-files.ts'

/** What the routes answer from. */
export interface AppParts {
  readonly hub: Hub
  readonly rules: AccessRules
  readonly files: ReadonlyMap<string, StaticFile>
  readonly version: string
  /** Whether the page may run and kill. */
  readonly actions: boolean
  readonly now: () => number
  /** Reports a fault of the server itself. */
  readonly report: (message: string) => void
}

type Env = { Bindings: HttpBindings }
export type App = Hono<Env>

/** All routes, behind the checks of access. */
export function newApp(parts: AppParts): App {
  const app: App = new Hono()
  app.onError((error, c) => failure(c, parts, error))
  app.use(secureHeaders(parts.rules.isSecure))
  app.use(compress({ threshold: 1024 }))
  app.use(async (c, next) => {
    if (isOurHost(parts.rules, callerOf(c))) return next()
    return refusal(c, 421, 'wrong-host', 'this server does not have the name in the Host header', {
      hint: 'use the address that torch web printed, or start it with --host-name NAME',
    })
  })
  app.get('/healthz', async (c) => {
    const { hosts } = await parts.hub.status()
    const isUp = hosts.every(({ daemon }) => daemon !== null)
    c.header('cache-control', 'no-store')
    return c.text(isUp ? 'ok\n' : 'the daemon does not answer\n', isUp ? 200 : 503)
  })
  app.use(tokenCheck(parts))
  app.use('/api/*', async (c, next) => {
    await next()
    c.header('cache-control', 'no-store')
  })
  app.post('*', async (c, next) => {
    const why = refusedPost(parts.rules, callerOf(c))
    return why === undefined ? next() : refusal(c, 403, 'forbidden', why, {})
  })
  app.get('/api/status', async (c) => {
    const answer: StatusAnswer = {
      ...(await parts.hub.status()),
      version: parts.version,
      actions: parts.actions,
    }
    return c.json(answer)
  })
  app.all('/api/*', (c) => refusal(c, 404, 'not-found', 'there is nothing at this address', {}))
  app.get('*', (c) => pageFile(c, parts.files))
  app.all('*', (c) => refusal(c, 405, 'wrong-method', 'only GET and POST are answered', {}))
  return app
}

/** Nothing but our own files runs in the page, and no other page may show it in a frame. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

function secureHeaders(isSecure: boolean): MiddlewareHandler<Env> {
  return async (c, next) => {
    await next()
    c.header('content-security-policy', policy)
    c.header('x-content-type-options', 'nosniff')
    c.header('referrer-policy', 'no-referrer')
    c.header('x-frame-options', 'DENY')
    c.header('cross-origin-opener-policy', 'same-origin')
    c.header('cross-origin-resource-policy', 'same-origin')
    if (isSecure) c.header('strict-transport-security', 'max-age=31536000')
  }
}

/** Lets nobody in without the token. `?token=` in the address becomes a cookie, and leaves the address. */
function tokenCheck({ rules, now }: AppParts): MiddlewareHandler<Env> {
  const { token, isSecure } = rules
  if (token === undefined) return (_, next) => next()
  const gate = newTokenGate(token, now)
  return async (c, next) => {
    const caller = callerOf(c)
    const inAddress = c.req.method === 'GET' ? c.req.query('token') : undefined
    const given = inAddress ?? givenToken(caller, token)
    switch (gate.judge(given, caller.address ?? '')) {
      case 'right':
        if (inAddress === undefined) return next()
        c.header('set-cookie', cookieFor(token, isSecure))
        c.header('cache-control', 'no-store')
        return c.redirect(withoutToken(c.req.url), 303)
      case 'wait':
        c.header('retry-after', String(gate.retryAfterSeconds))
        return refusal(c, 429, 'too-many', 'too many wrong tokens from this address', {
          hint: `wait ${gate.retryAfterSeconds} seconds`,
        })
      case 'none':
      case 'wrong':
        c.header('www-authenticate', 'Bearer')
        return refusal(c, 401, 'no-token', 'this server needs its token', {
          hint: 'open the address that torch web printed; programs send Authorization: Bearer TOKEN',
        })
    }
  }
}

/** The path and the query of an address without the token: never another host. */
function withoutToken(url: string): string {
  const { pathname, searchParams } = new URL(url)
  searchParams.delete('token')
  const query = searchParams.toString()
  // A path that begins with two slashes would name a host.
  return pathname.replace(/^[/\\]+/, '/') + (query === '' ? '' : `?${query}`)
}

function callerOf(c: Context<Env>): Caller {
  const { remote } = getConnInfo(c)
  return {
    address: plainAddress(remote.address),
    localAddress: c.env.incoming.socket.localAddress,
    header: (name) => c.req.header(name),
  }
}

/** A file of the page. Any other path is the page too: its script reads the address. */
function pageFile(c: Context<Env>, files: ReadonlyMap<string, StaticFile>): Response {
  const path = c.req.path
  const file =
    files.get(path) ?? (path.startsWith('/assets/') ? undefined : files.get('/index.html'))
  if (file === undefined && files.size > 0)
    return refusal(c, 404, 'not-found', 'there is nothing at this address', {})
  if (file === undefined)
    return refusal(c, 503, 'no-page', 'this installation of torch has no page', {
      hint: 'in a checkout, npm run build makes it',
    })
  const { bytes, zipped, type, isHashed } = file
  c.header('content-type', type)
  c.header('cache-control', isHashed ? 'private, max-age=31536000, immutable' : 'no-cache')
  c.header('vary', 'accept-encoding')
  const isZipped = zipped !== undefined && /\bgzip\b/.test(c.req.header('accept-encoding') ?? '')
  if (isZipped) c.header('content-encoding', 'gzip')
  return c.body(new Uint8Array(isZipped ? zipped : bytes))
}

/** The statuses of errors that the server answers. */
type ErrorStatus = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 416 | 421 | 429 | 500 | 503

/** An error as JSON, as every route answers it. */
function refusal(
  c: Context<Env>,
  status: ErrorStatus,
  code: string,
  message: string,
  { hint }: { readonly hint?: string | undefined },
): Response {
  const answer: ErrorAnswer = { error: { code, message, hint: hint ?? null } }
  c.header('cache-control', 'no-store')
  return c.json(answer, status)
}

function failure(c: Context<Env>, { report }: AppParts, error: unknown): Response {
  if (error instanceof TorchError) {
    const { code, message, hint } = error
    return refusal(c, statusOf(code), code, message, { hint })
  }
  report(
    `${c.req.method} ${c.req.path}: ${(error instanceof Error && error.stack) || messageOf(error)}`,
  )
  return refusal(c, 500, 'internal', `torch web failed: ${messageOf(error)}`, {})
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
      return 404
    case 'no-daemon':
    case 'daemon-silent':
    case 'daemon-gone':
    case 'daemon-denied':
    case 'history-unreadable':
      return 503
    default:
      return 409
  }
}
