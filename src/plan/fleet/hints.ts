import { fieldsOf } from '../../text/fields-of.ts'
import type { Heartbeat } from './members.ts'

/** What machines tell each other. It may be lost or late, so nothing is decided by it alone. */
export type Hint =
  | { readonly kind: 'heartbeat'; readonly beat: Heartbeat }
  /** A machine got a slot: others need not try. */
  | { readonly kind: 'won'; readonly task: string; readonly slot: number; readonly host: string }
  /** A place became free. */
  | { readonly kind: 'free'; readonly task: string }

/** Reads what a machine told, perhaps one with another version of torch; undefined if it is no hint. */
export function hintOf(value: unknown): Hint | undefined {
  const { kind, beat, task, slot, host } = fieldsOf(value)
  switch (kind) {
    case 'heartbeat':
      return isHeartbeat(beat) ? { kind, beat } : undefined
    case 'won':
      return isText(task) && typeof slot === 'number' && isText(host)
        ? { kind, task, slot, host }
        : undefined
    case 'free':
      return isText(task) ? { kind, task } : undefined
    default:
      return undefined
  }
}

/** Whether a machine said of itself what torch needs to know. */
export function isHeartbeat(value: unknown): value is Heartbeat {
  const { host, session, torch, tz, running, places, offsetMs, isDraining, ...parts } =
    fieldsOf(value)
  const { names, addresses } = fieldsOf(parts['facts'])
  const { hash, revision, committedMs } = fieldsOf(parts['file'])
  return (
    [host, session, torch, tz, hash].every(isText) &&
    [places, names, addresses].every(isTexts) &&
    [offsetMs, committedMs].every((each) => each === null || typeof each === 'number') &&
    (revision === null || isText(revision)) &&
    typeof running === 'number' &&
    typeof isDraining === 'boolean'
  )
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText)
}
