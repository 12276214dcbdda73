import type { IncomingMessage } from 'node:http'
import path from 'node:path'
import { errorFromJson, exitStatus, TorchError, messageOf } from '../errors.ts'
import { wallClock } from '../host/clock.ts'
import { diskFiles, type FileFacts, hasCode } from '../host/files.ts'
import { realProcesses } from '../host/processes.ts'
import { shellQuoted } from '../text/shell-quote.ts'
import { withShortPath } from './address.ts'
import type { ErrorReport, Protocol, RequestName } from './protocol.ts'
import { startWords } from './start-words.ts'

/** For the whole of an exchange. */
const defaultTimeoutMs = 10_000
/** How often it is tried where more want to connect than the system lets wait. */
const doorMs = 20
/** The status of 100,000 tasks is some 30 MB. */
const maxReplyBytes = 128 * 1024 * 1024

/**
 * Asks the daemon that listens at that path. Throws TorchError: `no-daemon` (exit 3), `daemon-silent`
 * (no whole reply in time, or the caller gave up), `daemon-gone` (it ended meanwhile), `daemon-denied` (of another user), or what the
 * daemon itself threw. Leaves nothing open behind it.
 */
export async function askDaemon<N extends RequestName>(
  socketPath: string,
  name: N,
  request: Protocol[N]['request'],
  { timeoutMs = defaultTimeoutMs, giveUp }: { timeoutMs?: number; giveUp?: AbortSignal } = {},
): Promise<Protocol[N]['reply']> {
  const timeout = AbortSignal.timeout(timeoutMs)
  const signal = giveUp === undefined ? timeout : AbortSignal.any([timeout, giveUp])
  try {
    const body = JSON.stringify(request)
    const { status, text } = await exchangeInTurn(socketPath, name, body, signal)
    // Not checked again: the socket is in a folder that only its owner and root may enter.
    const reply = JSON.parse(text) as Protocol[N]['reply'] | ErrorReport
    if (status !== 200) throw errorFromJson((reply as ErrorReport).error)
    return reply as Protocol[N]['reply']
  } catch (error) {
    if (error instanceof TorchError) throw error
    const bound = timeout.aborted ? ` within ${timeoutMs} ms` : ''
    throw explained(error, path.dirname(socketPath), signal.aborted ? bound : undefined)
  }
}

/** The error for a home that this user may not look into. */
export function deniedHome(home: string, cause: unknown): TorchError {
  const facts = factsOf(home)
  const denied = (words: string, hint: string) =>
    new TorchError('daemon-denied', `the home ${home} ${words}`, { hint, cause })
  if (facts === undefined)
    return denied('is not for this user to look into', 'run torch as its owner, or as root')
  if (facts.uid !== realProcesses.uid)
    return denied(
      `belongs to another user (uid ${facts.uid})`,
      'run torch as that user, or as root',
    )
  return denied(
    `may not be entered (mode ${facts.mode.toString(8)})`,
    `chmod 700 ${shellQuoted(home)}`,
  )
}

/** undefined where a folder on the way to it is closed as well. */
function factsOf(home: string): FileFacts | undefined {
  try {
    return diskFiles.facts(home)
  } catch {
    return undefined
  }
}

/** A crowd before the door is as one reply that takes longer: EAGAIN of connect(2) is no answer. */
async function exchangeInTurn(
  socketPath: string,
  name: string,
  body: string,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  for (;;) {
    try {
      return await exchange(socketPath, name, body, signal)
    } catch (error) {
      if (signal.aborted || !hasCode(error, 'EAGAIN')) throw error
      await new Promise<void>((resolve) => {
        wallClock.after(doorMs, resolve)
      })
    }
  }
}

async function exchange(
  socketPath: string,
  name: string,
  body: string,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  // Loaded only where there may be somebody to ask: it takes longer than to see that there is not.
  if (diskFiles.facts(socketPath) === undefined) throw noDaemon(path.dirname(socketPath), undefined)
  const { request: httpRequest } = await import('node:http')
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  return new Promise((resolve, reject) => {
    const outgoing = withShortPath(socketPath, (short) =>
      httpRequest({
        socketPath: short,
        path: `/${name}`,
        method: 'POST',
        headers,
        agent: false,
        signal,
      }),
    )
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      readReply(response).then(
        (text) => resolve({ status: response.statusCode ?? 0, text }),
        reject,
      )
    })
    outgoing.end(body)
  })
}

async function readReply(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxReplyBytes) throw new Error(`its reply is over ${maxReplyBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function noDaemon(home: string, cause: unknown): TorchError {
  return new TorchError('no-daemon', `no torch daemon runs for ${home}`, {
    exit: exitStatus.noDaemon,
    hint: `start one: ${startWords(home)}`,
    cause,
  })
}

/** `bound`: it was given up, after that time. */
function explained(error: unknown, home: string, bound: string | undefined): TorchError {
  if (bound !== undefined) {
    const words = `the torch daemon of ${home} does not answer${bound}`
    return new TorchError('daemon-silent', words, {
      hint: `it may be busy or stopped: see its state with ps, and ${home}/daemon.log`,
      cause: error,
    })
  }
  if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ECONNREFUSED')) return noDaemon(home, error)
  if (hasCode(error, 'EACCES', 'EPERM')) {
    return deniedHome(home, error)
  }
  return new TorchError(
    'daemon-gone',
    `the torch daemon of ${home} gave no reply: ${messageOf(error)}`,
    {
      hint: `it may have ended meanwhile: see ${home}/daemon.log`,
      cause: error,
    },
  )
}
