import { getConnInfo } from '@hono/node-server/conninfo'
import { Hono, type MiddlewareHandler } from 'hono'
import { compress } from 'hono/compress'
import {
  type AccessRules,
  type Caller,
  cookieFor,
  givenToken,
  isOurHost,
  newTokenGate,
  plainAddress,
  refusedPost,
  whoActs,
} from './access.ts'
import { addActions } from './actions.ts'
import { addApiRoutes, type ApiParts } from './api-routes.ts'
import { addOutputRoutes } from './output-routes.ts'
import { refusedPage, refusedStyle, refusedStylePath, wantsPage } from './refused-page.ts'
import { type App, type Asked, type Env, failure, refusal, wrongMethod } from './reply.ts'
import type { StaticFile } from './static-files.ts'

/** What the routes answer from. */
export interface AppParts extends ApiParts {
  readonly rules: AccessRules
  /** Prometheus needs no token. */
  readonly isMetricsOpen: boolean
  readonly files: ReadonlyMap<string, StaticFile>
  /** Reports a fault of the server itself. */
  readonly report: (message: string) => void
}

/** Smaller answers are not compressed. */
const minZippedBytes = 1024

/** All routes, behind the checks of access. */
export function newApp(parts: AppParts): App {
  const app: App = new Hono()
  app.onError((error, c) => failure(c, error, parts.report))
  app.use(secureHeaders)
  app.use(compress({ threshold: minZippedBytes }))
  app.get(refusedStylePath, (c) => c.body(refusedStyle, 200, { 'content-type': 'text/css' }))
  app.use(async (c, next) => {
    if (isOurHost(parts.rules, callerOf(c))) return next()
    const message = 'this server does not have the name in the Host header'
    const hint = 'use the address that torch web printed, or start it with --host-name NAME'
    return wantsPage(c)
      ? personPage(c, 421, refusedPage(message, { hint }))
      : refusal(c, 421, 'wrong-host', message, hint)
  })
  app.get('/healthz', async (c) => {
    const { hub } = await parts.scopes.of(undefined)
    const isUp = await hub.isAnswered()
    c.header('cache-control', 'no-store')
    return c.text(isUp ? 'ok\n' : 'the daemon does not answer\n', isUp ? 200 : 503)
  })
  const check = tokenCheck(parts)
  app.get('/metrics', parts.isMetricsOpen ? (_, next) => next() : check, async (c) => {
    c.header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
    c.header('cache-control', 'no-store')
    const { view } = await parts.scopes.of(undefined)
    return c.body(await view.metrics())
  })
  app.use(check)
  app.use('/api/*', async (c, next) => {
    await next()
    c.header('cache-control', 'no-store')
  })
  app.post('*', async (c, next) => {
    const why = refusedPost(callerOf(c))
    return why === undefined ? next() : refusal(c, 403, 'forbidden', why)
  })
  addApiRoutes(app, parts)
  addOutputRoutes(app, parts)
  addActions(app, { ...parts, who: (c) => whoActs(callerOf(c), parts.rules), now: parts.clock.now })
  app.all('/api/*', (c) => refusal(c, 404, 'not-found', 'nothing is at this address'))
  app.get('*', (c) => pageFile(c, parts.files))
  app.all('*', (c) => wrongMethod(c, 'GET, HEAD'))
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

/** No Strict-Transport-Security: it would hold for every other port of this machine too. */
const secureHeaders: MiddlewareHandler<Env> = async (c, next) => {
  await next()
  c.header('content-security-policy', policy)
  c.header('x-content-type-options', 'nosniff')
  c.header('referrer-policy', 'no-referrer')
  c.header('x-frame-options', 'DENY')
  c.header('cross-origin-opener-policy', 'same-origin')
  c.header('cross-origin-resource-policy', 'same-origin')
}

/** Lets nobody in without the token. `?token=` in the address becomes a cookie, and leaves the address. */
function tokenCheck({ rules, clock }: AppParts): MiddlewareHandler<Env> {
  const { token, isSecure, once } = rules
  if (token === undefined) return (_, next) => next()
  const gate = newTokenGate(token, clock.monotonic)
  return async (c, next) => {
    const caller = callerOf(c)
    // Somebody may have put the right one behind a wrong one.
    const inAddress = c.req.method === 'GET' ? c.req.queries('token')?.at(-1) : undefined
    const isOnce = inAddress !== undefined && once.delete(inAddress)
    const given = isOnce ? token : (inAddress ?? givenToken(caller, token))
    const address = caller.address ?? ''
    switch (gate.judge(given, address)) {
      case 'right':
        if (inAddress === undefined) return next()
        c.header('set-cookie', cookieFor(token, isSecure))
        c.header('cache-control', 'no-store')
        return c.redirect(withoutToken(c.req.url), 303)
      case 'wait':
        return waitAnswer(c, gate.retryAfterSeconds(address))
      case 'none':
        return tokenAnswer(c, 'no-token', 'this server needs its token')
      case 'wrong':
        return tokenAnswer(c, 'wrong-token', 'this is not the token of this server')
    }
  }
}

function waitAnswer(c: Asked, seconds: number): Response {
  c.header('retry-after', String(seconds))
  const message = 'too many wrong tokens from this address'
  const hint = `wait ${seconds} seconds`
  return wantsPage(c)
    ? personPage(c, 429, refusedPage(message, { hint }))
    : refusal(c, 429, 'too-many', message, hint)
}

function tokenAnswer(c: Asked, code: string, message: string): Response {
  c.header('www-authenticate', 'Bearer')
  if (wantsPage(c)) return personPage(c, 401, refusedPage(message, 'get-token'))
  const hint = 'open the address that torch web printed; programs send Authorization: Bearer TOKEN'
  return refusal(c, 401, code, message, hint)
}

function personPage(c: Asked, status: 401 | 421 | 429, page: string): Response {
  c.header('cache-control', 'no-store')
  return c.html(page, status)
}

/** The path and the query of an address without the token: never another host. */
function withoutToken(url: string): string {
  const { pathname, searchParams } = new URL(url)
  searchParams.delete('token')
  const query = searchParams.toString()
  // A path that begins with two slashes would name a host.
  return pathname.replace(/^[/\\]+/, '/') + (query === '' ? '' : `?${query}`)
}

function callerOf(c: Asked): Caller {
  const { remote } = getConnInfo(c)
  return {
    address: plainAddress(remote.address),
    localAddress: c.env.incoming.socket.localAddress,
    header: (name) => c.req.header(name),
  }
}

/** A file of the page. Any other path is the page too: its script reads the address. */
function pageFile(c: Asked, files: ReadonlyMap<string, StaticFile>): Response {
  const path = c.req.path
  const file =
    files.get(path) ?? (path.startsWith('/assets/') ? undefined : files.get('/index.html'))
  if (file === undefined && files.size > 0)
    return refusal(c, 404, 'not-found', 'nothing is at this address')
  if (file === undefined)
    return refusal(
      c,
      503,
      'no-page',
      'this installation of torch has no page',
      'in a checkout, npm run build makes it',
    )
  const { bytes, zipped, type, isHashed } = file
  c.header('content-type', type)
  c.header('cache-control', isHashed ? 'private, max-age=31536000, immutable' : 'no-cache')
  c.header('vary', 'accept-encoding')
  const isZipped = zipped !== undefined && takesGzip(c.req.header('accept-encoding') ?? '')
  if (isZipped) c.header('content-encoding', 'gzip')
  return c.body(new Uint8Array(isZipped ? zipped : bytes))
}

/** `gzip;q=0` refuses it: https://www.rfc-editor.org/rfc/rfc9110#name-accept-encoding */
function takesGzip(accepted: string): boolean {
  const [, weight = '1'] = /(?:^|,)\s*gzip\s*(?:;\s*q=([\d.]+))?/i.exec(accepted) ?? ['', '0']
  return Number(weight) > 0
}
