import { maxInWindow, windowMs } from '../plan/notify/digest.ts'

/** How many messages a target may get now, and in how many ms it may get one more than that. */
export interface Room {
  readonly left: number
  readonly moreInMs: number
}

/**
 * A target gets at most {@link maxInWindow} messages within any minute. `sentMs`: when it got the last ones, by the wall
 * clock. One in the future does not count: the clock was set back.
 */
export function roomOf(sentMs: readonly number[], nowMs: number): Room {
  const recent = recentOf(sentMs, nowMs)
  const oldest = recent[0] ?? nowMs
  return { left: Math.max(maxInWindow - recent.length, 0), moreInMs: oldest + windowMs - nowMs }
}

/** Those that still count. */
export function recentOf(sentMs: readonly number[], nowMs: number): number[] {
  return sentMs.filter((ms) => ms <= nowMs && nowMs - ms < windowMs).slice(-maxInWindow)
}
