import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { TorchError } from '../errors.ts'
import type { Clock } from '../host/clock.ts'
import type { HistoryRow } from '../plan/history-row.ts'
import type { Problem } from '../tasks/file/problem.ts'
import { isSelected } from '../tasks/select.ts'
import {
  aliveMs,
  type DaemonEvent,
  type EventLine,
  type EventsRequest,
  maxEventProblems,
  maxEventTasks,
  type PauseEvent,
  type TaskEvent,
} from './events.ts'

/** The events of a daemon, and who reads them. Nothing here waits for a reader. */
export interface EventStreams {
  /** A row that was added to the history. */
  row(row: HistoryRow): void
  load(revision: string | null): void
  refuse(problems: readonly Problem[]): void
  pause(event: Omit<PauseEvent, 'seq' | 'at'>): void
  /** Replies to `POST /events`, until the client goes away. Throws TorchError `too-many`. */
  follow(request: EventsRequest, response: ServerResponse, isViewer: boolean): void
  /** Ends all streams, and those that come later at once. */
  end(): void
}

export interface EventParts {
  readonly clock: Clock
  /** Looks up the next start of each task, ISO 8601 in UTC. Called at most once for many events. */
  readonly nextStarts: () => (task: string) => string | null
}

export const maxStreams = 64
/** Viewers may take only this many of them: the rest is for the user of the daemon. */
export const maxViewerStreams = 32
/** The last events, for clients that come back. */
export const maxKeptEvents = 1_000
/** For each reader: so that 64 of them take a few milliseconds, and no tick waits for more. */
const maxEventsInTurn = 100
/** How long the last lines may take to be read when a stream ends. */
const endMs = 1_000

/** An event without what is found out when somebody reads it. */
type KeptEvent = Exclude<DaemonEvent, TaskEvent> | Omit<TaskEvent, 'next'>

interface Kept {
  readonly event: KeptEvent
  /** The line of the event, once somebody reads it. */
  line?: string
}

/**
 * A reader has only a place in the kept events. If it does not read, it gets nothing more, keeps its place
 * and takes no more memory. When the events behind its place are gone, it gets their number.
 */
interface Reader {
  readonly response: ServerResponse
  readonly isViewer: boolean
  readonly wants: (event: KeptEvent) => boolean
  seq: number
  /** It had not read everything at the last `alive`. */
  isStuck: boolean
}

/** All of them, and the last events. */
interface State extends EventParts {
  readonly daemon: string
  readonly kept: Kept[]
  readonly readers: Set<Reader>
  /** The number of the last event. */
  last: number
  isPushing: boolean
  isEnded: boolean
  cancelAlive: (() => void) | undefined
}

/** Starts without events, and with an id that no other daemon has. */
export function newEventStreams(parts: EventParts): EventStreams {
  const state: State = {
    ...{ ...parts, daemon: randomUUID(), kept: [], readers: new Set(), last: 0 },
    ...{ isPushing: false, isEnded: false, cancelAlive: undefined },
  }
  const common = () => ({ seq: ++state.last, at: new Date(parts.clock.now()).toISOString() })
  return {
    row: (row) => publish(state, { kind: kindOf(row), ...common(), row }),
    load: (revision) => publish(state, { kind: 'load', ...common(), revision }),
    refuse(problems) {
      const first = problems.slice(0, maxEventProblems)
      publish(state, { kind: 'refuse', ...common(), problems: first })
    },
    pause({ kind, tasks, ...rest }) {
      const first = tasks === 'all' ? tasks : tasks.slice(0, maxEventTasks)
      publish(state, { kind, ...common(), tasks: first, ...rest })
    },
    follow: (request, response, isViewer) => follow(state, request, response, isViewer),
    end: () => end(state),
  }
}

function publish(state: State, event: KeptEvent): void {
  const { kept, readers } = state
  kept.push({ event })
  if (kept.length > maxKeptEvents) kept.shift()
  if (readers.size > 0) pushSoon(state)
}

