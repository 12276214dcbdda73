import type { HistoryRow } from '../plan/history-row.ts'
import type { PauseTarget } from '../plan/pauses.ts'
import type { Problem } from '../tasks/file/problem.ts'
import { type Field, faultsOf, names, optional, whole } from './request-fields.ts'

/** A place in the events of one daemon: everything up to this number. */
export interface EventPlace {
  /** The id of the daemon. A restart or a handover makes a new one. */
  readonly daemon: string
  readonly seq: number
}

/** `POST /events`: the reply has no end. It is one JSON object a line, see EventLine. */
export interface EventsRequest {
  /** The last event that the client knows: the later ones come first. */
  readonly since?: EventPlace | undefined
  /** Names or patterns: only events of these tasks. `load` and `refuse` always come. */
  readonly tasks?: readonly string[] | undefined
}

/** The first line of each stream. */
interface EventHello extends EventPlace {
  readonly kind: 'hello'
  /** Everything after `since` follows. Otherwise, and without `since`, look at the status and the history again. */
  readonly isComplete: boolean
}

/** What happens to a task. */
export interface TaskEvent {
  /** `end` is any end of a run. */
  readonly kind: 'start' | 'end' | 'skip' | 'miss'
  /** Counts up by one from event to event of a daemon. */
  readonly seq: number
  /** ISO 8601 in UTC. */
  readonly at: string
  readonly row: HistoryRow
  /** The slot of the next start of the task, as `next` of the status. */
  readonly next: string | null
}

/** The tasks that run here have changed: by a new tasks file, or because the addresses of this host did. */
interface LoadEvent {
  readonly kind: 'load'
  readonly seq: number
  readonly at: string
  readonly revision: string | null
}

/** The tasks file was refused. */
interface RefuseEvent {
  readonly kind: 'refuse'
  readonly seq: number
  readonly at: string
  /** The first `maxEventProblems`; the status has all. */
  readonly problems: readonly Problem[]
}

/** Somebody paused or resumed tasks, or their pause has ended. */
export interface PauseEvent {
  readonly kind: 'pause' | 'resume'
  readonly seq: number
  readonly at: string
  /** `all`, or the first `maxEventTasks`. */
  readonly tasks: PauseTarget
  /** null: their time is over. */
  readonly by: string | null
  /** ISO 8601 in UTC; null: until somebody resumes them. */
  readonly until: string | null
  readonly reason: string | null
}

export type DaemonEvent = TaskEvent | LoadEvent | RefuseEvent | PauseEvent

/** A line of a stream of events. */
export type EventLine =
  | EventHello
  | DaemonEvent
  /** The client read too slowly: this many events are gone, also of tasks that it did not ask for. */
  | { readonly kind: 'dropped'; readonly count: number }
  /** Each `aliveMs`, so that a client notices a daemon that hangs. */
  | { readonly kind: 'alive' }

/** How often `alive` comes, in milliseconds. */
export const aliveMs = 15_000
export const maxEventProblems = 20
export const maxEventTasks = 100

const place: Field<EventPlace> = {
  expected: 'an object with daemon and seq',
  accepts: (value): value is EventPlace => {
    if (typeof value !== 'object' || value === null) return false
    const { daemon, seq } = value as Partial<Record<string, unknown>>
    return typeof daemon === 'string' && whole.accepts(seq)
  },
}
const fields = { since: optional(place), tasks: optional(names) }

/** What a parsed body asks for, or everything that is wrong with it. */
export function checkEventsRequest(
  body: unknown,
): { readonly request: EventsRequest } | { readonly faults: readonly string[] } {
  const faults = faultsOf(fields, body)
  return faults.length > 0 ? { faults } : { request: body as EventsRequest }
}
