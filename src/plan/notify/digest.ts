import { utcTime, utcTimes } from '../../text/utc-time.ts'
import type { Notice } from './notice.ts'

/** More messages than this within {@link windowMs} become one. */
export const maxInWindow = 10
export const windowMs = 60_000
/** Lines of a digest. It says how many more there are. */
export const maxLines = 50

/** What one target got within a minute. It survives a restart of the daemon. */
export interface TargetWindow {
  readonly startMs: number
  /** Messages that were sent in it. */
  readonly sent: number
  /** Messages that wait for the digest. */
  readonly held: number
  /** A line for each of them, at most {@link maxLines}. */
  readonly lines: readonly string[]
}

/** Whether a message goes out now; if not, it is a line of the digest that follows. `line` makes it if it is needed. */
export function addToWindow(
  window: TargetWindow | undefined,
  line: () => string,
  nowMs: number,
): { readonly window: TargetWindow; readonly isSent: boolean } {
  const current = window ?? { startMs: nowMs, sent: 0, held: 0, lines: [] }
  if (current.sent < maxInWindow)
    return { window: { ...current, sent: current.sent + 1 }, isSent: true }
  const lines = current.lines.length < maxLines ? [...current.lines, line()] : current.lines
  return { window: { ...current, held: current.held + 1, lines }, isSent: false }
}

/** Whether a window is over. One in the future is too: the clock was set back. */
export function isOverAt({ startMs }: TargetWindow, nowMs: number): boolean {
  return nowMs - startMs >= windowMs || nowMs < startMs
}

/** The text of a digest: a line for each message, and how many more there are. */
export function digestText(lines: readonly string[], more: number): string {
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n')
}

/** A message as a line of a digest. */
export function lineOf({
  kind,
  task,
  reason,
  exitCode,
  atMs,
}: Pick<Notice, 'task' | 'reason' | 'exitCode' | 'atMs'> & { readonly kind: string }): string {
  const why = reason ?? (exitCode === null ? null : `exit code ${exitCode}`)
  const who = task ?? 'torch'
  const what = `${who}: ${kind.replaceAll('_', ' ')}`
  return `${utcTime(atMs)} ${what}${why === null ? '' : ` (${utcTimes(why)})`}`
}