function follow(
  state: State,
  { since, tasks = [] }: EventsRequest,
  response: ServerResponse,
  isViewer: boolean,
): void {
  const { daemon, last, kept, readers, clock } = state
  if (response.destroyed) return
  const viewers = [...readers].filter((each) => each.isViewer).length
  if (readers.size >= maxStreams) throw tooMany(`${maxStreams} clients`)
  if (isViewer && viewers >= maxViewerStreams) throw tooMany(`${maxViewerStreams} viewers`)
  const isComplete =
    since?.daemon === daemon && since.seq <= last && since.seq >= last - kept.length
  const reader: Reader = {
    response,
    isViewer,
    wants: (event) => tasks.length === 0 || !('row' in event) || isSelected(tasks, event.row.task),
    seq: isComplete ? since.seq : last,
    isStuck: false,
  }
  response.on('error', () => {})
  response.writeHead(200, { 'content-type': 'application/x-ndjson', connection: 'close' })
  if (state.isEnded) return void response.end()
  readers.add(reader)
  response.on('close', () => remove(state, reader))
  response.on('drain', () => {
    reader.isStuck = false
    pushSoon(state)
  })
  response.write(lineOf({ kind: 'hello', daemon, seq: last, isComplete }))
  state.cancelAlive ??= clock.after(aliveMs, () => keepAlive(state))
  pushSoon(state)
}

function remove(state: State, reader: Reader): void {
  state.readers.delete(reader)
  if (state.readers.size > 0) return
  state.cancelAlive?.()
  state.cancelAlive = undefined
}

function end(state: State): void {
  state.isEnded = true
  for (const { response } of state.readers)
    response.on(
      'close',
      state.clock.after(endMs, () => response.destroy()),
    )
  pushSoon(state)
}

function keepAlive(state: State): void {
  const { readers, clock } = state
  state.cancelAlive = readers.size === 0 ? undefined : clock.after(aliveMs, () => keepAlive(state))
  for (const reader of readers) {
    const { response, isStuck } = reader
    reader.isStuck = response.writableNeedDrain
    if (!reader.isStuck) response.write(lineOf({ kind: 'alive' }))
    else if (isStuck) response.destroy()
  }
}

function pushSoon(state: State): void {
  if (!state.isPushing) void pushInTurn(state)
}

/** In a turn of its own: whoever publishes has a tick to finish. */
async function pushInTurn(state: State): Promise<void> {
  const { clock, readers, nextStarts } = state
  state.isPushing = true
  await clock.turn()
  state.isPushing = false
  const nextOf = onDemand(nextStarts)
  for (const reader of readers) push(state, reader, nextOf)
  if ([...readers].some((reader) => isBehind(state, reader))) pushSoon(state)
}

/** Whether a reader that takes what it gets has something to get. */
function isBehind({ last, isEnded }: State, { response, seq }: Reader): boolean {
  return !response.writableNeedDrain && (seq < last || (isEnded && !response.writableEnded))
}

/** Writes the next events behind the place of a reader, unless it has not read the last ones. */
function push(
  { last, kept, isEnded }: State,
  reader: Reader,
  nextOf: (task: string) => string | null,
): void {
  const { response, wants } = reader
  if (response.writableNeedDrain) return
  if (reader.seq === last) return isEnded ? void response.end() : undefined
  const first = last - kept.length + 1
  const dropped = Math.max(first - 1 - reader.seq, 0)
  const at = reader.seq + dropped + 1 - first
  const events = kept.slice(at, at + maxEventsInTurn)
  reader.seq += dropped + events.length
  const lines = events
    .filter(({ event }) => wants(event))
    .map((each) => (each.line ??= lineOf(withNext(each.event, nextOf))))
  if (dropped > 0) lines.unshift(lineOf({ kind: 'dropped', count: dropped }))
  if (lines.length > 0) response.write(lines.join(''))
}

function kindOf({ outcome }: HistoryRow): TaskEvent['kind'] {
  switch (outcome) {
    case 'running':
      return 'start'
    case 'skipped':
      return 'skip'
    case 'missed':
      return 'miss'
    default:
      return 'end'
  }
}

/** Finds out what is looked up when the first one asks. */
function onDemand(nextStarts: EventParts['nextStarts']): (task: string) => string | null {
  let nextOf: ((task: string) => string | null) | undefined
  return (task) => (nextOf ??= nextStarts())(task)
}

function withNext(event: KeptEvent, nextOf: (task: string) => string | null): DaemonEvent {
  return 'row' in event ? { ...event, next: nextOf(event.row.task) } : event
}

function lineOf(line: EventLine): string {
  return `${JSON.stringify(line)}\n`
}

function tooMany(clients: string): TorchError {
  return new TorchError('too-many', `${clients} follow the events of this daemon`, {
    hint: 'close one of them: torch status --watch, torch logs -f, torch web, or a program of yours',
  })
}
