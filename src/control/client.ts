import type { IncomingMessage } from 'node:http'
import path from 'node:path'
import { errorFromJson, exitStatus, messageOf, TorchError } from '../errors.ts'
import { pause, wallClock } from '../host/clock.ts'
import { diskFiles, type FileFacts } from '../host/files.ts'
import { hasCode } from '../host/system-error.ts'
import { realProcesses } from '../host/processes.ts'
import { shellQuoted } from '../text/shell-quote.ts'
import { aliveMs, type EventLine, type EventsRequest } from './events.ts'
import type { FleetLogLine, FleetLogRequest } from './fleet-reports.ts'
import type { ErrorReport, Protocol, RequestName } from './protocol.ts'
import { withShortPath } from './socket.ts'

/** For the request and its whole reply. */
const defaultTimeoutMs = 10_000
/** The pause before another try while the system has no room for more connections to the daemon. */
const retryMs = 20
/** The status of 10,000 tasks has about 3 MB. */
const maxReplyBytes = 64 * 1024 * 1024

/**
 * Asks the daemon that listens at that path. Leaves nothing open. Throws the TorchError that the
 * daemon replies with, or one of: `no-daemon` (exit 3), `daemon-silent` (no whole reply in time, or
 * the caller gave up), `daemon-gone` (the daemon ended before it replied), `daemon-denied` (the home
 * belongs to another user).
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
    const response = await connect(socketPath, name, JSON.stringify(request), signal)
    const text = await readReply(response)
    // No need to check its shape: only the owner and root can enter the directory of the socket.
    const reply = JSON.parse(text) as Protocol[N]['reply'] | ErrorReport
    if (response.statusCode !== 200) throw errorFromJson((reply as ErrorReport).error)
    return reply as Protocol[N]['reply']
  } catch (error) {
    if (error instanceof TorchError) throw error
    const home = path.dirname(socketPath)
    if (signal.aborted) throw silentDaemon(home, timeout.aborted ? timeoutMs : undefined, error)
    throw failedExchange(home, error)
  }
}

/** For the first line of a stream. Later a daemon that hangs is noticed because `alive` is missing. */
const firstLineMs = 10_000
const maxSilenceMs = 3 * aliveMs
/** A row has less than a kilobyte, but the problems of a file may be long. */
const maxEventLineBytes = 4 * 1024 * 1024

/**
 * The lines of a stream of events (control/events.ts), until the daemon ends it. Throws the errors of
 * askDaemon(), also if nothing comes for `maxSilenceMs`, and the reason of the signal.
 */
export function streamEvents(
  socketPath: string,
  request: EventsRequest,
  stop: AbortSignal,
): AsyncGenerator<EventLine, void, undefined> {
  return streamLines<EventLine>(socketPath, 'events', request, stop)
}

/** The output of runs on another machine (control/fleet-reports.ts), until it has no more. Throws as streamEvents(). */
export async function* streamFleetLog(
  socketPath: string,
  request: FleetLogRequest,
  stop: AbortSignal,
): AsyncGenerator<Exclude<FleetLogLine, { kind: 'alive' | 'error' }>, void, undefined> {
  for await (const line of streamLines<FleetLogLine>(socketPath, 'fleetLog', request, stop)) {
    if (line.kind === 'error') throw errorFromJson(line.error)
    if (line.kind !== 'alive') yield line
  }
}

async function* streamLines<Line>(
  socketPath: string,
  name: 'events' | 'fleetLog',
  request: object,
  stop: AbortSignal,
): AsyncGenerator<Line, void, undefined> {
  const silence = new AbortController()
  const signal = AbortSignal.any([silence.signal, stop])
  const giveUpAfter = (ms: number) => wallClock.after(ms, () => silence.abort())
  let cancel = giveUpAfter(firstLineMs)
  try {
    const response = await connect(socketPath, name, JSON.stringify(request), signal)
    if (response.statusCode !== 200)
      throw errorFromJson((JSON.parse(await readReply(response)) as ErrorReport).error)
    let rest = ''
    for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
      // While the caller is busy with a line, the daemon is not silent.
      cancel()
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > maxEventLineBytes) throw new Error('an event is too long')
      for (const line of lines) yield JSON.parse(line) as Line
      cancel = giveUpAfter(maxSilenceMs)
    }
  } catch (error) {
    stop.throwIfAborted()
    if (error instanceof TorchError) throw error
    const home = path.dirname(socketPath)
    throw signal.aborted ? silentDaemon(home, undefined, error) : failedExchange(home, error)
  } finally {
    cancel()
  }
}

