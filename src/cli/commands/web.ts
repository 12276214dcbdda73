import path from 'node:path'
import { askDaemon } from '../../control/client.ts'
import { interceptSignals } from '../../daemon/signals.ts'
import { exitStatus, messageOf, TorchError } from '../../errors.ts'
import { keepHeapSmall } from '../../host/small-heap.ts'
import type { Signal } from '../../host/processes.ts'
import { newApp } from '../../http/app.ts'
import { newEventStreams } from '../../http/event-stream.ts'
import { type FleetAsking, fleetScopes, oneScope } from '../../http/fleet/scopes.ts'
import { newHub } from '../../http/hub.ts'
import { addressOf, hostNamesOf, parseListen } from '../../http/listen-address.ts'
import { type Listen, serve, type Tls, tlsFault } from '../../http/serve.ts'
import { readStaticFiles } from '../../http/static-files.ts'
import { newToken, readToken } from '../../http/token.ts'
import { localView } from '../../view/local-view.ts'
import { isThisMachine } from '../../tasks/address.ts'
import { socketView } from '../../view/socket-view.ts'
import type { View } from '../../view/view.ts'
import { factsHere } from '../args/host-facts.ts'
import { type FilePath, usageError } from '../args/option.ts'
import type { Values } from '../args/options.ts'
import type { Call } from '../command.ts'
import { offlineTasksPath } from '../daemon/tasks-file.ts'
import { statusOfSignal } from '../terminal/outcomes.ts'

const defaultListen = '127.0.0.1:8181'
/** Of the desktop: https://www.freedesktop.org/wiki/Software/xdg-utils/ */
const browserOpener = 'xdg-open'
const browserMs = 60_000
const maxPemBytes = 1024 * 1024

/** Runs `torch web` until a signal ends it. */
export async function web(call: Call, values: Values): Promise<number> {
  const { host, terminal } = call
  keepHeapSmall()
  const listen = listenOf(values)
  const tls = tlsOf(call, values)
  demandSafe(call, values, listen, tls)
  const hostNames = values['host-name'] ?? []
  demandNames(hostNames)
  demandHome(call)
  const view = viewOf(call, values)
  const tokenFile = tokenFileOf(call, values)
  const token = listen.kind === 'unix' ? undefined : readToken(host, tokenFile)
  const once = new Set<string>()
  const own = { view, hub: newHub(view, host.clock) }
  const scopes =
    call.fleet === undefined ? oneScope(own) : fleetScopes(own, fleetAsking(call), host.clock)
  const streams = newEventStreams(host.clock)
  const app = newApp({
    scopes,
    streams,
    clock: host.clock,
    rules: {
      token,
      once,
      hostNames: hostNamesOf(listen, hostNames),
      isSecure: tls !== undefined,
    },
    isMetricsOpen: values['metrics-open'] ?? false,
    files: readStaticFiles(host),
    version: call.version,
    actions: values.actions ?? false,
    home: call.from.home === 'flag' ? call.paths.home : undefined,
    report: terminal.note,
  })
  const ended = untilSignal()
  const server = await serve(app, listen, tls)
  const address =
    listen.kind === 'unix'
      ? `unix:${listen.path}`
      : addressOf(
          { host: shownHost(listen.host, hostNames), port: server.port ?? listen.port },
          tls !== undefined,
        )
  const line = token === undefined ? address : lineFor(address, token, tokenFile)
  await terminal.say(values.json ? JSON.stringify({ address, token: token ?? null }) : line)
  // Before anybody asks: with 2,000 tasks the first look takes a second. A page that fails asks again.
  own.hub.picture().catch(() => {})
  if (values.open) void openPage(call, address, once)
  const signal = await ended
  streams.close()
  scopes.close()
  await server.close()
  return signal === 'SIGINT' || signal === 'SIGTERM' ? exitStatus.done : statusOfSignal(signal)
}

/** A home that is named and missing is a slip: the page would make it, and show nothing. */
function demandHome({ host, paths, from }: Call): void {
  if (from.home !== 'flag' || host.files.facts(paths.home) !== undefined) return
  throw usageError(
    `--home: ${paths.home} does not exist, so no daemon has run there`,
    'name the home of the daemon, or start it first with torch start',
  )
}

/** The file of the token, which is made if it is missing, but its folder only if that is the home. */
function tokenFileOf({ host, paths }: Call, { 'token-file': named }: Values): string {
  if (named === undefined) return path.join(paths.home, 'web-token')
  const folder = path.dirname(named.absolute)
  if (host.files.facts(folder)?.kind === 'directory') return named.absolute
  throw usageError(
    `--token-file: ${named.shown}: there is no folder ${folder}`,
    'make that folder first, or name a file in another one',
  )
}

/** Opening it is logging in. */
function linkOf(address: string, token: string): string {
  return `${address}?token=${encodeURIComponent(token)}`
}

/**
 * The link, unless others read what is printed: the output of a task goes into messages and to the view group,
 * that of a service into the journal. The token is not for them.
 */
function lineFor(address: string, token: string, tokenFile: string): string {
  const { TORCH_RUN_ID: run, JOURNAL_STREAM: journal } = process.env
  const isRecorded = run !== undefined || journal !== undefined
  return isRecorded ? `${address} (the token is in ${tokenFile})` : linkOf(address, token)
}

