import { randomUUID } from 'node:crypto'
import path from 'node:path'
import type { Engine } from '../../fleet/engine.ts'
import type { FleetConnection, Link } from '../../fleet/nats/connect.ts'
import { type Guard, newGuard } from '../../fleet/guard.ts'
import { type HeldHere, type Holdings, openHoldings } from '../../fleet/holdings.ts'
import { type Membership, newMembership } from '../../fleet/membership.ts'
import { measureOffset } from '../../fleet/measure-offset.ts'
import type { PlaceParts } from '../../fleet/take-place.ts'
import type { Host } from '../../host/host.ts'
import type { FleetReason } from '../../plan/admit.ts'
import type { Hint } from '../../plan/fleet/hints.ts'
import type { Heartbeat } from '../../plan/fleet/members.ts'
import type { PlaceKey } from '../../plan/fleet/records.ts'
import type { Definitions } from '../../plan/fleet/questions.ts'
import type { Sighting } from '../../plan/fleet/takeover.ts'
import { maxOffsetMs } from '../../plan/fleet/windows.ts'
import type { Miss } from '../../plan/tick.ts'
import type { Log } from '../../record/log.ts'
import type { Faults } from '../../run/faults.ts'
import type { LiveRun } from '../../run/live-run.ts'
import { isFleetTask, type Task } from '../../tasks/task.ts'
import { type ClaimTurns, newClaimTurns } from './claim-turns.ts'
import { type FleetCounts, newFleetCounts } from './fleet-counts.ts'
import { newOutage, noting, type Outage } from './outage.ts'
import { watchOffset } from './watch-clock.ts'
import { type DriftWatch, watchDrift } from './watch-drift.ts'

/** The engine, and whether it is there. */
export type EngineConnection = Omit<FleetConnection, 'close'>

/** The fleet, as the daemon of one machine has it. */
export interface Fleet {
  /** The name of this machine in the fleet. */
  readonly host: string
  readonly session: string
  readonly engine: Engine
  readonly placeParts: PlaceParts
  readonly membership: Membership
  readonly holdings: Holdings
  /** What this machine saw of the places of others, by `task/index`. */
  readonly sightings: Map<string, Sighting>
  /** What is missed while the engine cannot be reached. */
  readonly outage: Outage
  /** How many slots are asked for at the same time. */
  readonly claimTurns: ClaimTurns
  /** What happened so far. */
  readonly counts: FleetCounts
  /** The connection to the engine. */
  link(): Link
  /** How far this clock is ahead of the engine's, in milliseconds; null: not measured. */
  offsetMs(): number | null
  /** Since when that is too far, in milliseconds since the epoch. */
  offsetBadSinceMs(): number | undefined
  /** Notes one measured offset. */
  noteOffset(ms: number): void
  /** Why this machine does not start a task of the fleet at the moment; without a task: any task. */
  whyNot(task?: string): FleetReason | undefined
  /** The tasks that most machines have in another version. */
  readonly drift: Pick<DriftWatch, 'all'>
  /** Whether a place, by its id, is this machine's, as far as the engine was heard in time. */
  has(place: string): boolean
  /** Logs that a place was taken from a machine. */
  tookFrom(host: string, key: PlaceKey): void
  /** The runs of a task do not live on this machine: for some minutes it takes a place only if nobody else does. */
  tryLast(task: string): void
  triesLast(task: string): boolean
  /** Calls back for each hint of another machine, until `stop` is called. */
  onHint(listener: (hint: Hint) => void): () => void
  /** Before the command of a run starts: the guard must know when to end it. */
  beforeStart(run: LiveRun): void
  /** `isContinued`: the next daemon continues what this one does. */
  close(isContinued: boolean): void
}

export interface FleetParts {
  readonly host: Host
  readonly home: string
  readonly connection: EngineConnection
  readonly hostName: string
  readonly log: Log
  readonly faults: Faults
  /** What this machine says of itself, but for what the fleet knows. */
  readonly about: () => Omit<Heartbeat, 'v' | 'host' | 'session' | 'places' | 'offsetMs'>
  /** The tasks of the file, by name. */
  readonly tasks: () => ReadonlyMap<string, Task>
  /** The runs of this machine. */
  readonly runs: () => readonly LiveRun[]
  /** A place is good again whose fence was over. */
  readonly onBack: (held: HeldHere) => void
  /** Slots passed without a start. */
  readonly onMissed: (misses: readonly Miss[]) => void
  readonly onLost: (held: HeldHere) => void
  readonly onAsk: (held: HeldHere, ask: 'replace' | 'kill') => void
}

const tryLastMs = 5 * 60_000

