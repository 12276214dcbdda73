import type { PauseReport } from '../../control/status-report.ts'
import type { Host } from '../../host/host.ts'
import { plainLine } from '../../text/sanitize.ts'
import { shownTime } from './times.ts'

/** Until when a pause lasts, who asked for it and why: `until 2026-03-10T14:00:00+00:00 by alice: new disk`. */
export function pauseWords(host: Host, { until, by, reason }: PauseReport): string {
  const end = until === null ? '' : `until ${shownTime(host, until)} `
  return `${end}by ${plainLine(by)}${reason === null ? '' : `: ${plainLine(reason)}`}`
}

/** The note for a task that somebody runs although it is paused; none if it is not. */
export function runInPauseNotes(
  host: Host,
  task: string,
  pause: PauseReport | undefined,
): readonly string[] {
  if (pause === undefined) return []
  return [`note: ${plainLine(task)} is paused ${pauseWords(host, pause)}; it runs anyway`]
}
