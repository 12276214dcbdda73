import { type MetricsReport, otherTasks, type TaskSeries } from '../control/metrics-report.ts'
import type { StatusReport } from '../control/status-report.ts'
import type { ProcessUsage } from '../host/process-usage.ts'
import { maxCounted } from '../record/totals.ts'
import { type Family, gauge, histogram, type Value } from './family.ts'
import { fleetFamilies } from './fleet-families.ts'

/** What is known without a daemon. */
export interface OfflineMetrics {
  readonly status: Pick<StatusReport, 'file' | 'tasks'>
  /** When the last `ok` run of each task ended, ISO 8601. */
  readonly lastOk: ReadonlyMap<string, string>
}

/**
 * All series: of a daemon, or what is known without one. `server`: what `torch web` uses, if that is what
 * Prometheus asks.
 */
export function familiesOf(facts: MetricsReport | OfflineMetrics, server?: ProcessUsage): Family[] {
  const families =
    'series' in facts ? familiesOfDaemon(facts, server) : familiesOffline(facts, server)
  return families.filter(({ values }) => values.length > 0)
}

function familiesOfDaemon(report: MetricsReport, server: ProcessUsage | undefined): Family[] {
  const { series } = report
  return [
    gauge('torch_up', 'Whether the daemon runs and answers.', [{ labels: {}, value: 1 }]),
    gauge('torch_build_info', 'The version of the daemon. Always 1.', [
      { labels: { version: report.version }, value: 1 },
    ]),
    gauge('torch_start_time_seconds', 'When the daemon took its home, in seconds since 1970.', [
      { labels: {}, value: report.startedMs / 1000 },
    ]),
    ...fileFamilies(report.file, report.tasks),
    ...taskGauges(series, report.leaving),
    counter('torch_runs_total', 'Runs that ended, by outcome.', series, 'runs', 'outcome'),
    counter('torch_skipped_total', 'Due starts that did not happen.', series, 'skipped', 'reason'),
    counter(
      'torch_missed_total',
      'Slots that passed while torch was down or the machine slept.',
      series,
      'missed',
      'reason',
    ),
    histogram(
      'torch_run_duration_seconds',
      'How long runs took, whatever their outcome.',
      series.map(({ task, durations }) => [{ task }, durations] as const),
      report.durationBounds,
    ),
    histogram(
      'torch_start_lateness_seconds',
      'How long after its time the schedule started a run.',
      [[{}, report.lateness]],
      report.lateness.bounds,
    ),
    {
      name: 'torch_notifications_total',
      help: 'Messages to a target, by what became of them.',
      type: 'counter',
      values: report.notifications.map(({ target, result, count }) => ({
        labels: { target, result },
        value: count,
      })),
    },
    gauge(
      'torch_notifications_waiting',
      'Messages to a target that are not delivered yet.',
      (report.notificationsWaiting ?? []).map(({ target, count }) => ({
        labels: { target },
        value: count,
      })),
    ),
    gauge(
      'torch_notifications_oldest_timestamp_seconds',
      'When the oldest message to a target that waits was made, in seconds since 1970.',
      (report.notificationsWaiting ?? []).flatMap(({ target, oldestMs }) =>
        oldestMs == null ? [] : [{ labels: { target }, value: oldestMs / 1000 }],
      ),
    ),
    ...(report.fleet === undefined ? [] : fleetFamilies(report.fleet)),
    ...processFamilies([
      ['daemon', report.process],
      ...(server === undefined ? [] : [['web', server] as const]),
    ]),
  ]
}

/**
 * What the files say while no daemon answers. Counts are the daemon's own, and nothing is due without
 * one: these series are missing.
 */
function familiesOffline(
  { status, lastOk }: OfflineMetrics,
  server: ProcessUsage | undefined,
): Family[] {
  const here = status.tasks.filter((task) => task.here && task.definition !== null)
  const gone = status.tasks.filter((task) => task.definition === null)
  const series = here.slice(0, maxCounted).map(({ name, type, running, last, counts, paused }) => {
    const run = last?.run === null ? null : last
    return {
      task: name,
      running: running.length,
      // Whether the row of a daemon task has ended, only the daemon knows.
      failures: type === 'daemon' ? null : (counts?.failures ?? null),
      paused: paused !== undefined,
      lastRunMs: timeOf(run?.endedAt),
      lastSuccessMs: timeOf(lastOk.get(name)),
      lastDurationMs: run?.durationMs ?? null,
      nextRunMs: null,
    }
  })
  const others = here.slice(maxCounted).reduce((sum, { running }) => sum + running.length, 0)
  return [
    gauge('torch_up', 'Whether the daemon runs and answers.', [{ labels: {}, value: 0 }]),
    ...fileFamilies(
      { ok: status.file.ok, revision: status.file.revision },
      { here: here.length, elsewhere: status.tasks.filter((task) => !task.here).length },
    ),
    ...taskGauges(series, [
      ...gone.map(({ name, running }) => ({ task: name, running: running.length })),
      ...(others > 0 ? [{ task: otherTasks, running: others }] : []),
    ]),
    ...processFamilies(server === undefined ? [] : [['web', server]]),
  ]
}

