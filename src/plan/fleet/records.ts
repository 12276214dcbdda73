import { fieldsOf } from '../../text/fields-of.ts'

/*
 * What the machines of a fleet keep in the engine. Other versions of torch read it too: a change of meaning
 * needs a new `v`.
 */

/** Which start of a task a claim is about. */
export interface ClaimKey {
  readonly task: string
  /** Seconds since the epoch. */
  readonly slot: number
  /** The first try is 1. Only a run that was lost with its machine has another one. */
  readonly tryNumber: number
}

/** A run that was lost with its machine is started again at most twice: the third try is the last. */
export const maxTries = 3

/** The right to start one slot of a task. It is written once and never changes. */
export interface Claim {
  readonly v: 1
  /** Unique for each attempt to get the claim: this is how its owner recognises it. */
  readonly attempt: string
  readonly host: string
  /** One life of a daemon, restarts with a handover included. */
  readonly session: string
  readonly slot: number
  /** The digest of the task's definition, as `definitionForFleet` makes it. */
  readonly definition: string
  readonly revision: string | null
}

/** One of the places of a task: whoever holds it may run the task. */
export interface PlaceKey {
  readonly task: string
  /** From 0 to `max` - 1; `q` is the place of the one start that waits. */
  readonly index: number | 'q'
}

/** The key of a place that is named `task/index`, as heartbeats name it; undefined for anything else. */
export function placeNamed(name: string): { task: string; index: number } | undefined {
  const [, task = '', index = ''] = /^(.+)\/(\d+)$/.exec(name) ?? []
  return task === '' ? undefined : { task, index: Number(index) }
}

/** What is known about a place. */
export type Place =
  | {
      readonly v: 1
      readonly state: 'held'
      readonly host: string
      readonly session: string
      /** Unique for each holding: the id of the run. */
      readonly run: string
      readonly slot: number | null
      /** Unique for each message, so that the holder knows which of its own is stored, and when it sent it. */
      readonly message: string
      /** The holder gives this promise: it ends the run within that time after its last renewal. */
      readonly holdForMs: number
      /** Milliseconds since the epoch, for people. Nothing is decided by it. */
      readonly sinceMs: number
      /** Somebody wants the holder to end the run, and why. */
      readonly ask?: 'replace' | 'kill'
    }
  | { readonly v: 1; readonly state: 'free' }

/** A place that somebody holds. */
export type HeldPlace = Extract<Place, { state: 'held' }>

/** Whether what is stored is a claim: anybody with a key of a machine may have written it. */
export function isClaim(value: unknown): value is Claim {
  const { attempt, host } = fieldsOf(value)
  return typeof attempt === 'string' && typeof host === 'string'
}

/** Whether what is stored is a place. */
export function isPlace(value: unknown): value is Place {
  const { state, host, run, message, holdForMs } = fieldsOf(value)
  if (state === 'free') return true
  return (
    state === 'held' &&
    [host, run, message].every((each) => typeof each === 'string') &&
    typeof holdForMs === 'number'
  )
}
