import type { TimelineRow, TimelineRun } from '../../http/api.ts'
import type { Outcome } from '../model/model.ts'
import { type Scale, xOf } from './scale.ts'

/** What is drawn for a task, from left to right as it can be pointed at. */
export type Mark =
  | {
      readonly kind: Outcome
      readonly x: number
      readonly width: number
      readonly run: TimelineRun
    }
  | { readonly kind: 'gap'; readonly x: number; readonly width: number; readonly gap: Gap }
  | {
      readonly kind: 'planned'
      readonly x: number
      readonly width: number
      readonly starts: Starts
    }
  | { readonly kind: 'dense'; readonly x: number; readonly width: number; readonly part: Part }

type Gap = TimelineRow['gaps'][number]
/** Planned starts that are too close to each other to be drawn apart. */
interface Starts {
  readonly first: number
  readonly last: number
  readonly count: number
  /** There are more after the last one. */
  readonly isCut: boolean
}
interface Part {
  readonly from: number
  readonly to: number
  readonly runs: number
  readonly failed: number
  /** Runs and failures, compared with the fullest part: 0 to 1. */
  readonly level: number
  readonly failedLevel: number
}

/** A run is at least this wide, in px. */
const minBarWidth = 2
/** Planned starts that are closer than this, in px, become one band. */
const minPlannedGap = 6

/** The marks of a row that are in view. A run that is not over reaches to `now`. */
export function marksOf(row: TimelineRow, scale: Scale, now: number): Mark[] {
  return [
    ...row.runs.flatMap((run) => runMark(run, scale, now)),
    ...denseMarks(row.density, scale),
    ...row.gaps.flatMap((gap) => gapMark(gap, scale)),
    ...plannedMarks(row, scale, now),
  ].toSorted((a, b) => a.x - b.x)
}

function runMark(run: TimelineRun, scale: Scale, now: number): Mark[] {
  const end = run.endMs ?? Math.max(now, run.startMs)
  if (end < scale.from || run.startMs > scale.to) return []
  const left = Math.max(xOf(scale, run.startMs), -4)
  const right = Math.min(xOf(scale, end), scale.width + 4)
  return [{ kind: run.outcome, x: left, width: Math.max(right - left, minBarWidth), run }]
}

function gapMark(gap: Gap, scale: Scale): Mark[] {
  const [first, last] = gap
  if (last < scale.from || first > scale.to) return []
  const left = Math.max(xOf(scale, first), 0)
  const right = Math.min(xOf(scale, last), scale.width)
  return [{ kind: 'gap', x: left, width: Math.max(right - left, 0), gap }]
}

function plannedMarks({ planned, plannedIsCut }: TimelineRow, scale: Scale, now: number): Mark[] {
  const bands: { first: number; last: number; count: number; right: number }[] = []
  for (const ms of planned) {
    if (ms <= now || ms < scale.from || ms > scale.to) continue
    const x = xOf(scale, ms)
    const band = bands.at(-1)
    if (band !== undefined && x - band.right < minPlannedGap) {
      band.last = ms
      band.count += 1
      band.right = x
    } else bands.push({ first: ms, last: ms, count: 1, right: x })
  }
  return bands.map(({ first, last, count, right: end }, index) => {
    const x = xOf(scale, first)
    // There are more than the server lists: the last band reaches to the edge.
    const isCut = plannedIsCut && index === bands.length - 1
    const right = isCut ? Math.max(end, scale.width) : end
    return { kind: 'planned', x, width: right - x, starts: { first, last, count, isCut } }
  })
}

function denseMarks(density: TimelineRow['density'], scale: Scale): Mark[] {
  if (density === null) return []
  const { stepMs, parts } = density
  const most = Math.max(1, ...parts.map(([, runs]) => runs))
  return parts.flatMap(([from, runs, failed]): Mark[] => {
    const to = from + stepMs
    if (runs === 0 || to < scale.from || from > scale.to) return []
    const x = Math.max(0, xOf(scale, from))
    const width = Math.max(1, Math.min(xOf(scale, to), scale.width) - x)
    // The root keeps a single run visible beside a part with a thousand.
    const level = Math.sqrt(runs / most)
    const part = { from, to, runs, failed, level, failedLevel: (failed / runs) * level }
    return [{ kind: 'dense', x, width, part }]
  })
}

/** The mark at a place, or the nearest one within `reach` px. A failure wins over what lies as near. */
export function markAt(marks: readonly Mark[], x: number, reach: number): number | undefined {
  let best: number | undefined
  let nearest = reach
  for (const [index, mark] of marks.entries()) {
    const away = Math.max(mark.x - x, x - (mark.x + mark.width), 0)
    if (away > reach || away > nearest) continue
    const before = best === undefined ? undefined : marks[best]
    if (away < nearest || before === undefined || !isBad(before)) best = index
    nearest = away
  }
  return best
}

function isBad(mark: Mark): boolean {
  switch (mark.kind) {
    case 'failed':
    case 'timeout':
    case 'spawn-failed':
    case 'unknown':
      return true
    case 'gap':
      return mark.gap[3] === 'missed'
    case 'dense':
      return mark.part.failed > 0
    default:
      return false
  }
}