function fileFamilies(file: MetricsReport['file'], tasks: MetricsReport['tasks']): Family[] {
  return [
    gauge('torch_tasks_file_ok', 'Whether the tasks file on disk is valid.', [
      { labels: {}, value: file.ok ? 1 : 0 },
    ]),
    gauge('torch_tasks_file_info', 'The Git revision of the loaded tasks file. Always 1.', [
      { labels: { revision: file.revision ?? '' }, value: 1 },
    ]),
    gauge('torch_tasks', 'Tasks of the file, by whether they run on this host.', [
      { labels: { here: 'true' }, value: tasks.here },
      { labels: { here: 'false' }, value: tasks.elsewhere },
    ]),
  ]
}

type Gauges = Omit<TaskSeries, 'runs' | 'skipped' | 'missed' | 'durations'>

function taskGauges(series: readonly Gauges[], leaving: MetricsReport['leaving']): Family[] {
  const ofEach = (pick: (each: Gauges) => number | null): Value[] =>
    series.flatMap((each) => {
      const value = pick(each)
      return value === null ? [] : [{ labels: { task: each.task }, value }]
    })
  const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000)
  return [
    gauge('torch_runs_running', 'Runs that have not ended.', [
      ...ofEach(({ running }) => running),
      ...leaving.map(({ task, running }) => ({ labels: { task }, value: running })),
    ]),
    gauge(
      'torch_failures_in_a_row',
      'Runs that failed since the last one that was ok. All attempts of a run count as one.',
      ofEach(({ failures }) => failures),
    ),
    gauge(
      'torch_given_up',
      'Instances of a daemon task that are not started again after too many starts.',
      ofEach(({ givenUp = null }) => givenUp),
    ),
    gauge(
      'torch_paused',
      'Whether somebody has paused the task.',
      ofEach(({ paused = null }) => (paused === null ? null : Number(paused))),
    ),
    gauge(
      'torch_last_run_timestamp_seconds',
      'When the last run ended, in seconds since 1970.',
      ofEach(({ lastRunMs }) => seconds(lastRunMs)),
    ),
    gauge(
      'torch_last_success_timestamp_seconds',
      'When the last run that was ok ended, in seconds since 1970.',
      ofEach(({ lastSuccessMs }) => seconds(lastSuccessMs)),
    ),
    gauge(
      'torch_last_duration_seconds',
      'How long the last run took.',
      ofEach(({ lastDurationMs }) => seconds(lastDurationMs)),
    ),
    gauge(
      'torch_next_run_timestamp_seconds',
      'When the schedule starts the next run, in seconds since 1970.',
      ofEach(({ nextRunMs }) => seconds(nextRunMs)),
    ),
  ]
}

/** The names that all clients of Prometheus use, with one more label. */
function processFamilies(processes: readonly (readonly [string, ProcessUsage])[]): Family[] {
  const ofEach = (pick: (usage: ProcessUsage) => number | null): Value[] =>
    processes.flatMap(([process, usage]) => {
      const value = pick(usage)
      return value === null ? [] : [{ labels: { process }, value }]
    })
  return [
    {
      name: 'process_cpu_seconds_total',
      help: 'Processor time of the daemon and of torch web.',
      type: 'counter',
      values: ofEach(({ cpuSeconds }) => cpuSeconds),
    },
    gauge(
      'process_resident_memory_bytes',
      'Resident memory.',
      ofEach(({ residentBytes }) => residentBytes),
    ),
    gauge(
      'process_open_fds',
      'Open descriptors.',
      ofEach(({ openDescriptors }) => openDescriptors),
    ),
    gauge(
      'process_max_fds',
      'The most descriptors that may be open.',
      ofEach(({ maxDescriptors }) => maxDescriptors),
    ),
    gauge(
      'process_start_time_seconds',
      'When the process started, in seconds since 1970.',
      ofEach(({ startedMs }) => startedMs / 1000),
    ),
  ]
}

function counter(
  name: string,
  help: string,
  series: readonly TaskSeries[],
  what: 'runs' | 'skipped' | 'missed',
  label: string,
): Family {
  const values = series.flatMap(({ task, [what]: counts }) =>
    Object.entries(counts).map(([key, value]) => ({ labels: { task, [label]: key }, value })),
  )
  return { name, help, type: 'counter', values }
}

function timeOf(text: string | null | undefined): number | null {
  return text == null ? null : Date.parse(text)
}