/** Nobody can open 0.0.0.0. */
function shownHost(listening: string, hostNames: readonly string[]): string {
  return /^(?:0\.0\.0\.0|::)$/.test(listening) ? (hostNames[0] ?? listening) : listening
}

/** A name with a port would never be the name that a browser sends. */
function demandNames(hostNames: readonly string[]): void {
  const bad = hostNames.find(
    (name) => !/^[\w.-]+$|^[\da-f:]+$/i.test(name) || /^[^:]*:\d+$/.test(name),
  )
  if (bad === undefined) return
  throw usageError(
    `--host-name: expected a name or an address, without a port; got ${JSON.stringify(bad)}`,
    'such as --host-name torch.example.com',
  )
}

/** Whether this user may not read the home, and reaches only its view socket. */
function isForeign({ host, paths }: Call): boolean {
  const { uid: own } = host.processes
  return own !== 0 && (host.files.facts(paths.home)?.uid ?? own) !== own
}

/**
 * The home, by its files or, if it belongs to another user, by its view socket. Nobody can act through that
 * socket.
 */
function viewOf(call: Call, values: Values): View {
  const { host, paths } = call
  if (!isForeign(call))
    return localView({
      host,
      paths,
      facts: () => factsHere(call, values),
      tasksFile: () => offlineTasksPath(call, values),
    })
  if (values.actions)
    throw usageError(
      `--actions needs the user of the daemon: ${paths.home} belongs to another one (uid ${host.files.facts(paths.home)?.uid})`,
      'leave out --actions, or run torch web as that user',
    )
  return socketView({ host, paths })
}

/** How long a question to the whole fleet may take, and a command that loads a large file. */
const fleetMs = 15_000

/** The fleet, as the daemon of this machine sees it. */
function fleetAsking(call: Call): FleetAsking {
  const { paths } = call
  const socket = isForeign(call) ? paths.viewSocket : paths.socket
  const options = { timeoutMs: fleetMs }
  return {
    ask: (name, request) => askDaemon(socket, name, request, options),
    async tell(host, verb, who, request) {
      const told = { host, verb, who, request: { ...request } }
      return (await askDaemon(socket, 'fleetDo', told, options)).value
    },
  }
}

function listenOf({ listen: written = defaultListen, open = false }: Values): Listen {
  const listen = parseListen(written)
  if (open && listen?.kind === 'unix')
    throw usageError('--open needs a port: no browser opens a Unix socket', 'leave out --open')
  if (listen !== undefined) return listen
  throw usageError(
    `--listen: expected an address with a port, or unix: and a path; got ${JSON.stringify(written)}`,
    'such as --listen 127.0.0.1:8181, --listen [::1]:8181 or --listen unix:/run/torch-web.sock',
  )
}

function tlsOf(call: Call, values: Values): Tls | undefined {
  const { 'tls-cert': cert, 'tls-key': key } = values
  if (cert === undefined && key === undefined) return undefined
  if (cert === undefined || key === undefined)
    throw usageError(
      `--tls-${cert === undefined ? 'key' : 'cert'} needs --tls-${cert === undefined ? 'cert' : 'key'}`,
      'give both files, in PEM',
    )
  const tls = { cert: pemOf(call, '--tls-cert', cert), key: pemOf(call, '--tls-key', key) }
  const fault = tlsFault(tls)
  if (fault === undefined) return tls
  throw usageError(
    `cannot use ${cert.shown} and ${key.shown}: ${fault}`,
    'they must be a certificate and its key, in PEM, without a password',
  )
}

function pemOf({ host }: Call, option: string, { shown, absolute }: FilePath): Buffer {
  const refuse = (why: string) =>
    usageError(`${option}: ${shown}: ${why}`, 'name a file in PEM that this user may read')
  let found: Buffer | undefined
  try {
    found = host.files.readFile(absolute, maxPemBytes)
  } catch (error) {
    throw refuse(messageOf(error))
  }
  if (found === undefined) throw refuse('no such file')
  return found
}

/** Other machines would read the token from the network. */
function demandSafe(call: Call, values: Values, listen: Listen, tls: Tls | undefined): void {
  if (listen.kind === 'unix' || isThisMachine(listen.host) || tls !== undefined) return
  const where = `${listen.host} port ${listen.port}`
  if (values.insecure ?? false) {
    call.terminal.note(
      `warning: ${where} is not encrypted: everybody who sees the traffic can read the token`,
    )
    return
  }
  throw new TorchError('usage', `other machines reach ${where}, and it would not be encrypted`, {
    exit: exitStatus.usage,
    hint: 'give --tls-cert and --tls-key, use an ssh tunnel to 127.0.0.1, or add --insecure',
  })
}

/**
 * Opens a browser. All users of this machine can read the arguments of its process, so it gets a token that
 * works once.
 */
async function openPage(
  { host, terminal }: Call,
  address: string,
  once: Set<string>,
): Promise<void> {
  const token = newToken()
  once.add(token)
  const link = linkOf(address, token)
  const options = { timeoutMs: browserMs }
  const { missing } = await host.processes.runProgram(browserOpener, [link], options)
  if (missing) terminal.note(`no program ${browserOpener} is here: open the address yourself`)
}

function untilSignal(): Promise<Signal> {
  return new Promise((resolve) => interceptSignals(resolve))
}
