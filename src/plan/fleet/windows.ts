/** A slot and how late it may start, in milliseconds. */
export interface StartWindow {
  readonly slotMs: number
  readonly startWithinMs: number
  /** The next slot of the task: from then on that one counts. undefined: there is none. */
  readonly nextSlotMs: number | undefined
}

/** A clock may be ahead of the engine's by this much. */
export const maxOffsetMs = 5_000
/** A clock that is further away starts late, or lets others start first. */
export const warnOffsetMs = 1_000

/** How long a slot may be tried for, counted from its own time. */
export function windowMs({ slotMs, startWithinMs, nextSlotMs }: StartWindow): number {
  return nextSlotMs === undefined ? startWithinMs : Math.min(startWithinMs, nextSlotMs - slotMs)
}

/**
 * Whether the engine stored a claim at a time when the slot could start. A claim of a machine whose clock is
 * wrong, or that was frozen, is not used.
 */
export function isStoredInTime(storedMs: number, window: StartWindow): boolean {
  const afterMs = storedMs - window.slotMs
  return afterMs >= -maxOffsetMs && afterMs <= windowMs(window)
}

/** The median of the last offsets between this clock and the engine's, in milliseconds. */
export function medianOf(offsets: readonly number[]): number {
  const sorted = offsets.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}
