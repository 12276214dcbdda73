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
  type TaskEvent,
} from './events.ts'

/** The events of a daemon, and who reads them. Nothing here waits for a reader. */
export interface EventStreams {
  /** A row that was added to the history. */
  row(row: HistoryRow): void
  load(revision: string | null): void
  refuse(problems: readonly Problem[]): void
  /** Replies to `POST /events`, until the client goes away. Throws TorchError `too-many`. */
  follow(request: EventsRequest, response: ServerResponse): void
  /** Ends all streams, and those that come later at once. */
  end(): void
}

export interface EventParts {
  readonly clock: Clock
  /** Looks up the next start of each task, ISO 8601 in UTC. Called at most once for many events. */
  readonly nextStarts: () => (task: string) => string | null
}

export const maxStreams = 64
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
 * and takes no more memory. When the events behind its place are gone, it is told how many.
 */
interface Reader {
  readonly response: ServerResponse
  readonly wants: (event: KeptEvent) => boolean
  seq: number
  /** It had not read everything at the last `alive`. */
  isStuck: boolean
}

/** Starts without events, and with an id that no other daemon has. */
export function newEventStreams({ clock, nextStarts }: EventParts): EventStreams {
  const daemon = randomUUID()
  const kept: Kept[] = []
  const readers = new Set<Reader>()
  let last = 0
  let isPushing = false
  let isEnded = false
  let cancelAlive: (() => void) | undefined

  function publish(event: KeptEvent): void {
    kept.push({ event })
    if (kept.length > maxKeptEvents) kept.shift()
    if (readers.size > 0) pushSoon()
  }

  function pushSoon(): void {
    if (!isPushing) void pushInTurn()
  }

  /** In a turn of its own: whoever publishes has a tick to finish. */
  async function pushInTurn(): Promise<void> {
    isPushing = true
    await clock.turn()
    isPushing = false
    const nextOf = onDemand(nextStarts)
    for (const reader of readers) push(reader, nextOf)
    const isBehind = ({ response, seq }: Reader) =>
      !response.writableNeedDrain && (seq < last || (isEnded && !response.writableEnded))
    if ([...readers].some(isBehind)) pushSoon()
  }

  function push(reader: Reader, nextOf: (task: string) => string | null): void {
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

  function keepAlive(): void {
    cancelAlive = readers.size === 0 ? undefined : clock.after(aliveMs, keepAlive)
    for (const reader of readers) {
      const { response, isStuck } = reader
      reader.isStuck = response.writableNeedDrain
      if (!reader.isStuck) response.write(lineOf({ kind: 'alive' }))
      else if (isStuck) response.destroy()
    }
  }

  function remove(reader: Reader): void {
    readers.delete(reader)
    if (readers.size > 0) return
    cancelAlive?.()
    cancelAlive = undefined
  }

  return {
    row(row) {
      publish({ kind: kindOf(row), seq: ++last, at: timeNow(clock), row })
    },
    load(revision) {
      publish({ kind: 'load', seq: ++last, at: timeNow(clock), revision })
    },
    refuse(problems) {
      const first = problems.slice(0, maxEventProblems)
      publish({ kind: 'refuse', seq: ++last, at: timeNow(clock), problems: first })
    },
    follow({ since, tasks = [] }, response) {
      if (response.destroyed) return
      if (readers.size >= maxStreams) throw tooMany()
      const isComplete =
        since?.daemon === daemon && since.seq <= last && since.seq >= last - kept.length
      const reader: Reader = {
        response,
        wants: (event) =>
          tasks.length === 0 || !('row' in event) || isSelected(tasks, event.row.task),
        seq: isComplete ? since.seq : last,
        isStuck: false,
      }
      response.on('error', () => {})
      response.writeHead(200, { 'content-type': 'application/x-ndjson', connection: 'close' })
      if (isEnded) return void response.end()
      readers.add(reader)
      response.on('close', () => remove(reader))
      response.on('drain', () => {
        reader.isStuck = false
        pushSoon()
      })
      response.write(lineOf({ kind: 'hello', daemon, seq: last, isComplete }))
      cancelAlive ??= clock.after(aliveMs, keepAlive)
      pushSoon()
    },
    end() {
      isEnded = true
      for (const { response } of readers)
        response.on(
          'close',
          clock.after(endMs, () => response.destroy()),
        )
      pushSoon()
    },
  }
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

function timeNow(clock: Clock): string {
  return new Date(clock.now()).toISOString()
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

function tooMany(): TorchError {
  return new TorchError('too-many', `${maxStreams} clients follow the events of this daemon`, {
    hint: 'close one of them: torch status --watch, torch logs -f, torch web, or a program of yours',
  })
}
