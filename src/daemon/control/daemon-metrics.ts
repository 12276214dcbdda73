import { type MetricsReport, otherTasks, type TaskSeries } from '../../control/metrics-report.ts'
import { ownUsage } from '../../host/process-usage.ts'
import type { AgendaEntry } from '../../plan/agenda.ts'
import { durationBounds, latenessBounds, type TaskTotals } from '../../record/totals.ts'
import type { Task } from '../../tasks/task.ts'
import { jitterOn } from '../../tasks/host-schedules.ts'
import { fleetMetrics } from '../fleet/fleet-metrics.ts'
import type { Daemon } from '../state.ts'
import { failuresOf, restartsOf } from './daemon-status.ts'

/**
 * What the daemon counts and knows of the tasks of this host. A task that is removed, disabled or moved to
 * another host has no numbers any more, or its old times would raise alarms for ever. While a run of it
 * has not ended, that is all that it shows.
 */
export function metricsOf(daemon: Daemon): MetricsReport {
  const { settings, tasks, totals, runs, startedMs } = daemon
  const entries = new Map(daemon.tickClock.tick.agenda.heap.map((entry) => [entry.task, entry]))
  const { counted, others, shared, lateness } = totals
  const series = [...counted].flatMap(([name, own]) => {
    const task = tasks.here.get(name)
    return task === undefined ? [] : [seriesOf(daemon, task, own, entries.get(name))]
  })
  const gone = runs.tasks().filter((name) => !tasks.here.has(name))
  const here = tasks.here.size
  return {
    version: settings.version,
    startedMs,
    file: { ok: tasks.refused === undefined, revision: tasks.loaded.revision },
    tasks: { here, elsewhere: tasks.all.size - here },
    series: [...series, ...(others.size === 0 ? [] : [otherSeries(daemon, others, shared)])],
    leaving: gone.map((task) => ({ task, running: runs.of(task).length })),
    others: others.size,
    durationBounds,
    lateness: { bounds: latenessBounds, ...lateness },
    notifications: notificationsOf(daemon),
    notificationsWaiting: waitingOf(daemon),
    process: ownUsage(),
  }
}

/** The same, with what the engine of the fleet says. */
export async function metricsWithFleet(daemon: Daemon): Promise<MetricsReport> {
  const fleet = await fleetMetrics(daemon)
  return { ...metricsOf(daemon), ...(fleet && { fleet }) }
}

/** Of the targets alone: each ping would add series of its own. */
function notificationsOf({ notifier, tasks }: Daemon): MetricsReport['notifications'] {
  const counts = notifier.counts()
  return tasks.loaded.file.notify.targets.flatMap(({ name: target }) =>
    Object.entries(counts.get(target) ?? { delivered: 0, failed: 0, dropped: 0 }).map(
      ([result, count]) => ({ target, result, count }),
    ),
  )
}

function waitingOf({
  notifier,
  tasks,
}: Daemon): NonNullable<MetricsReport['notificationsWaiting']> {
  const reports = new Map(notifier.report().targets.map((each) => [each.name, each]))
  return tasks.loaded.file.notify.targets.map(({ name: target }) => ({
    target,
    count: reports.get(target)?.waiting ?? 0,
    oldestMs: timeOf(reports.get(target)?.oldest),
  }))
}

function seriesOf(
  daemon: Daemon,
  task: Task,
  totals: TaskTotals,
  next: AgendaEntry | undefined,
): TaskSeries {
  const { runs, runContext, closed, pauses } = daemon
  const { name } = task
  const last = runs.last(name)
  const run = last?.run === null ? undefined : last
  const jitterMs = jitterOn(task, runContext.hostName)
  const paused = pauses.of(name) !== undefined
  return {
    task: name,
    running: runs.of(name).length,
    ...totals,
    failures: hasRecovered(daemon, task) ? 0 : failuresOf(daemon, task),
    givenUp: task.type === 'daemon' ? closed.count(task, 'limit') : null,
    paused,
    lastRunMs: timeOf(run?.endedAt),
    lastSuccessMs: timeOf(runs.lastOk(name)),
    lastDurationMs: run?.durationMs ?? null,
    nextRunMs: next === undefined || paused ? null : next.slot * 1000 + jitterMs,
  }
}

/** An instance that has lasted has ended the row of failures, although it may never end as `ok`. */
function hasRecovered(daemon: Daemon, task: Task): boolean {
  const isGivenUp = daemon.closed.count(task, 'limit') > 0
  return task.type === 'daemon' && !isGivenUp && restartsOf(daemon, task) === 0
}

/** The tasks that share one series: their counts together, and no times, which would be those of any of them. */
function otherSeries(
  { runs }: Daemon,
  others: ReadonlySet<string>,
  totals: TaskTotals,
): TaskSeries {
  const running = runs.all().filter(({ description }) => others.has(description.task)).length
  const none = {
    failures: null,
    givenUp: null,
    paused: null,
    lastRunMs: null,
    lastSuccessMs: null,
    lastDurationMs: null,
  }
  return { task: otherTasks, running, ...totals, ...none, nextRunMs: null }
}

function timeOf(text: string | null | undefined): number | null {
  return text == null ? null : Date.parse(text)
}
