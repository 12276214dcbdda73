import { createHash } from 'node:crypto'
import fs from 'node:fs'
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Clock } from '../host/clock.ts'
import { formatDuration } from '../text/duration.ts'
import { sizeText } from '../text/size.ts'
import { headBytes } from './content.ts'
import { networkWords, Refused } from './network-errors.ts'

/** What to download, and within which bounds. */
export interface Request {
  readonly url: string
  /** Sent to the host of `url` only, never to another one after a redirect. */
  readonly headers: Readonly<Record<string, string>>
  /** Of the copy that is there already: the server may answer that it is the newest. */
  readonly etag: string | null
  /** The tasks file has the sum of the content: then it is known whether the body is whole. */
  readonly isPinned: boolean
  /** For everything together. */
  readonly timeoutMs: number
  readonly maxBytes: number
  /** An existing folder's file that is written. The caller removes it. */
  readonly file: string
}

export type Download =
  | { readonly kind: 'not-modified' }
  | {
      readonly kind: 'whole'
      readonly sha256: string
      readonly bytes: number
      readonly etag: string | null
      readonly finalUrl: string
      /** The first bytes. */
      readonly head: Buffer
    }

const maxRedirects = 5

/**
 * Downloads a file over HTTPS. The body goes to the disk as it comes, and it is synced when this returns.
 * Throws Refused with words for a person if the answer is not what was asked for; errors of the disk are
 * thrown as they are.
 */
export async function download(clock: Clock, request: Request): Promise<Download> {
  const abort = new AbortController()
  const cancel = clock.after(request.timeoutMs, () => abort.abort())
  const progress = { bytes: 0 }
  try {
    const answer = await followRedirects(request, abort.signal)
    try {
      return await take(request, { ...answer, progress })
    } finally {
      answer.response.destroy()
    }
  } catch (error) {
    if (!abort.signal.aborted) throw error
    const came = progress.bytes === 0 ? '' : `, after ${sizeText(progress.bytes)}`
    throw new Refused(`timed out after ${formatDuration(request.timeoutMs)}${came}`)
  } finally {
    cancel()
  }
}

/** The first answer that does not redirect, and where it came from. */
async function followRedirects(
  request: Request,
  signal: AbortSignal,
): Promise<Omit<Answer, 'progress'>> {
  let url = new URL(request.url)
  const { origin } = url
  let isHome = true
  for (let redirects = 0; ; redirects++) {
    const { response, later } = await ask(url, isHome ? request.headers : {}, request.etag, signal)
    const { statusCode = 0, headers } = response
    if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined)
      return { response, later, url }
    response.destroy()
    if (redirects === maxRedirects) throw new Refused(`more than ${maxRedirects} redirects`)
    url = nextUrl(url, headers.location)
    isHome &&= url.origin === origin
  }
}

function nextUrl(from: URL, location: string): URL {
  const next = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined
  if (next === undefined)
    throw new Refused(`redirects to ${JSON.stringify(location)}, which is not a URL`)
  const isSafe = next.protocol === 'https:' || next.protocol === from.protocol
  if (!isSafe) throw new Refused(`redirects to ${next.href}, which is not https`)
  next.username = ''
  next.password = ''
  return next
}

/** Sends one request, on a connection of its own. The code for TLS is loaded only here. */
async function ask(
  url: URL,
  own: Readonly<Record<string, string>>,
  etag: string | null,
  signal: AbortSignal,
): Promise<Pick<Answer, 'response' | 'later'>> {
  const { request: open } = await (url.protocol === 'https:'
    ? import('node:https')
    : import('node:http'))
  const headers = {
    'user-agent': 'torch',
    accept: '*/*',
    ...own,
    // LAST: what is stored is what the server has, not something that must be unpacked.
    'accept-encoding': 'identity',
    ...(etag !== null && { 'if-none-match': etag }),
  }
  // Explicitly: it overrides NODE_TLS_REJECT_UNAUTHORIZED.
  const tls = { rejectUnauthorized: true }
  return new Promise((resolve, reject) => {
    let sent: ClientRequest
    try {
      sent = open(url, { ...tls, headers, agent: false, signal })
    } catch (error) {
      // A header that cannot be sent.
      reject(new Refused(networkWords(error, url)))
      return
    }
    const later: Answer['later'] = { error: undefined }
    sent.on('response', (response) => resolve({ response, later }))
    sent.on('error', (error) => {
      later.error = error
      reject(new Refused(networkWords(error, url)))
    })
    // An answer such as 101 closes the connection without an error, and nothing else follows.
    sent.on('close', () => reject(new Refused(`${url.host} gave no answer that torch can read`)))
    sent.end()
  })
}

interface Answer {
  readonly response: IncomingMessage
  readonly url: URL
  readonly progress: { bytes: number }
  /** An error that comes after the head, such as bytes behind the end of the body. */
  readonly later: { error: Error | undefined }
}

async function take(request: Request, answer: Answer): Promise<Download> {
  const { response, url, progress, later } = answer
  const { statusCode = 0, statusMessage = '', headers } = response
  if (statusCode === 304 && request.etag !== null) return { kind: 'not-modified' }
  if (statusCode !== 200) throw new Refused(`${statusCode} ${statusMessage}`.trim())
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding.toLowerCase() !== 'identity')
    throw new Refused(
      `the server sent it compressed (${encoding}), although torch asked for it as it is`,
    )
  const length = headers['content-length']
  checkSize(Number(length ?? 0), request)
  const transfer = headers['transfer-encoding']
  if (transfer !== undefined && transfer.toLowerCase() !== 'chunked')
    throw new Refused(`the server sent it in a form that torch does not read (${transfer})`)
  const hasEnd = length !== undefined || transfer !== undefined
  if (!hasEnd && !request.isPinned)
    throw new Refused(
      'the server does not say how long it is, so torch cannot know whether it is whole; give its sha256',
    )
  const { sha256, head } = await store(request, answer)
  if (later.error !== undefined) throw new Refused(networkWords(later.error, url))
  if (!response.complete) throw new Refused('the connection ended before all of it came')
  return {
    kind: 'whole',
    ...{ sha256, bytes: progress.bytes, head, finalUrl: url.href },
    etag: headers.etag ?? null,
  }
}

function checkSize(bytes: number, { maxBytes }: Request): void {
  if (bytes > maxBytes) throw new Refused(`is larger than its max_size of ${sizeText(maxBytes)}`)
}

/** Writes the body. It is in no other descriptor when it is synced and closed: then it can be executed. */
async function store(
  request: Request,
  { response, url, progress }: Answer,
): Promise<{ sha256: string; head: Buffer }> {
  const handle = await fs.promises.open(request.file, 'wx', 0o600)
  const hash = createHash('sha256')
  const start: Buffer[] = []
  try {
    for await (const chunk of bodyOf(response, url)) {
      if (progress.bytes < headBytes) start.push(chunk)
      progress.bytes += chunk.length
      checkSize(progress.bytes, request)
      hash.update(chunk)
      await handle.writeFile(chunk)
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
  return { sha256: hash.digest('hex'), head: Buffer.concat(start).subarray(0, headBytes) }
}

/** The body in pieces, no faster than they are taken. An error of the network becomes words. */
async function* bodyOf(response: IncomingMessage, url: URL): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response) yield chunk as Buffer
  } catch (error) {
    throw error instanceof Refused ? error : new Refused(networkWords(error, url))
  }
}
