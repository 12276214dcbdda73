import type { HistoryRow } from '../../plan/history-row.ts'
import { isOver, type LiveRun } from '../../run/live-run.ts'

/** What runs on this host, what is left of ended runs, and what is known of the last run of each task. */
export interface RunTable {
  /** The runs of a task that have not ended, oldest first. */
  of(task: string): readonly LiveRun[]
  /** All runs that have not ended. */
  all(): LiveRun[]
  /** The tasks that have runs. */
  tasks(): string[]
  add(run: LiveRun): void
  /** The run has ended. It stays among the remains while processes of its group have to be killed. */
  end(run: LiveRun): void
  /** Runs that torch ended and whose group still has processes. */
  remains(): LiveRun[]
  forgetRemains(run: LiveRun): void
  /** The row that `torch status` shows as the last of a task. */
  last(task: string): HistoryRow | undefined
  noteRow(row: HistoryRow): void
  /** The task is no longer in the file: its last row is not shown again. */
  forgetTask(task: string): void
}

/** A table without runs; `last` holds the last rows of the tasks, as read from the history. */
export function newRunTable(lastRows: ReadonlyMap<string, HistoryRow>): RunTable {
  const runs = new Map<string, LiveRun[]>()
  const remains = new Set<LiveRun>()
  const last = new Map(lastRows)
  const of = (task: string): readonly LiveRun[] => runs.get(task) ?? []
  return {
    of,
    all: () => [...runs.values()].flat(),
    tasks: () => [...runs.keys()],
    add: (run) => void runs.set(run.description.task, [...of(run.description.task), run]),
    end(run) {
      const { task } = run.description
      const left = of(task).filter((each) => each !== run)
      if (left.length === 0) runs.delete(task)
      else runs.set(task, left)
      if (run.state.kind !== 'killing-stragglers') return
      // A daemon that runs for months must not keep those that were killed long ago.
      for (const each of remains) if (isOver(each)) remains.delete(each)
      remains.add(run)
    },
    remains: () => [...remains],
    forgetRemains: (run) => void remains.delete(run),
    last: (task) => last.get(task),
    noteRow(row) {
      if (row.outcome === 'running') return
      // A skip says less than the run before it.
      if (row.run !== null || (last.get(row.task)?.run ?? null) === null) last.set(row.task, row)
    },
    forgetTask: (task) => void last.delete(task),
  }
}
