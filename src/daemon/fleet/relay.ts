import { randomUUID } from 'node:crypto'
import { aliveMs } from '../../control/events.ts'
import type { FleetLogLine, FleetLogRequest, FleetReport } from '../../control/fleet-reports.ts'
import type { Protocol } from '../../control/protocol.ts'
import type { Answers } from '../../control/server.ts'
import { errorToJson, messageOf, TorchError } from '../../errors.ts'
import { askAll, askHost, type HostAnswer, tellHost } from '../../fleet/ask.ts'
import { type Chunk, readChunks } from '../../fleet/log-stream.ts'
import { newSleep } from '../../host/clock.ts'
import { type Claim, maxTries } from '../../plan/fleet/records.ts'
import type { HistoryRow } from '../../plan/history-row.ts'
import type { Daemon } from '../state.ts'
import { answerTo, type AskParts } from './answer-asks.ts'
import type { EngineConnection, Fleet } from './fleet.ts'
import { fleetState } from './fleet-state.ts'
import { takeoversOf } from './takeovers.ts'

type Relayed = 'fleetState' | 'fleetAsk' | 'fleetRows' | 'fleetClaim' | 'fleetDo' | 'fleetLog'

/** What may be asked through this machine. A log has a request of its own. */
const asks = ['status', 'history', 'output', 'why']
/** How many outputs of other machines are read through this one. */
const maxLogs = 16

interface FleetParts {
  readonly daemon: Daemon
  readonly fleet: Fleet
  readonly connection: EngineConnection
  readonly answers: AskParts['answers']
}

/** Passes on what commands and pages of this machine ask other machines. */
export function relayOf(daemon: Daemon, answers: AskParts['answers']): Pick<Answers, Relayed> {
  const parts = (): FleetParts => {
    const { fleet, connection } = daemon
    if (fleet === undefined || connection === undefined) throw noFleet()
    return { daemon, fleet, connection, answers }
  }
  const logs = new Set<object>()
  return {
    fleetState: () => report(parts()),
    fleetAsk: (request) => ask(parts(), request),
    fleetRows: (request) => rows(parts(), request),
    fleetClaim: (request) => claims(parts(), request),
    fleetDo: (request) => command(parts(), request),
    fleetLog: (request, response) => passLog(parts(), logs, request, response),
  }
}

function noFleet(): TorchError {
  return new TorchError('no-fleet', 'the daemon is in no fleet', {
    hint: 'its config file has no section fleet; torch fleet --help says more',
  })
}

async function report({ daemon, connection, fleet }: FleetParts): Promise<FleetReport> {
  const state = fleetState(daemon)
  if (state === undefined) throw noFleet()
  const { host, link, whyNot, members } = state
  const known = new Map(fleet.membership.members().map((member) => [member.beat.host, member]))
  const [facts, ...takeovers] = await Promise.all([
    connection.describe(),
    ...members.map((member) => {
      const found = known.get(member.host)
      return found === undefined ? [] : takeoversOf({ ...daemon, fleet }, found)
    }),
  ])
  return {
    ...{ fleet: daemon.settings.fleet?.name ?? '', host, link, whyNot },
    engine: facts.kind === 'engine' ? facts.engine : null,
    members: members.map(({ facts: _, v: __, ...member }, index) => ({
      ...member,
      takeovers: takeovers[index] ?? [],
    })),
    rowsWaiting: daemon.sharing?.counts().waiting ?? 0,
  }
}

async function ask(
  parts: FleetParts,
  { hosts, question }: Protocol['fleetAsk']['request'],
): Promise<Protocol['fleetAsk']['reply']> {
  const { fleet, connection, daemon } = parts
  if (!asks.some((each) => each === question['kind']))
    throw new TorchError('bad-request', `fleetAsk: question.kind: expected ${asks.join(', ')}`)
  if (hosts !== undefined)
    return { answers: await Promise.all(hosts.map((host) => askOne(parts, host, question))) }
  const live = fleet.membership.members().map(({ beat }) => beat.host)
  const expected = live.filter((host) => fleet.membership.isLive(host))
  return { answers: await askAll(connection.exchange, daemon.clock, question, expected) }
}

