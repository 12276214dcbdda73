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
  if (!isObject(value)) return undefined
  const { kind, beat, task, slot, host } = value
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

function isHeartbeat(value: unknown): value is Heartbeat {
  if (!isObject(value) || !isObject(value['facts']) || !isObject(value['file'])) return false
  const { host, session, torch, tz, running, places, offsetMs, isDraining, facts, file } = value
  return (
    [host, session, torch, tz, file['hash']].every(isText) &&
    [places, facts['names'], facts['addresses']].every(isTexts) &&
    [offsetMs, file['committedMs']].every((each) => each === null || typeof each === 'number') &&
    (file['revision'] === null || isText(file['revision'])) &&
    typeof running === 'number' &&
    typeof isDraining === 'boolean'
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText)
}