/** EAGAIN of connect(2) means that many others want to connect at this moment. */
async function connect(
  socketPath: string,
  name: string,
  body: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  for (;;) {
    try {
      return await tryToConnect(socketPath, name, body, signal)
    } catch (error) {
      if (signal.aborted || !hasCode(error, 'EAGAIN')) throw error
      await pause(wallClock, retryMs)
    }
  }
}

async function tryToConnect(
  socketPath: string,
  name: string,
  body: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  // Loading node:http takes longer than it takes to see that there is no daemon.
  if (diskFiles.facts(socketPath) === undefined) throw noDaemon(path.dirname(socketPath), undefined)
  const { request: httpRequest } = await import('node:http')
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  const options = { path: `/${name}`, method: 'POST', headers, agent: false, signal } as const
  return new Promise((resolve, reject) => {
    const outgoing = withShortPath(socketPath, (short) =>
      httpRequest({ ...options, socketPath: short }),
    )
    outgoing.on('error', reject)
    outgoing.on('response', resolve)
    outgoing.end(body)
  })
}

async function readReply(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxReplyBytes) throw new Error(`the reply is over ${maxReplyBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** `timeoutMs` is undefined if the caller gave up earlier. */
function silentDaemon(home: string, timeoutMs: number | undefined, cause: unknown): TorchError {
  const within = timeoutMs === undefined ? '' : ` within ${timeoutMs} ms`
  return new TorchError('daemon-silent', `the torch daemon of ${home} did not answer${within}`, {
    hint: `it may be busy or stopped: check it with ps, and read ${home}/daemon.log`,
    cause,
  })
}

function failedExchange(home: string, error: unknown): TorchError {
  if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ECONNREFUSED')) return noDaemon(home, error)
  if (hasCode(error, 'EACCES', 'EPERM')) return deniedHome(home, error)
  const message = `the torch daemon of ${home} did not reply: ${messageOf(error)}`
  return new TorchError('daemon-gone', message, {
    hint: `it may have just ended: read ${home}/daemon.log`,
    cause: error,
  })
}

function noDaemon(home: string, cause: unknown): TorchError {
  return new TorchError('no-daemon', `no torch daemon is running for ${home}`, {
    exit: exitStatus.noDaemon,
    hint: `start one: ${startCommand(home)}`,
    cause,
  })
}

/**
 * The command that starts a daemon for that home. It names the tasks file of the last daemon, unless
 * that is not known or torch would take it anyway.
 */
export function startCommand(home: string): string {
  const start = `torch start --home ${shellQuoted(home)}`
  const tasks = lastTasksPath(home)
  return tasks === undefined ? start : `${start} --tasks ${shellQuoted(tasks)}`
}

function lastTasksPath(home: string): string | undefined {
  try {
    const last = diskFiles.readText(path.join(home, 'tasks-path'))?.replace(/\n$/, '') || undefined
    return last === path.resolve('tasks.yaml') ? undefined : last
  } catch {
    // The home cannot be read, or the current directory no longer exists: the hint is shorter then.
    return undefined
  }
}

/** The error for a home that this user may not enter. */
export function deniedHome(home: string, cause: unknown): TorchError {
  const denied = (why: string, hint: string) =>
    new TorchError('daemon-denied', `the home ${home} ${why}`, { hint, cause })
  const facts = factsOf(home)
  if (facts === undefined)
    return denied('cannot be entered by this user', 'run torch as its owner, or as root')
  if (facts.uid !== realProcesses.uid) {
    const hint = 'run torch as that user, or as root'
    return denied(`belongs to another user (uid ${facts.uid})`, viewHint(home) ?? hint)
  }
  return denied(
    `cannot be entered (mode ${facts.mode.toString(8)})`,
    `chmod 700 ${shellQuoted(home)}`,
  )
}

/** What a member of the view group can do; undefined for everybody else, who cannot see the view socket. */
function viewHint(home: string): string | undefined {
  const socket = path.join(home, 'torch-view.sock')
  if (factsOf(socket) === undefined) return undefined
  const curl = `curl --unix-socket ${shellQuoted(socket)} -d '{}' http://torch/status`
  return `as a member of its view group, use torch web --token-file FILE, or ${curl}`
}

/** undefined if a directory on the way to it cannot be entered either. */
function factsOf(home: string): FileFacts | undefined {
  try {
    return diskFiles.facts(home)
  } catch {
    return undefined
  }
}