/** This machine answers itself without the engine. */
async function askOne(
  { connection: { exchange }, daemon, fleet, answers }: FleetParts,
  host: string,
  question: object,
): Promise<HostAnswer> {
  try {
    const isOwn = host === fleet.host
    const value = isOwn
      ? await answerTo({ daemon, fleet, exchange, answers }, question)
      : await askHost(exchange, host, question)
    return { host, value }
  } catch (error) {
    return { host, error: errorToJson(asError(error)) }
  }
}

async function rows(
  { connection }: FleetParts,
  { since, ...query }: Protocol['fleetRows']['request'],
): Promise<Protocol['fleetRows']['reply']> {
  const sinceMs = since === undefined ? undefined : Date.parse(since)
  const found = await connection.rows.read({ ...query, sinceMs })
  if (found.kind === 'silent') throw noEngine(found.words)
  return { rows: found.rows }
}

async function claims(
  { fleet }: FleetParts,
  { task, slot }: Protocol['fleetClaim']['request'],
): Promise<Protocol['fleetClaim']['reply']> {
  const tries: { tryNumber: number; claim: Claim; storedMs: number }[] = []
  for (let tryNumber = 1; tryNumber <= maxTries; tryNumber += 1) {
    const found = await fleet.engine.getClaim({ task, slot, tryNumber })
    if (found.kind === 'silent') throw noEngine(found.words)
    if (found.kind === 'none') break
    tries.push({ tryNumber, claim: found.value, storedMs: found.storedMs })
  }
  return { tries }
}

function noEngine(words: string): TorchError {
  return new TorchError('no-engine', `the engine of the fleet gives no answer: ${words}`, {
    hint: 'torch fleet check looks at the servers',
  })
}

async function command(
  { fleet, connection, daemon }: FleetParts,
  { host, verb, request, who }: Protocol['fleetDo']['request'],
): Promise<Protocol['fleetDo']['reply']> {
  const atMs = daemon.clock.now() - (fleet.offsetMs() ?? 0)
  const told = { id: randomUUID(), verb, request, who, atMs }
  return { value: await tellHost(connection.exchange, host, told) }
}

/** Passes on the output of another machine, at the pace of the reader. */
async function passLog(
  { connection, daemon }: FleetParts,
  logs: Set<object>,
  { host, ...request }: FleetLogRequest,
  response: Parameters<Answers['fleetLog']>[1],
): Promise<void> {
  if (logs.size >= maxLogs)
    throw new TorchError('too-many', `${maxLogs} others read output through this daemon`)
  const { clock } = daemon
  const gone = new AbortController()
  const drained = newSleep(clock)
  const key = {}
  logs.add(key)
  const end = (): void => {
    gone.abort()
    drained.wake()
  }
  response.on('error', () => {})
  response.on('close', end)
  response.on('drain', drained.wake)
  response.writeHead(200, { 'content-type': 'application/x-ndjson', connection: 'close' })
  const write = (line: FleetLogLine): boolean => response.write(`${JSON.stringify(line)}\n`)
  let cancel = (): void => {}
  const sayAlive = (): void => {
    if (!response.writableNeedDrain) write({ kind: 'alive' })
    cancel = clock.after(aliveMs, sayAlive)
  }
  sayAlive()
  try {
    for await (const chunk of readChunks(connection.exchange, clock, host, request, gone.signal)) {
      write(lineOf(chunk))
      while (response.writableNeedDrain && !gone.signal.aborted) await drained.sleep(aliveMs)
    }
  } catch (error) {
    write({ kind: 'error', error: errorToJson(asError(error)) })
  } finally {
    cancel()
    logs.delete(key)
    response.end()
  }
}

function lineOf({ head, bytes }: Chunk): FleetLogLine {
  const { kind, task = '', run = '', row, at } = head
  switch (kind) {
    case 'start':
      return { kind, task, run }
    case 'output':
      return {
        kind,
        task,
        run,
        text: Buffer.from(bytes).toString('base64'),
        ...(at !== undefined && { at }),
      }
    case 'end':
      return { kind, task, run, row: (row ?? null) as HistoryRow | null }
    case 'alive':
    case 'over':
      return { kind: 'alive' }
  }
}

function asError(error: unknown): TorchError {
  return error instanceof TorchError ? error : new TorchError('internal', messageOf(error))
}
