import type { HistoryRow } from '../../plan/history-row.ts'
import { failuresAfter, isFailure } from '../../plan/run-outcome.ts'
import type { TaskCounts } from '../../record/history/task-habits.ts'
import { isOver, type LiveRun } from '../../run/live-run.ts'
import type { Task } from '../../tasks/task.ts'

/** What runs on this host, what is left of ended runs, and what is known of the last run of each task. */
export interface RunTable {
  /** The runs of a task that have not ended, oldest first. */
  of(task: string): readonly LiveRun[]
  /** All runs that have not ended. */
  all(): LiveRun[]
  /**
   * The runs that have not ended of all tasks that the file has in a pool, in the order in which they began. Runs
   * that an earlier daemon started count, and runs that a person started.
   */
  inPool(pool: string): ReadonlySet<LiveRun>
  /** The tasks that have runs. */
  tasks(): string[]
  /** A run that has just started. */
  add(run: LiveRun): void
  /** A run that an earlier daemon started. */
  adopt(run: LiveRun): void
  /** The run has ended. It stays among the remains while processes of its group have to be killed. */
  end(run: LiveRun): void
  /** Runs that torch ended and whose group still has processes. */
  remains(): LiveRun[]
  forgetRemains(run: LiveRun): void
  /** The row that `torch status` shows as the last of a task. */
  last(task: string): HistoryRow | undefined
  counts(task: string): TaskCounts
  /** When its last `ok` run ended, ISO 8601. */
  lastOk(task: string): string | undefined
  noteRow(row: HistoryRow): void
  /** What the history says of a task that was added to the file. */
  knowTask(task: string, known: TaskPast): void
  /** The task is no longer in the file. */
  forgetTask(task: string): void
}

/** What the history says of a task. */
export interface TaskPast extends TaskCounts {
  readonly last: HistoryRow | undefined
  /** When its last `ok` run ended, ISO 8601. */
  readonly lastOk: string | undefined
}

const noPast: TaskPast = { last: undefined, lastOk: undefined, failures: 0, skips: 0 }

/** A table without runs, with the past of each task as the history has it. `file`: all tasks of the file. */
export function newRunTable(
  pasts: ReadonlyMap<string, TaskPast>,
  file: { readonly all: ReadonlyMap<string, Pick<Task, 'pools'>> },
): RunTable {
  const runs = new Map<string, LiveRun[]>()
  const remains = new Set<LiveRun>()
  const pools = newPoolRuns(file, () => [...runs.values()].flat())
  const past = new Map(pasts)
  const of = (task: string): readonly LiveRun[] => runs.get(task) ?? []
  const pastOf = (task: string): TaskPast => past.get(task) ?? noPast
  const adopt = (run: LiveRun): void => {
    const { task } = run.description
    runs.set(task, [...of(task), run])
    pools.add(run)
  }
  return {
    of,
    all: () => [...runs.values()].flat(),
    inPool: pools.of,
    tasks: () => [...runs.keys()],
    add(run) {
      const { task } = run.description
      adopt(run)
      if (past.has(task)) past.set(task, { ...pastOf(task), skips: 0 })
    },
    adopt,
    end(run) {
      const { task } = run.description
      const left = of(task).filter((each) => each !== run)
      if (left.length === 0) runs.delete(task)
      else runs.set(task, left)
      pools.remove(run)
      if (run.state.kind !== 'killing-stragglers') return
      // A daemon that runs for months must not keep those that were killed long ago.
      for (const each of remains) if (isOver(each)) remains.delete(each)
      remains.add(run)
    },
    remains: () => [...remains],
    forgetRemains: (run) => void remains.delete(run),
    last: (task) => pastOf(task).last,
    counts(task) {
      const { failures, skips } = pastOf(task)
      return { failures, skips }
    },
    lastOk: (task) => pastOf(task).lastOk,
    noteRow(row) {
      if (row.outcome !== 'running') past.set(row.task, pastAfter(pastOf(row.task), row))
    },
    knowTask: (task, known) => void past.set(task, known),
    forgetTask: (task) => void past.delete(task),
  }
}

/** The runs by pool: they are counted at each start, so they are grouped only when the file has changed. */
function newPoolRuns(
  file: { readonly all: ReadonlyMap<string, Pick<Task, 'pools'>> },
  allRuns: () => readonly LiveRun[],
) {
  const byPool = new Map<string, Set<LiveRun>>()
  let groupedBy = file.all
  const poolsOf = ({ description }: LiveRun) => groupedBy.get(description.task)?.pools ?? []
  const add = (run: LiveRun): void => {
    for (const { name } of poolsOf(run)) byPool.set(name, (byPool.get(name) ?? new Set()).add(run))
  }
  return {
    add,
    remove(run: LiveRun): void {
      for (const { name } of poolsOf(run)) byPool.get(name)?.delete(run)
    },
    of(pool: string): ReadonlySet<LiveRun> {
      if (groupedBy !== file.all) {
        groupedBy = file.all
        byPool.clear()
        for (const run of allRuns().toSorted(byId)) add(run)
      }
      return byPool.get(pool) ?? noRuns
    },
  }
}

const noRuns: ReadonlySet<LiveRun> = new Set()

function byId(a: LiveRun, b: LiveRun): number {
  return a.description.run < b.description.run ? -1 : 1
}

/** The past of a task with one more row, of a run that has ended or of a start that did not happen. */
export function pastAfter({ last, lastOk, failures, skips }: TaskPast, row: HistoryRow): TaskPast {
  if (row.run === null) {
    const more = row.outcome === 'skipped' ? 1 : 0
    // A skip says less than the run before it.
    const shown = (last?.run ?? null) === null ? row : last
    return { last: shown, lastOk, failures, skips: skips + more }
  }
  // After a crash the end of a run is recorded again.
  if (last?.run === row.run) return { last: row, lastOk, failures, skips }
  if (row.outcome === 'ok') return { last: row, lastOk: row.endedAt ?? lastOk, failures: 0, skips }
  const after = isFailure(row) ? failuresAfter(failures, row) : failures
  return { last: row, lastOk, failures: after, skips }
}
