import type { Protocol, ResumedReport } from '../../control/protocol.ts'
import type { PauseReport } from '../../control/status-report.ts'
import { exitStatus, TorchError } from '../../errors.ts'
import {
  type Pause,
  type PausedSlots,
  pauseOf,
  type PauseSet,
  pausesLeft,
  type PauseTarget,
  withoutPauses,
} from '../../plan/pauses.ts'
import { timeText } from '../../record/history/rows.ts'
import { selectNames } from '../../tasks/select.ts'
import { plainLine } from '../../text/sanitize.ts'
import { utcTime } from '../../text/utc-time.ts'

type PauseRequest = Protocol['pause']['request']

/** The pause that a request asks for. Throws TorchError `usage` if it would end in the past. */
export function pauseFor(
  { until, reason, by }: Pick<PauseRequest, 'until' | 'reason' | 'by'>,
  nowMs: number,
  self: string,
): Pause {
  const untilMs = until === undefined ? null : Date.parse(until)
  if (untilMs !== null && untilMs <= nowMs)
    throw new TorchError('usage', `the pause would end in the past: ${until}`, {
      exit: exitStatus.usage,
      hint: 'give a time that is still to come, or a duration such as --for 2h',
    })
  return {
    ...{ sinceMs: nowMs, untilMs, by: plainLine(by ?? self) },
    reason: reason === undefined ? null : plainLine(reason),
  }
}

/** ` until 2026-03-10 14:00:00 UTC: the disk is being replaced` */
export function pauseWords({ untilMs, reason }: Pause): string {
  const until = untilMs === null ? '' : ` until ${utcTime(untilMs)}`
  return until + (reason === null ? '' : `: ${reason}`)
}

/** What `torch resume` changes. */
export interface ResumePlan {
  readonly pauses: PauseSet
  /** The tasks with closed places in which runs start again. */
  readonly opened: readonly string[]
  readonly report: ResumedReport
}

/**
 * Which pauses end, and which closed places open: for the daemon, and for a command without one. `closed`: the tasks
 * that have closed places. Throws TorchError `no-task` and `refused`.
 */
export function planResume(
  before: { readonly pauses: PauseSet; readonly closed: readonly string[] },
  { tasks: words, all = false }: Pick<Protocol['resume']['request'], 'tasks' | 'all'>,
  names: readonly string[],
  nowMs: number,
): ResumePlan {
  const present = pausesLeft(before.pauses, nowMs)
  const target = all ? 'all' : selectPaused(words, names, present)
  demandResumable(present, target)
  const pauses = withoutPauses(present, target, nowMs)
  const resumed = resumedBetween(present, pauses)
  const meant = target === 'all' ? before.closed : target
  // What was given up is a trouble of its own, and not what somebody paused with all tasks.
  const isOnlyOfAll = all && resumed.all
  const opened = isOnlyOfAll ? [] : meant.filter((task) => before.closed.includes(task))
  const tasks = [...new Set([...resumed.tasks, ...opened])]
  return { pauses, opened, report: { ...resumed, tasks } }
}

/** The names that these words select, of tasks in the file and of those that are only paused. */
function selectPaused(
  words: readonly string[],
  names: readonly string[],
  { tasks }: PauseSet,
): string[] {
  return selectNames(words, [...new Set([...names, ...tasks.keys()])])
}

/** To resume one task while all are paused would be half of what people expect. Throws TorchError `refused`. */
function demandResumable({ all, tasks }: PauseSet, target: PauseTarget): void {
  if (target === 'all' || all === undefined || target.every((task) => tasks.has(task))) return
  throw new TorchError('refused', `${all.by} paused all tasks${pauseWords(all)}`, {
    hint: 'torch resume --all lets all of them start again',
  })
}

/** What a change of the pauses ended, and what is still paused by name. */
export function resumedBetween(before: PauseSet, after: PauseSet): ResumedReport {
  return {
    all: before.all !== undefined && after.all === undefined,
    tasks: [...before.tasks.keys()].filter((task) => !after.tasks.has(task)),
    left: [...after.tasks.keys()],
  }
}

/** What the status says of the pause of a task; undefined: it is not paused. */
export function pauseReport(
  pauses: PauseSet,
  task: string,
  passed: PausedSlots | undefined,
  nowMs: number,
): PauseReport | undefined {
  const pause = pauseOf(pauses, task, nowMs)
  return pause && reportOf(pause, pause === pauses.all, passed?.count ?? 0)
}

/** A pause as JSON. */
export function reportOf(
  { sinceMs, untilMs, reason, by }: Pause,
  all: boolean,
  slots: number,
): PauseReport {
  const until = untilMs === null ? null : timeText(untilMs)
  return { since: timeText(sinceMs), until, reason, by, all, slots }
}
