import type { PutAnswer, SilentAnswer } from '../../plan/fleet/answers.ts'

/*
 * Which error of the client means what, found by trying servers 2.9, 2.10 and 2.15. An error never says that a
 * message is not stored, except one that refuses it for a reason of its own.
 */

/** Another message is there (10071), or is on its way: another one (10164), or this one (10158). */
const taken: ReadonlySet<number> = new Set([10071, 10164, 10158])

/** The stream is full (10077, 10023, 10047), or does not let this subject in (10052, 10056). */
const full: ReadonlySet<number> = new Set([10077, 10023, 10047])

/** There is no such stream (10059): `torch fleet init` was not done, or the servers just started. */
const noStream = 10059
const noStreamWords = 'a stream of the fleet is missing: torch fleet init makes it'

/** What the error of a publish means. */
export function putError(error: unknown): PutAnswer {
  const { code, name, words } = factsOf(error)
  if (taken.has(code)) return { kind: 'taken' }
  // A stream with one message per subject says it with the code of a full one.
  if (code === 10077 && words.includes('per subject')) return { kind: 'taken' }
  if (full.has(code)) return { kind: 'refused', words, mayPass: false }
  if (code === noStream) return { kind: 'refused', words: noStreamWords, mayPass: true }
  if (isForbidden(name)) return { kind: 'refused', words, mayPass: false }
  return { kind: 'silent', words: plainWords(name, words) }
}

/** What the error of a read means. "No message" is not an error, and comes as null. */
export function getError(error: unknown): SilentAnswer {
  const { code, name, words } = factsOf(error)
  if (code === noStream) return { kind: 'silent', words: noStreamWords, isRefused: true }
  return { kind: 'silent', words: plainWords(name, words) }
}

function isForbidden(name: string): boolean {
  return name === 'PermissionViolationError' || name === 'AuthorizationError'
}

/** The client calls every moment without a leader "JetStream is not enabled". */
function plainWords(name: string, words: string): string {
  if (name === 'JetStreamNotEnabled') return 'the engine has no leader at the moment'
  if (name === 'TimeoutError') return 'the engine does not answer'
  if (name === 'ClosedConnectionError') return 'the connection is closed'
  return words
}

function factsOf(error: unknown): { code: number; name: string; words: string } {
  if (!(error instanceof Error)) return { code: 0, name: '', words: String(error) }
  const code = 'code' in error && typeof error.code === 'number' ? error.code : 0
  // The client wraps the refusal of a publish that waits for an answer.
  const name =
    error.cause instanceof Error && isForbidden(error.cause.name) ? error.cause.name : error.name
  return { code, name, words: error.message }
}
