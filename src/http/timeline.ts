import type { StatusReport } from '../control/status-report.ts'
import type { Outcome } from '../plan/history-row.ts'
import type { TimelinePart } from '../record/history/look-back.ts'
import type { TimelineAnswer, TimelineRow, TimelineRun } from './api.ts'
import { grouped } from '../text/grouped.ts'
import { plannedStarts } from './planned.ts'

/** A task with more runs than this in view shows how many there are in each part of the time. */
const maxRuns = 200
const maxPlanned = 200
const maxGaps = 200
/** Of a row that shows density. */
const densityParts = 240

export interface Window {
  readonly from: number
  readonly to: number
  /** Now, in milliseconds since the epoch: planned starts come after it. */
  readonly now: number
  /** Empty: all tasks. */
  readonly tasks: readonly string[]
}

/** The timeline of these rows, and the starts that are planned. `isCut`: there are more rows. */
export function timelineOf(
  report: StatusReport,
  parts: readonly TimelinePart[],
  window: Window,
  isCut: boolean,
): TimelineAnswer {
  const { from, to, tasks } = window
  const wanted = new Set(tasks)
  const shown = new Map<string, TimelineRow>()
  for (const [task, own] of grouped(parts, ([name]) => name))
    shown.set(task, { ...rowOf(own, window), ...noPlan })
  for (const task of report.tasks) {
    if (wanted.size > 0 && !wanted.has(task.name)) continue
    // Without a daemon nothing starts.
    const plan =
      report.daemon === null || to <= window.now
        ? { starts: [], isCut: false }
        : plannedStarts(report.host.name, task, to, maxPlanned)
    const row = shown.get(task.name)
    if (plan.starts.length === 0 && row === undefined) continue
    shown.set(task.name, {
      ...(row ?? emptyRow),
      planned: plan.starts.filter((start) => start >= from),
      plannedIsCut: plan.isCut,
    })
  }
  return { from, to, tasks: Object.fromEntries(shown), isCut }
}

const noPlan = { planned: [], plannedIsCut: false } as const
const emptyRow: TimelineRow = { runs: [], density: null, gaps: [], ...noPlan }

function rowOf(
  parts: readonly TimelinePart[],
  window: Window,
): Pick<TimelineRow, 'runs' | 'density' | 'gaps'> {
  const runs: TimelineRun[] = []
  const gaps: TimelineRow['gaps'][number][] = []
  for (const part of parts) {
    const [, run, outcome, atMs] = part
    if (run !== null) runs.push(runOf(part, run))
    else if (outcome === 'missed' || outcome === 'skipped') {
      const [, , , , , , , reason, , , , slot, lastSlot, count] = part
      const first = slot === null ? atMs : Date.parse(slot)
      const last = lastSlot === null ? first : Date.parse(lastSlot)
      gaps.push([first, last, count ?? 1, outcome, reason ?? ''])
    }
  }
  // Oldest first.
  runs.sort((a, b) => a.startMs - b.startMs)
  gaps.sort((a, b) => a[0] - b[0])
  return {
    runs: runs.length > maxRuns ? [] : runs,
    density: runs.length > maxRuns ? densityOf(runs, window) : null,
    gaps: gaps.slice(-maxGaps),
  }
}

function runOf(part: TimelinePart, run: string): TimelineRun {
  const [, , outcome, startMs, durationMs, exitCode, signal, , attempt, lateMs, revision] = part
  return {
    run,
    startMs,
    endMs: outcome === 'running' ? null : startMs + (durationMs ?? 0),
    outcome,
    exitCode,
    signal,
    lateMs,
    attempt,
    revision,
  }
}

function densityOf(runs: readonly TimelineRun[], { from, to }: Window): TimelineRow['density'] {
  const stepMs = Math.max(Math.ceil((to - from) / densityParts), 1)
  const parts = new Map<number, [from: number, runs: number, failed: number]>()
  for (const { startMs, outcome } of runs) {
    const begin = from + Math.floor((Math.max(startMs, from) - from) / stepMs) * stepMs
    const part = parts.get(begin) ?? [begin, 0, 0]
    part[1] += 1
    if (isBad(outcome)) part[2] += 1
    parts.set(begin, part)
  }
  return { stepMs, parts: [...parts.values()] }
}

/** Of a run that has ended. */
export function isBad(outcome: Outcome): boolean {
  return !['ok', 'running', 'skipped', 'missed'].includes(outcome)
}
