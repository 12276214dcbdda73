import type { FleetMetrics, MetricsReport, TaskSeries } from '../../src/control/metrics-report.ts'

/** A task that never ran. */
export const neverRan: TaskSeries = {
  task: 'backup',
  running: 0,
  runs: { ok: 0, failed: 0 },
  skipped: { max: 0 },
  missed: { down: 0 },
  durations: { counts: [0, 0, 0], sum: 0 },
  failures: 0,
  lastRunMs: null,
  lastSuccessMs: null,
  lastDurationMs: null,
  nextRunMs: null,
}

/** What a daemon with that task reports. */
export function metricsReport(changes: Partial<MetricsReport> = {}): MetricsReport {
  return {
    version: '1.2.3',
    startedMs: 1_795_000_000_500,
    file: { ok: true, revision: '3f2a91c' },
    tasks: { here: 1, elsewhere: 2 },
    series: [neverRan],
    leaving: [],
    others: 0,
    durationBounds: [1, 60],
    lateness: { bounds: [0.01], counts: [3, 1], sum: 0.5 },
    notifications: [],
    process: {
      startedMs: 1_795_000_000_000,
      cpuSeconds: 1.5,
      residentBytes: 1000,
      openDescriptors: 20,
      maxDescriptors: null,
    },
    ...changes,
  }
}

/** A report in which every metric has a value. */
export function fullReport(): MetricsReport {
  const times = { lastRunMs: 2, lastSuccessMs: 1, lastDurationMs: 1, nextRunMs: 3 }
  const notifications = [{ target: 'ops', result: 'delivered', count: 1 }]
  const { process } = metricsReport()
  return metricsReport({
    series: [{ ...neverRan, ...times, paused: false }],
    notifications,
    notificationsWaiting: [{ target: 'ops', count: 2, oldestMs: 1_700_000_000_000 }],
    process: { ...process, maxDescriptors: 1024 },
    fleet: fleetMetrics,
  })
}

/** What a machine of a fleet reports. */
export const fleetMetrics: FleetMetrics = {
  ...{
    isUp: true,
    hasLeader: false,
    hosts: { up: 3, silent: 1 },
    claims: { won: 7, elsewhere: 2 },
  },
  claimSeconds: { bounds: [0.01, 1], counts: [6, 1, 1], sum: 2.5 },
  ...{
    placesHeld: 2,
    renewalAgeMs: 4_500,
    fenced: 1,
    takeovers: 3,
    driftHosts: 1,
    offsetMs: -1_250,
  },
  ...{ awayMs: 90_500, rowsWaiting: 12 },
}
