import type { StatusReport } from '../control/status-report.ts'
import { isBad } from '../plan/history-row.ts'
import type {
  PastLimits,
  PastWindow,
  RunCount,
  TimelinePart,
  WindowPast,
} from '../record/history/window-past.ts'
import type { TimelineAnswer, TimelineRow, TimelineRun } from './api.ts'
import { grouped } from '../text/grouped.ts'
import { plannedStarts } from './planned.ts'

/** A task with more runs than this in view shows how many there are in each part of the time. */
const maxRuns = 200
const maxPlanned = 200
const maxGaps = 200
/** Of a row that shows density. */
const densityParts = 240
/** Rows of one answer, which take some 10 MB while they are sent. A page asks for 40 tasks, so its answer has fewer. */
const maxRows = 10_000

export interface Window extends PastWindow {
  /** Now, in milliseconds since the epoch: planned starts come after it. */
  readonly now: number
}

/** What is read of the history for a timeline of this window. */
export function limitsOf(window: Window): PastLimits {
  return { rows: maxRows, runs: maxRuns, stepMs: stepOf(window) }
}

/** The timeline of what the history says, and the starts that are planned. */
export function timelineOf(
  report: StatusReport,
  { parts, counted, isCut }: WindowPast,
  window: Window,
): TimelineAnswer {
  const { from, to, tasks } = window
  const wanted = new Set(tasks)
  const shown = new Map<string, TimelineRow>()
  const rows = grouped(parts, ([name]) => name)
  for (const task of new Set([...rows.keys(), ...counted.keys()]))
    shown.set(task, { ...rowOf(rows.get(task) ?? [], counted.get(task) ?? [], window), ...noPlan })
  for (const task of report.tasks) {
    if (wanted.size > 0 && !wanted.has(task.name)) continue
    // Without a daemon nothing starts.
    const plan =
      report.daemon === null || to <= window.now
        ? { starts: [], isCut: false }
        : plannedStarts(report.host.name, task, window, maxPlanned)
    const row = shown.get(task.name)
    if (plan.starts.length === 0 && row === undefined) continue
    shown.set(task.name, {
      ...(row ?? emptyRow),
      planned: plan.starts,
      plannedIsCut: plan.isCut,
    })
  }
  return { from, to, tasks: Object.fromEntries(shown), isCut }
}

const noPlan = { planned: [], plannedIsCut: false } as const
const emptyRow: TimelineRow = { runs: [], density: null, gaps: [], ...noPlan }

function rowOf(
  parts: readonly TimelinePart[],
  counted: readonly RunCount[],
  window: Window,
): Pick<TimelineRow, 'runs' | 'density' | 'gaps'> {
  const runs: TimelineRun[] = []
  const gaps: TimelineRow['gaps'][number][] = []
  for (const part of parts) {
    const [, run, outcome, atMs] = part
    if (run !== null) runs.push(runOf(part, run))
    else if (outcome === 'missed' || outcome === 'skipped') {
      const [, , , , , , , reason, , , , slot, lastSlot, count, host] = part
      const first = slot === null ? atMs : Date.parse(slot)
      const last = lastSlot === null ? first : Date.parse(lastSlot)
      const gap = [first, last, count ?? 1, outcome, reason ?? ''] as const
      gaps.push(host === undefined ? gap : [...gap, host])
    }
  }
  // Oldest first.
  runs.sort((a, b) => a.startMs - b.startMs)
  gaps.sort((a, b) => a[0] - b[0])
  const isDense = counted.length > 0 || runs.length > maxRuns
  return {
    runs: isDense ? [] : runs,
    density: isDense ? densityOf(runs, counted, window) : null,
    gaps: gaps.slice(-maxGaps),
  }
}

function runOf(part: TimelinePart, run: string): TimelineRun {
  const [, , outcome, startMs, durationMs, exitCode, signal, , attempt, lateMs, revision] = part
  const host = part[14]
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
    ...(host !== undefined && { host }),
  }
}

/** How many runs began in each part of the time: those that the history has counted, and these. */
function densityOf(
  runs: readonly TimelineRun[],
  counted: readonly RunCount[],
  window: Window,
): TimelineRow['density'] {
  const { from } = window
  const stepMs = stepOf(window)
  const parts = new Map<number, [from: number, runs: number, failed: number]>()
  const add = (begin: number, count: number, failed: number): void => {
    const part = parts.get(begin) ?? [begin, 0, 0]
    part[1] += count
    part[2] += failed
    parts.set(begin, part)
  }
  for (const [, begin, count, failed] of counted) add(begin, count, failed)
  for (const { startMs, outcome } of runs)
    add(
      from + Math.floor((Math.max(startMs, from) - from) / stepMs) * stepMs,
      1,
      isBad(outcome) ? 1 : 0,
    )
  return { stepMs, parts: [...parts.values()] }
}

function stepOf({ from, to }: Window): number {
  return Math.max(Math.ceil((to - from) / densityParts), 1)
}
