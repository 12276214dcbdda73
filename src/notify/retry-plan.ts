/** What came of an attempt. `words` never has a secret; `details` may have words of the other side, for a person only. */
export type Delivery =
  | { readonly kind: 'delivered'; readonly words: string; readonly details?: string }
  /** It may work later. */
  | {
      readonly kind: 'later'
      readonly words: string
      readonly details?: string
      /** The target asks for this pause, also before its other messages. */
      readonly retryAfterMs?: number
    }
  /** It will never work. */
  | { readonly kind: 'refused'; readonly words: string; readonly details?: string }

/** The pauses after the first attempts; the last one is repeated. */
const delaysMs = [5_000, 30_000, 120_000, 600_000, 3_600_000]
/** The longest pause that a target may ask for: one wrong answer must not silence it for a day. */
const maxRetryAfterMs = 3_600_000
/** How long an entry may wait between its attempts, in all. */
export const maxWaitMs = 86_400_000

/**
 * How long to wait after this many attempts; undefined: it has waited long enough. Counted in time that it
 * waited, because the clock of a machine can be wrong, and the machine can be off.
 */
export function nextDelayMs(
  attempts: number,
  waitedMs: number,
  retryAfterMs = 0,
): number | undefined {
  if (waitedMs >= maxWaitMs) return undefined
  const delay = delaysMs[Math.min(attempts, delaysMs.length) - 1] ?? 0
  const asked = Math.min(retryAfterMs, maxRetryAfterMs)
  return Math.min(Math.max(delay, asked), maxWaitMs - waitedMs)
}

/** The milliseconds of a header Retry-After: seconds, or a date. undefined if it is neither. */
export function parseRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined
  if (/^\s*\d{1,9}\s*$/.test(value)) return Number(value) * 1_000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(date - nowMs, 0)
}
