import { messageOf } from '../errors.ts'
import { parseRetryAfter, type Delivery } from './retry-plan.ts'
import { withoutSecrets } from './secrets.ts'

export interface WebRequest {
  /** May hold a secret: it is in no word that this file returns. */
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly body?: { readonly type: string; readonly text: string }
  readonly headers?: Readonly<Record<string, string>>
  /** Aborts when the time is over. */
  readonly signal: AbortSignal
  readonly nowMs: number
  /** A server may say in a good answer that it failed; the start of its body. */
  readonly isFailure?: (body: string) => boolean
}

const maxRedirects = 3
/** How much of an answer is read. */
const maxAnswerBytes = 2_048
const maxDetailsLength = 300

/**
 * Sends one request and judges the answer. Never throws. Redirects are followed on the same host only: another
 * one must not get what is in the request.
 */
export async function sendRequest(request: WebRequest): Promise<Delivery> {
  let response: Response | undefined
  try {
    const answer = await followRedirects(request)
    if ('kind' in answer) return answer
    response = answer
    return await judge(request, response)
  } catch (error) {
    if (isBadPort(error))
      return {
        kind: 'refused',
        words: 'torch does not send to the port in its URL, which belongs to another service',
      }
    return { kind: 'later', words: failureWords(error, request.signal) }
  } finally {
    // The body may have no end.
    await response?.body?.cancel().catch(() => {})
  }
}

async function followRedirects(request: WebRequest): Promise<Response | Delivery> {
  if (!URL.canParse(request.url) || !/^https?:/i.test(request.url))
    return { kind: 'refused', words: 'its URL is not an http or https URL' }
  let url = new URL(request.url)
  for (let redirects = 0; ; redirects++) {
    const response = await fetch(withoutUser(url), {
      method: request.method,
      headers: {
        'user-agent': 'torch',
        // The process ends when it has nothing to do: no connection may hold it.
        connection: 'close',
        ...(request.body && { 'content-type': request.body.type }),
        ...credentials(url),
        ...request.headers,
      },
      ...(request.body && { body: request.body.text }),
      redirect: 'manual',
      signal: request.signal,
    })
    const location = response.headers.get('location')
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response
    await response.body?.cancel()
    if (redirects === maxRedirects)
      return { kind: 'refused', words: `more than ${maxRedirects} redirects` }
    const next = URL.canParse(location, url.href) ? new URL(location, url.href) : undefined
    const why = next === undefined ? 'to something that is not a URL' : otherHost(url, next)
    if (next === undefined || why !== undefined)
      return { kind: 'refused', words: `HTTP ${response.status}: it redirects ${why}` }
    url = next
  }
}

/** Why a redirect is not followed. The same host over TLS is fine. */
function otherHost(from: URL, to: URL): string | undefined {
  if (to.protocol === from.protocol)
    return to.host === from.host ? undefined : 'to another host, which torch does not follow'
  const isUpgrade = from.protocol === 'http:' && to.protocol === 'https:'
  if (!isUpgrade) return 'to something that is not https'
  const isSame = to.hostname === from.hostname && from.port === '' && to.port === ''
  return isSame ? undefined : 'to another host, which torch does not follow'
}

/** fetch refuses a URL with a user. */
function withoutUser(url: URL): URL {
  const plain = new URL(url)
  plain.username = ''
  plain.password = ''
  return plain
}

function credentials({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { authorization: `Basic ${Buffer.from(text).toString('base64')}` }
}

async function judge(request: WebRequest, response: Response): Promise<Delivery> {
  const { status, ok } = response
  const words = `HTTP ${status}`
  if (ok && request.isFailure === undefined) return { kind: 'delivered', words }
  const body = await startOf(response)
  if (ok && request.isFailure?.(body) !== true) return { kind: 'delivered', words }
  const details = detailsOf(body, request.url)
  const result = { words, ...(details !== '' && { details }) }
  const isFinal = status < 500 && !ok && status !== 408 && status !== 429
  if (isFinal) return { kind: 'refused', ...result }
  const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), request.nowMs)
  return { kind: 'later', ...result, ...(retryAfterMs !== undefined && { retryAfterMs }) }
}

/** The start of a body; what came until an error. */
async function startOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const part of response.body ?? []) {
      const chunk = part as Uint8Array
      parts.push(chunk)
      bytes += chunk.length
      if (bytes >= maxAnswerBytes) break
    }
  } catch {
    // The status says enough.
  }
  return Buffer.concat(parts).subarray(0, maxAnswerBytes).toString()
}

function detailsOf(body: string, url: string): string {
  return withoutSecrets(body, url).trim().slice(0, maxDetailsLength)
}

/** https://fetch.spec.whatwg.org/#port-blocking: such as 25, the port of mail servers. */
function isBadPort(error: unknown): boolean {
  return error instanceof Error && messageOf(error.cause) === 'bad port'
}

/** The code of an error says what is wrong. Its message may have the URL. */
function failureWords(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'it did not answer in time'
  return networkWords(codeOf(error))
}

/** What the code of an error of a connection means. */
export function networkWords(code: string): string {
  const words: Readonly<Record<string, string>> = {
    ENOTFOUND: 'its host was not found: check the name, and the DNS',
    EAI_AGAIN: 'the DNS does not answer',
    ECONNREFUSED: 'it refuses the connection',
    ECONNRESET: 'the connection ended before it answered',
    EPIPE: 'the connection ended before it answered',
    UND_ERR_SOCKET: 'the connection ended before it answered',
    ENETUNREACH: 'it cannot be reached',
    EHOSTUNREACH: 'it cannot be reached',
    ETIMEDOUT: 'it cannot be reached',
    UND_ERR_CONNECT_TIMEOUT: 'it cannot be reached',
  }
  const isCertificate = /CERT|UNABLE_TO|SELF_SIGNED|CRL|HOSTNAME_MISMATCH/.test(code)
  if (isCertificate)
    return `its certificate is not valid; for a CA of your own, set NODE_EXTRA_CA_CERTS, then stop and start the daemon (${code})`
  const known = Object.hasOwn(words, code) ? words[code] : undefined
  return `${known ?? 'the connection failed'}${code === '' ? '' : ` (${code})`}`
}

/** The innermost code: fetch wraps the error of the connection, and Node one for each address. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  const inner = codeOf(error.cause)
  if (inner !== '') return inner
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}
