import { messageOf } from '../../errors.ts'
import { newSleep, pause } from '../../host/clock.ts'
import type { Host } from '../../host/host.ts'
import type { Hint } from '../../plan/fleet/hints.ts'
import type { Engine } from '../engine.ts'
import type { Exchange } from '../exchange.ts'
import type { RowStore } from '../row-store.ts'
import type { FleetSettings } from '../settings.ts'
import { loadClient, type NatsClient } from './client.ts'
import { addressOf, dial, type OpenConnection } from './dial.ts'
import { natsEngine } from './engine.ts'
import { getError } from './answers.ts'
import { natsExchange } from './exchange.ts'
import { natsRowStore } from './row-store.ts'
import { type FleetNames, fleetNames } from './subjects.ts'

/** How the connection to the engine is. Times are by the wall clock. */
export type Link =
  | { readonly state: 'connecting'; readonly lastError: string | null }
  | {
      readonly state: 'up'
      readonly sinceMs: number
      /** Host and port. */
      readonly server: string
      readonly version: string
      /** What is not good about the server. */
      readonly warning: string | null
      /** What the server refused since then, such as a missing right. */
      readonly lastError: string | null
    }
  | { readonly state: 'down'; readonly sinceMs: number; readonly lastError: string }

/** The engine of this machine, connected or not. */
export interface FleetConnection {
  /** While there is no connection, it answers `silent` at once, and keeps nothing to send it later. */
  readonly engine: Engine
  readonly rows: RowStore
  readonly exchange: Exchange
  /** Which servers keep what the fleet shares. */
  describe(): Promise<EngineFacts>
  link(): Link
  /** How long there was no connection since this was opened, in milliseconds. */
  awayMs(): number
  /** Ends the connection for good. */
  close(): Promise<void>
}

type EngineFacts =
  | {
      readonly kind: 'engine'
      readonly engine: {
        /** Empty for a single server. */
        readonly servers: readonly string[]
        readonly leader: string | null
        readonly copies: number
      }
    }
  | { readonly kind: 'silent'; readonly words: string }

export interface FleetParts {
  readonly host: Pick<Host, 'clock' | 'files' | 'processes'>
  readonly settings: FleetSettings
  /** Called after each change of the link. */
  readonly onLink?: (link: Link) => void
  readonly random?: () => number
  readonly load?: () => Promise<NatsClient>
}

/** Many machines lose the same server at once, and must not come back at once. */
const againMs = 500
const jitterMs = 1_500
/** What old servers have on its way is stored by then: that takes some milliseconds. */
const settleMs = 300

/**
 * Opens the connection to the engine in the background, and again whenever it is lost, for ever. It never
 * throws: `link()` says what is wrong.
 */
