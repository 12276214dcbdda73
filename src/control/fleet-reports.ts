import type { ErrorJson } from '../errors.ts'
import type { Heartbeat } from '../plan/fleet/members.ts'
import type { HistoryRow } from '../plan/history-row.ts'
import type { Claim } from '../plan/fleet/records.ts'
import { type Field, faultsOf, name, upTo } from './request-fields.ts'

/** What the daemon of one machine knows of its fleet. */
export interface FleetReport {
  /** The name of the fleet. */
  readonly fleet: string
  /** This machine. */
  readonly host: string
  readonly link: LinkReport
  /** null: the engine does not say. */
  readonly engine: EngineReport | null
  readonly whyNot: string | null
  readonly members: readonly MemberReport[]
  /** Rows of this machine that wait for the engine. */
  readonly rowsWaiting: number
}

/** How the connection to the engine is. Times are in milliseconds since the epoch. */
interface LinkReport {
  readonly state: 'connecting' | 'up' | 'down'
  readonly sinceMs?: number
  readonly server?: string
  readonly version?: string
  readonly warning?: string | null
  readonly lastError: string | null
}

/** The servers that keep what the fleet shares. */
interface EngineReport {
  /** Empty for a single server. */
  readonly servers: readonly string[]
  readonly leader: string | null
  readonly copies: number
}

/** A machine of the fleet, as this one heard it. */
export interface MemberReport extends Omit<Heartbeat, 'v' | 'facts'> {
  readonly isLive: boolean
  readonly heardAgoMs: number
  /** Of a silent machine: how long until others take its places, in milliseconds. Older daemons do not send it. */
  readonly takeovers?: readonly TakeoverReport[]
}

/** A place that others take soon. */
export interface TakeoverReport {
  /** As `task/index`. */
  readonly place: string
  /** 0: it is due. */
  readonly inMs: number
}

/** The most rows, or tasks, of one answer of a machine. */
export const maxAskedRows = 200
/** Of an output, in bytes; in base64 it has a third more. */
export const maxAskedBytes = 128 * 1024

/** What machines answered. */
export interface FleetAnswers {
  readonly answers: readonly (
    | { readonly host: string; readonly value: unknown }
    | { readonly host: string; readonly error: ErrorJson }
  )[]
}

export interface FleetRows {
  readonly rows: readonly HistoryRow[]
}

export interface ClaimReport {
  readonly tries: readonly {
    readonly tryNumber: number
    readonly claim: Claim
    /** By the clock of the engine, in milliseconds since the epoch. */
    readonly storedMs: number
  }[]
}

/** `POST /fleetLog`: the reply has one JSON object a line, until the machine has no more. */
export interface FleetLogRequest {
  readonly host: string
  readonly task: string
  /** null: those that run now. */
  readonly run: string | null
  /** null: all that is there. */
  readonly lines: number | null
  /** Also runs that start later. */
  readonly isFollowing: boolean
}

export type FleetLogLine =
  | { readonly kind: 'start'; readonly task: string; readonly run: string }
  /** `text` is in base64, because it may be any bytes. */
  | {
      readonly kind: 'output'
      readonly task: string
      readonly run: string
      readonly text: string
      /** When it came, ISO 8601 in UTC. Older daemons do not send it. */
      readonly at?: string
    }
  | {
      readonly kind: 'end'
      readonly task: string
      readonly run: string
      readonly row: HistoryRow | null
    }
  | { readonly kind: 'error'; readonly error: ErrorJson }
  | { readonly kind: 'alive' }

const maxLines = 1_000_000_000
const maybe = <Value>(field: Field<Value>): Field<Value | null> => ({
  expected: `null, or ${field.expected}`,
  accepts: (value): value is Value | null => value === null || field.accepts(value),
})
/** What is asked of the machine that sends the output. */
export const logFields = {
  ...{ task: name, run: maybe(name), lines: maybe(upTo(maxLines)) },
  isFollowing: {
    expected: 'a boolean',
    accepts: (value): value is boolean => typeof value === 'boolean',
  } satisfies Field<boolean>,
} as const

/** What a parsed body asks for, or everything that is wrong with it. */
export function checkFleetLogRequest(
  body: unknown,
): { readonly request: FleetLogRequest } | { readonly faults: readonly string[] } {
  const faults = faultsOf({ host: name, ...logFields }, body)
  return faults.length > 0 ? { faults } : { request: body as FleetLogRequest }
}
