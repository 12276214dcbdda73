import { maxLines } from './digest-text.ts'

/** More messages than this within {@link windowMs} become one. */
export const maxInWindow = 10
export const windowMs = 60_000

/** What one target got within a minute. It survives a restart of the daemon. */
export interface TargetWindow {
  readonly startMs: number
  /** Messages that were sent in it. */
  readonly sent: number
  /** Messages that wait for the digest. */
  readonly held: number
  /** A line for each of the newest of them, at most {@link maxLines}. */
  readonly lines: readonly string[]
}

/** Whether a message goes out now; if not, it is a line of the digest that follows, which `line` makes. */
export function addToWindow(
  window: TargetWindow | undefined,
  line: () => string,
  nowMs: number,
): { readonly window: TargetWindow; readonly isSent: boolean } {
  const current = window ?? { startMs: nowMs, sent: 0, held: 0, lines: [] }
  if (current.sent < maxInWindow)
    return { window: { ...current, sent: current.sent + 1 }, isSent: true }
  // The newest say what is wrong now.
  const lines = [...current.lines, line()].slice(-maxLines)
  return { window: { ...current, held: current.held + 1, lines }, isSent: false }
}

/** Whether a window is over. One in the future is too: the clock was set back. */
export function isOverAt({ startMs }: TargetWindow, nowMs: number): boolean {
  return nowMs - startMs >= windowMs || nowMs < startMs
}