export function connectFleet(parts: FleetParts): FleetConnection {
  const { host, settings, onLink, random = Math.random, load = loadClient } = parts
  const names = fleetNames(settings.name)
  const listeners: ((hint: Hint) => void)[] = []
  let answers: Parameters<Engine['answer']>[0] | undefined
  const rest = newSleep(host.clock)
  let link: Link = { state: 'connecting', lastError: null }
  let open: OpenConnection | undefined
  let engine: Engine | undefined
  let rows: RowStore | undefined
  const exchange = natsExchange(names, settings.name, settings.host)
  let isClosed = false
  let awayMs = 0
  let awaySinceMs: number | undefined = host.clock.monotonic()
  const awayNowMs = (): number =>
    awayMs + (awaySinceMs === undefined ? 0 : host.clock.monotonic() - awaySinceMs)

  function change(next: Link): void {
    link = next
    if (next.state === 'up') {
      awayMs = awayNowMs()
      awaySinceMs = undefined
    } else awaySinceMs ??= host.clock.monotonic()
    onLink?.(next)
  }

  async function keepConnected(): Promise<void> {
    let client: NatsClient | undefined
    while (!isClosed) {
      try {
        client ??= await load()
        await serve(await dial(host, client, settings, random))
      } catch (error) {
        if (!isClosed) change(failed(link, messageOf(error), host.clock.now()))
      }
      if (!isClosed) await rest.sleep(againMs + random() * jitterMs)
    }
  }

  /** Settles when the connection is lost. */
  async function serve(found: OpenConnection): Promise<void> {
    const { connection, js, manager, server, version, warning, isExact } = found
    if (isClosed) return connection.close()
    open = found
    const lost = connection.closed()
    const settle = isExact ? undefined : () => pause(host.clock, settleMs)
    engine = natsEngine({ connection, js, manager, names, host: settings.host, settle })
    rows = natsRowStore({ js, manager, names, host: settings.host })
    exchange.use(connection)
    for (const listener of listeners) engine.hear(listener)
    if (answers !== undefined) engine.answer((question) => answers?.(question))
    void watch(found).catch(() => {})
    const now = host.clock.now()
    change({
      ...{ state: 'up', sinceMs: now, server: addressOf(server), version, warning },
      lastError: null,
    })
    const error = await lost
    open = undefined
    engine = undefined
    rows = undefined
    exchange.use(undefined)
    if (!isClosed) {
      const why = error instanceof Error && error.message !== '' ? `: ${error.message}` : ''
      change({
        ...{ state: 'down', sinceMs: host.clock.now() },
        lastError: `${addressOf(server)} is lost${why}`,
      })
    }
  }

  /** Notes what the server refuses. Its words have the subject, and no secret. */
  async function watch(found: OpenConnection): Promise<void> {
    for await (const status of found.connection.status())
      if (status.type === 'error' && link.state === 'up' && open === found)
        change({ ...link, lastError: status.error.message })
  }

  void keepConnected()
  return {
    engine: {
      putClaim: async (...call) => (await engine?.putClaim(...call)) ?? silent(link),
      getClaim: async (...call) => (await engine?.getClaim(...call)) ?? silent(link),
      claimsSince: async () => (await engine?.claimsSince()) ?? silent(link),
      placesAge: async () => (await engine?.placesAge()) ?? silent(link),
      putPlace: async (...call) => (await engine?.putPlace(...call)) ?? silent(link),
      getPlace: async (...call) => (await engine?.getPlace(...call)) ?? silent(link),
      ask: async (...call) => (await engine?.ask(...call)) ?? silent(link),
      answer(listener) {
        // The daemon that has the home answers: after a handover that failed, that is another one.
        const isFirst = answers === undefined
        answers = listener
        if (isFirst) engine?.answer((question) => answers?.(question))
      },
      tell: (hint) => engine?.tell(hint),
      hear(listener) {
        listeners.push(listener)
        engine?.hear(listener)
      },
    },
    rows: {
      put: async (...call) => (await rows?.put(...call)) ?? silent(link),
      read: async (...call) => (await rows?.read(...call)) ?? silent(link),
    },
    exchange,
    describe: async () => (open === undefined ? silent(link) : describe(open, names)),
    link: () => link,
    awayMs: awayNowMs,
    async close() {
      isClosed = true
      rest.wake()
      await open?.connection.close()
    },
  }
}

/** From the stream of claims: without it nothing starts. */
async function describe({ manager }: OpenConnection, { claims }: FleetNames): Promise<EngineFacts> {
  try {
    const { cluster, config } = await manager.streams.info(claims)
    // A server without a cluster calls itself the leader, by an id that says nothing to a person.
    const { leader = '', replicas = [] } = (config.num_replicas > 1 && cluster) || {}
    const servers = [leader, ...replicas.map(({ name }) => name)].filter((name) => name !== '')
    const engine = {
      ...{ servers: servers.toSorted(), copies: config.num_replicas },
      leader: leader === '' ? null : leader,
    }
    return { kind: 'engine', engine }
  } catch (error) {
    return getError(error)
  }
}

function failed(link: Link, words: string, now: number): Link {
  switch (link.state) {
    case 'connecting':
      return { state: 'connecting', lastError: words }
    case 'up':
      return { state: 'down', sinceMs: now, lastError: words }
    case 'down':
      return { ...link, lastError: words }
  }
}

function silent(link: Link): { kind: 'silent'; words: string } {
  const why = link.lastError === null ? '' : `: ${link.lastError}`
  return { kind: 'silent', words: `not connected${why}` }
}
