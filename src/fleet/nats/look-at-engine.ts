import { randomUUID } from 'node:crypto'
import { messageOf } from '../../errors.ts'
import { type Clock, pause } from '../../host/clock.ts'
import type { Host } from '../../host/host.ts'
import type { Claim } from '../../plan/fleet/records.ts'
import { askAll, type HostAnswer } from '../ask.ts'
import type { Engine } from '../engine.ts'
import type { FleetSettings } from '../settings.ts'
import { loadClient } from './client.ts'
import { addressOf, dial, inboxOwner, type OpenConnection } from './dial.ts'
import { natsEngine } from './engine.ts'
import { natsExchange } from './exchange.ts'
import { readSync, type SyncLook } from './monitor.ts'
import { lookAtStreams, type StreamReport } from './setup.ts'
import { type FleetNames, fleetNames } from './subjects.ts'

/** One server of the section. */
export type ServerLook =
  | {
      readonly kind: 'up'
      readonly server: string
      readonly version: string
      readonly warning: string | null
      readonly roundTripMs: number
    }
  | { readonly kind: 'down'; readonly words: string }

/** What came of storing something and reading it back. */
export type StoreLook =
  | {
      readonly kind: 'stored'
      readonly tookMs: number
      /** How far this clock is ahead of the engine's; null: it took too long to say. */
      readonly offsetMs: number | null
    }
  | { readonly kind: 'not stored'; readonly words: string }

/** What one connection found out. */
export interface EngineLook {
  readonly streams: readonly StreamReport[]
  readonly claim: StoreLook
  readonly place: StoreLook
  /** Whether this login may also tell other machines what to do; null: not known. */
  readonly mayCommand: boolean | null
  /** What each daemon that answers says of itself. */
  readonly answers: readonly HostAnswer[]
}

/** The engine of the fleet, as `torch doctor` sees it from this machine. */
export interface FleetLook {
  readonly servers: readonly ServerLook[]
  /** undefined: no server can be used. */
  readonly engine: EngineLook | undefined
  /** undefined: the section has no `monitor`. */
  readonly sync: SyncLook | undefined
}

/** A name that no task can have. */
const ownTask = 'torch/doctor'
/** A new leader may be chosen meanwhile. */
const maxTries = 5
const againMs = 400
/** What took longer says too little about the clock. */
const maxTookMs = 1_000
const commandMs = 1_000

/** Looks at the servers, and tries what a machine must be able to do. Never throws. */
export async function lookAtFleet(
  host: Pick<Host, 'clock' | 'files' | 'processes'>,
  settings: FleetSettings,
): Promise<FleetLook> {
  const { monitor } = settings
  const [{ servers, engine }, sync] = await Promise.all([
    lookAtServers(host, settings),
    monitor === undefined ? undefined : readSync(monitor),
  ])
  return { servers, engine, sync }
}

async function lookAtServers(
  host: Pick<Host, 'clock' | 'files' | 'processes'>,
  settings: FleetSettings,
): Promise<Omit<FleetLook, 'sync'>> {
  const opened = await Promise.all(
    settings.servers.map((server) => openServer(host, settings, server)),
  )
  const servers = opened.map(({ look }) => look)
  const connections = opened.flatMap(({ open }) => open ?? [])
  const [first] = connections
  try {
    const engine = first && (await lookAtEngine(host.clock, first, settings))
    return { servers, engine }
  } finally {
    await Promise.all(connections.map(({ connection }) => connection.close()))
  }
}

async function openServer(
  host: Pick<Host, 'clock' | 'files' | 'processes'>,
  settings: FleetSettings,
  server: string,
): Promise<{ look: ServerLook; open?: OpenConnection }> {
  try {
    const open = await dial(host, await loadClient(), { ...settings, servers: [server] })
    const { version, warning } = open
    const roundTripMs = await open.connection.rtt()
    return {
      look: { kind: 'up', server: addressOf(server), version, warning, roundTripMs },
      open,
    }
  } catch (error) {
    return { look: { kind: 'down', words: messageOf(error) } }
  }
}

async function lookAtEngine(
  clock: Clock,
  { connection, js, manager }: OpenConnection,
  settings: FleetSettings,
): Promise<EngineLook> {
  const { name, host } = settings
  const names: FleetNames = fleetNames(name)
  const engine = natsEngine({ connection, js, manager, names, host })
  const exchange = natsExchange(names, name, inboxOwner(settings))
  exchange.use(connection)
  const wanted = { replicas: undefined, keepMs: undefined }
  const question = { kind: 'status', task: ownTask }
  const [streams, claim, place, told, answers] = await Promise.all([
    lookAtStreams(manager, names, wanted),
    tryToStore(clock, claimOf(engine, clock, host)),
    tryToStore(clock, placeOf(engine, host)),
    // No machine has this name: only the right to say it is looked at.
    exchange.request(`do.${ownTask}`, '{}', commandMs),
    askAll(exchange, clock, question, undefined),
  ])
  const mayCommand = told.kind === 'silent' ? null : told.kind !== 'forbidden'
  return { streams, claim, place, mayCommand, answers }
}

/** One way to store something of doctor's own, and to read it back. */
interface Store {
  put(): ReturnType<Engine['putPlace']>
  /** The time of the engine at which it was stored; or why it is not known. */
  read(): Promise<{ readonly storedMs: number } | { readonly words: string }>
}

/** The right to start a task that nobody has, in a second of its own. */
function claimOf(engine: Engine, clock: Clock, host: string): Store {
  const slot = Math.floor(clock.now() / 1000)
  const key = { task: `${ownTask}/${host}`, slot, tryNumber: 1 }
  const claim: Claim = {
    ...{ v: 1, attempt: randomUUID(), host, session: randomUUID(), slot },
    ...{ definition: 'doctor', revision: null },
  }
  return {
    put: () => engine.putClaim(key, claim),
    async read() {
      const found = await engine.getClaim(key)
      if (found.kind === 'silent') return found
      const isMine = found.kind === 'found' && found.value.attempt === claim.attempt
      return isMine ? found : { words: 'what was stored was not found' }
    },
  }
}

function placeOf(engine: Engine, host: string): Store {
  const key = { task: `${ownTask}/${host}`, index: 0 }
  return {
    async put() {
      const last = await engine.getPlace(key)
      if (last.kind === 'silent') return last
      const expected = last.kind === 'found' ? last.sequence : 0
      return engine.putPlace(key, { v: 1, state: 'free' }, { expected, id: randomUUID() })
    },
    async read() {
      const found = await engine.getPlace(key)
      if (found.kind === 'found') return found
      return found.kind === 'none' ? { words: 'what was stored was not found' } : found
    },
  }
}

async function tryToStore(clock: Clock, store: Store): Promise<StoreLook> {
  let words = 'no answer'
  for (let tries = 0; tries < maxTries; tries += 1) {
    if (tries > 0) await pause(clock, againMs)
    const sentMs = clock.now()
    const put = await store.put()
    const middleMs = (sentMs + clock.now()) / 2
    if (put.kind === 'refused') return { kind: 'not stored', words: put.words }
    const read = await store.read()
    const tookMs = clock.now() - sentMs
    if ('storedMs' in read) {
      const isKnown = put.kind === 'stored' && tookMs < maxTookMs
      const offsetMs = isKnown ? Math.round(middleMs - read.storedMs) : null
      return { kind: 'stored', tookMs, offsetMs }
    }
    words = 'words' in put ? put.words : read.words
  }
  return { kind: 'not stored', words }
}