/** Joins the fleet: this machine is heard from now on, and keeps the places that it has. */
export function openFleet(parts: FleetParts): Fleet {
  const { host, home, connection, hostName, faults, log, about } = parts
  let answeredMs = -Infinity
  const engine = noting(connection.engine, () => (answeredMs = host.clock.monotonic()))
  const outage = newOutage({
    ...{ host, home, faults, answeredMs: () => answeredMs, record: parts.onMissed },
  })
  const { clock } = host
  const offset = watchOffset({
    clock,
    link: () => connection.link(),
    measure: () => measureOffset({ engine, clock, host: hostName, newId: randomUUID }),
  })
  const counts = newFleetCounts(clock)
  const lastUntilMs = new Map<string, number>()
  const listeners = new Set<(hint: Hint) => void>()
  const guard = newGuard({ host, home, faults })
  const placeParts: PlaceParts = {
    ...{ engine, clock, random: Math.random, newId: randomUUID },
    uptimeMs: () => uptimeMs(host),
  }
  const opened = openHoldings({
    ...{ ...placeParts, engine, host, faults, file: path.join(home, 'fleet.json') },
    onRenewed(held, wasOver) {
      counts.noteRenewal(held.id)
      for (const run of parts.runs()) if (isIn(run, held)) note(guard, run, held)
      if (wasOver) parts.onBack(held)
    },
    onLost(held) {
      const { task, index } = held.key
      log.warn('fleet', { task, place: index }, `another machine has place ${index} of ${task}`)
      parts.onLost(held)
    },
    onAsk: parts.onAsk,
  })
  const holdings: Holdings = {
    ...opened,
    add(holding, fence) {
      const held = opened.add(holding, fence)
      counts.noteRenewal(held.id)
      return held
    },
  }
  for (const { id } of holdings.all()) counts.noteRenewal(id)
  const session = holdings.session ?? randomUUID()
  const own = (): Heartbeat => ({
    ...{ v: 1, host: hostName, session, ...about() },
    places: holdings.all().map(({ key }) => `${key.task}/${key.index}`),
    offsetMs: offset.now(),
  })
  const membership = newMembership({ engine, clock, own })
  const drift = watchDrift({ engine, clock, membership, own, tasks: parts.tasks })
  engine.answer((question) => (question.kind === 'defs' ? definitionsOf(parts.tasks()) : undefined))
  engine.hear((hint) => {
    for (const listener of listeners) listener(hint)
  })
  return {
    ...{ host: hostName, session, engine, placeParts, membership, holdings },
    ...{
      outage,
      counts,
      claimTurns: newClaimTurns(clock),
      sightings: new Map(),
      link: () => connection.link(),
    },
    offsetMs: offset.now,
    offsetBadSinceMs: offset.badSinceMs,
    noteOffset: offset.note,
    drift,
    whyNot(task) {
      if (Math.abs(offset.now() ?? 0) > maxOffsetMs) return 'clock'
      if (membership.impostor() !== undefined) return 'duplicate name'
      return task === undefined ? undefined : drift.whyNot(task)
    },
    has: (place) => (holdings.byId(place)?.untilMs ?? 0) > placeParts.uptimeMs(),
    tookFrom(from, { task, index }) {
      counts.noteTakeover()
      const facts = { task, place: index, from }
      log.warn(
        'fleet',
        facts,
        `place ${index} of ${task} is taken from ${from}, which is not heard`,
      )
    },
    tryLast(task) {
      lastUntilMs.set(task, clock.monotonic() + tryLastMs)
      log.warn(
        'fleet',
        { task },
        `${task} ended three times in a row on this machine: its place goes to another one`,
      )
    },
    triesLast: (task) => (lastUntilMs.get(task) ?? 0) > clock.monotonic(),
    onHint(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    beforeStart(run) {
      const held = holdings.byId(run.description.claim?.holding ?? '')
      if (held !== undefined) note(guard, run, held)
    },
    close(isContinued) {
      offset.close()
      drift.close()
      membership.close()
      holdings.leave(isContinued ? session : undefined)
      outage.save()
    },
  }
}

/** Whether a run has this place. */
export function isIn({ description }: LiveRun, { id }: HeldHere): boolean {
  return description.claim?.holding === id
}

function note(guard: Guard, { recorder, description, directory }: LiveRun, held: HeldHere): void {
  const { untilMs } = held
  if (recorder === undefined || untilMs === Infinity) return
  guard.note({ recorder, killAfterMs: description.killAfterMs, untilMs, directory })
}

/** What others compare with theirs. */
function definitionsOf(tasks: ReadonlyMap<string, Task>): Definitions {
  return Object.fromEntries(
    [...tasks.values()].filter(isFleetTask).map(({ name, fleet }) => [name, fleet.definition]),
  )
}

/** Since the machine started, with the time that it was suspended. */
function uptimeMs({ files }: Host): number {
  const [seconds] = (files.readText('/proc/uptime') ?? '0').split(' ')
  return Number(seconds) * 1000
}
