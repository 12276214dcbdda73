import type { TaskStatus } from '../control/status-report.ts'
import type { Clock } from '../host/clock.ts'
import type { HistoryRow } from '../plan/history-row.ts'
import { isFailure } from '../plan/run-outcome.ts'
import type { EndedRun } from '../record/history/look-back.ts'
import type { View } from '../view/view.ts'

/** What is known of the past of a task. */
export interface TaskPast {
  /** How long the last ok runs took, in milliseconds, oldest first. */
  readonly lengths: readonly number[]
  readonly failingSince: string | null
}

/** The number of last runs of a task that count for its usual length. */
export const maxRecentRuns = 30
/** Tasks that are read at once, which blocks other requests for some milliseconds. */
const tasksAtOnce = 50

/** The past of all tasks: read once, and then kept by the rows that come. */
export interface Pasts {
  of(task: string): TaskPast | undefined
  /** Reads the past of tasks that have none yet. */
  load(tasks: readonly TaskStatus[]): Promise<void>
  /** A row that is new or has changed. */
  add(row: HistoryRow): void
  /** The past of these tasks is to be read again. */
  forget(tasks: readonly string[]): void
  /** Forgets all other tasks. */
  keep(names: ReadonlySet<string>): void
}

export function newPasts(view: Pick<View, 'recent' | 'failingSince'>, clock: Clock): Pasts {
  const known = new Map<string, TaskPast>()
  return {
    of: (task) => known.get(task),
    async load(tasks) {
      const missing = tasks.filter(({ name }) => !known.has(name))
      for (let at = 0; at < missing.length; at += tasksAtOnce) {
        const some = missing.slice(at, at + tasksAtOnce)
        const names = some.map(({ name }) => name)
        const failing = some.filter(({ counts }) => (counts?.failures ?? 0) > 0)
        const [recent, since] = [
          await view.recent(names, maxRecentRuns),
          failing.length === 0
            ? new Map<string, string>()
            : await view.failingSince(failing.map(({ name }) => name)),
        ]
        for (const name of names) {
          const failingSince = since.get(name) ?? null
          known.set(name, { lengths: lengthsOf(recent.get(name) ?? []), failingSince })
        }
        await clock.turn()
      }
    },
    add(row) {
      const { task, run, outcome, startedAt, durationMs } = row
      const past = known.get(task)
      if (past === undefined || run === null || startedAt === null || outcome === 'running') return
      const isOk = outcome === 'ok' && durationMs !== null
      const lengths = isOk ? [...past.lengths, durationMs].slice(-maxRecentRuns) : past.lengths
      const failingSince = isFailure(row)
        ? (past.failingSince ?? startedAt)
        : outcome === 'ok'
          ? null
          : past.failingSince
      known.set(task, { lengths, failingSince })
    },
    forget(tasks) {
      for (const task of tasks) known.delete(task)
    },
    keep(names) {
      for (const name of known.keys()) if (!names.has(name)) known.delete(name)
    },
  }
}

function lengthsOf(runs: readonly EndedRun[]): number[] {
  return runs.flatMap(([, outcome, , ms]) => (outcome === 'ok' && ms !== null ? [ms] : []))
}

/** A share of the lengths is at most this, in milliseconds; null without any. */
export function percentile(lengths: readonly number[], share: number): number | null {
  const sorted = lengths.toSorted((a, b) => a - b)
  return sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)] ?? null
}
