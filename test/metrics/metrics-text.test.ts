import { expect, test } from 'vitest'
import { metricsText } from '../../src/metrics/metrics-text.ts'
import { taskStatus } from '../support/control.ts'
import { runRow } from '../support/history.ts'
import { fleetMetrics, metricsReport as report, neverRan as never } from '../support/metrics.ts'

/** The lines that are no comments. */
async function lines(...facts: Parameters<typeof metricsText>): Promise<string[]> {
  const text = await metricsText(...facts)
  expect(text).toMatch(/\n$/)
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

test('a daemon with a task that never ran has counts of 0 and no times', async () => {
  expect(await lines(report())).toEqual([
    'torch_up 1',
    'torch_build_info{version="1.2.3"} 1',
    'torch_start_time_seconds 1795000000.5',
    'torch_tasks_file_ok 1',
    'torch_tasks_file_info{revision="3f2a91c"} 1',
    'torch_tasks{here="true"} 1',
    'torch_tasks{here="false"} 2',
    'torch_runs_running{task="backup"} 0',
    'torch_failures_in_a_row{task="backup"} 0',
    'torch_runs_total{task="backup",outcome="ok"} 0',
    'torch_runs_total{task="backup",outcome="failed"} 0',
    'torch_skipped_total{task="backup",reason="max"} 0',
    'torch_missed_total{task="backup",reason="down"} 0',
    'torch_run_duration_seconds_bucket{task="backup",le="1"} 0',
    'torch_run_duration_seconds_bucket{task="backup",le="60"} 0',
    'torch_run_duration_seconds_bucket{task="backup",le="+Inf"} 0',
    'torch_run_duration_seconds_sum{task="backup"} 0',
    'torch_run_duration_seconds_count{task="backup"} 0',
    'torch_start_lateness_seconds_bucket{le="0.01"} 3',
    'torch_start_lateness_seconds_bucket{le="+Inf"} 4',
    'torch_start_lateness_seconds_sum 0.5',
    'torch_start_lateness_seconds_count 4',
    'process_cpu_seconds_total{process="daemon"} 1.5',
    'process_resident_memory_bytes{process="daemon"} 1000',
    'process_open_fds{process="daemon"} 20',
    'process_start_time_seconds{process="daemon"} 1795000000',
  ])
})

test.each([
  [true, 'torch_paused{task="backup"} 1'],
  [false, 'torch_paused{task="backup"} 0'],
])('whether a task is paused is a gauge: %s', async (paused, line) => {
  expect(await lines(report({ series: [{ ...never, paused }] }))).toContain(line)
})

test('the times of a task are seconds, and the buckets of a histogram add up', async () => {
  const series = {
    ...never,
    running: 2,
    durations: { counts: [4, 0, 1], sum: 90.5 },
    failures: 3,
    lastRunMs: 1_795_000_002_250,
    lastSuccessMs: 1_795_000_001_000,
    lastDurationMs: 250,
    nextRunMs: 1_795_000_003_000,
  }
  const found = await lines(report({ series: [series] }))
  for (const line of [
    'torch_runs_running{task="backup"} 2',
    'torch_failures_in_a_row{task="backup"} 3',
    'torch_last_run_timestamp_seconds{task="backup"} 1795000002.25',
    'torch_last_success_timestamp_seconds{task="backup"} 1795000001',
    'torch_last_duration_seconds{task="backup"} 0.25',
    'torch_next_run_timestamp_seconds{task="backup"} 1795000003',
    'torch_run_duration_seconds_bucket{task="backup",le="1"} 4',
    'torch_run_duration_seconds_bucket{task="backup",le="60"} 4',
    'torch_run_duration_seconds_bucket{task="backup",le="+Inf"} 5',
    'torch_run_duration_seconds_sum{task="backup"} 90.5',
  ])
    expect(found).toContain(line)
})

test('quotes, backslashes and line breaks in labels are escaped', async () => {
  const notifications = [{ target: 'a"b\\c\nd', result: 'ok', count: 7 }]
  const file = { ok: false, revision: 'x"\n# y' }
  const notificationsWaiting = [
    { target: 'ops', count: 3, oldestMs: 1_700_000_000_000 },
    { target: 'chat', count: 0, oldestMs: null },
  ]
  const found = await lines(report({ notifications, notificationsWaiting, file }))
  expect(found).toContain('torch_notifications_waiting{target="ops"} 3')
  const oldest = found.filter((line) => line.startsWith('torch_notifications_oldest'))
  expect(oldest).toEqual(['torch_notifications_oldest_timestamp_seconds{target="ops"} 1700000000'])
  expect(found).toContain('torch_notifications_total{target="a\\"b\\\\c\\nd",result="ok"} 7')
  expect(found).toContain('torch_tasks_file_info{revision="x\\"\\n# y"} 1')
  expect(found).toContain('torch_tasks_file_ok 0')
})

test('a run of a task that has left this host shows until it ends, and nothing else of the task', async () => {
  const found = await lines(report({ series: [], leaving: [{ task: 'old', running: 1 }] }))
  expect(found.filter((line) => line.includes('old'))).toEqual(['torch_runs_running{task="old"} 1'])
})

test('a machine of a fleet has the numbers of the fleet, and others have none', async () => {
  const ofFleet = (found: readonly string[]) => found.filter((line) => line.includes('_fleet_'))
  expect(ofFleet(await lines(report()))).toEqual([])
  expect(ofFleet(await lines(report({ fleet: fleetMetrics })))).toEqual([
    'torch_fleet_up 1',
    'torch_fleet_leader 0',
    'torch_fleet_hosts{state="up"} 3',
    'torch_fleet_hosts{state="silent"} 1',
    'torch_fleet_claims_total{outcome="won"} 7',
    'torch_fleet_claims_total{outcome="elsewhere"} 2',
    'torch_fleet_claim_seconds_bucket{le="0.01"} 6',
    'torch_fleet_claim_seconds_bucket{le="1"} 7',
    'torch_fleet_claim_seconds_bucket{le="+Inf"} 8',
    'torch_fleet_claim_seconds_sum 2.5',
    'torch_fleet_claim_seconds_count 8',
    'torch_fleet_places_held 2',
    'torch_fleet_renewal_age_seconds 4.5',
    'torch_fleet_fenced_total 1',
    'torch_fleet_takeovers_total 3',
    'torch_fleet_drift_hosts 1',
    'torch_fleet_clock_offset_seconds -1.25',
    'torch_fleet_unreachable_seconds_total 90.5',
    'torch_fleet_rows_waiting 12',
  ])
  const unknown = { ...fleetMetrics, offsetMs: null, renewalAgeMs: null }
  const found = ofFleet(await lines(report({ fleet: unknown })))
  expect(found.filter((line) => /offset|age/.test(line))).toEqual([])
})

test('a server shows what it uses beside the daemon', async () => {
  const server = { ...report().process, cpuSeconds: 9 }
  const found = await lines(report(), server)
  expect(found.filter((line) => line.startsWith('process_cpu'))).toEqual([
    'process_cpu_seconds_total{process="daemon"} 1.5',
    'process_cpu_seconds_total{process="web"} 9',
  ])
})

test('without a daemon torch_up is 0, what the files say is there, and no counts are', async () => {
  const end = { outcome: 'failed', durationMs: 1500, endedAt: '2026-11-18T11:06:40Z' } as const
  const last = runRow(1, end)
  const definition = {
    ...{ schedule: ['@daily'], timezone: 'UTC', command: 'true', script: null },
    ...{ hosts: null, max: 1, timeoutMs: null },
  }
  const counts = { failures: 2, skips: 0, restarts: 0 }
  const status = {
    file: { path: '/t.yaml', revision: null, loadedAt: null, ok: true, problems: [] },
    tasks: [
      taskStatus({ name: 'backup', last, counts, definition, running: ['r2'] }),
      taskStatus({ name: 'fresh', definition }),
      taskStatus({ name: 'away', here: false, reason: 'hosts', definition, last }),
      taskStatus({ name: 'removed', definition: null, last, running: ['r3'] }),
    ],
  }
  const lastOk = new Map([['backup', '2026-11-18T11:06:39Z']])
  expect(await lines({ status, lastOk })).toEqual([
    'torch_up 0',
    'torch_tasks_file_ok 1',
    'torch_tasks_file_info{revision=""} 1',
    'torch_tasks{here="true"} 2',
    'torch_tasks{here="false"} 1',
    'torch_runs_running{task="backup"} 1',
    'torch_runs_running{task="fresh"} 0',
    'torch_runs_running{task="removed"} 1',
    'torch_failures_in_a_row{task="backup"} 2',
    'torch_paused{task="backup"} 0',
    'torch_paused{task="fresh"} 0',
    'torch_last_run_timestamp_seconds{task="backup"} 1795000000',
    'torch_last_success_timestamp_seconds{task="backup"} 1794999999',
    'torch_last_duration_seconds{task="backup"} 1.5',
  ])
})
