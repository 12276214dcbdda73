import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { familiesOf } from '../../src/metrics/families.ts'
import { newFolder } from '../support/history.ts'
import { fullReport } from '../support/metrics.ts'

const contrib = path.resolve(import.meta.dirname, '../../contrib')
const rules = path.join(contrib, 'prometheus/torch.rules.yml')
const dashboard = path.join(contrib, 'grafana/torch.json')
const hasPromtool = spawnSync('promtool', ['--version']).error === undefined

/** What fires, as `alert` or `alert task`, at a time after the samples began. */
interface Case {
  readonly name: string
  /** Of the samples. */
  readonly step: '1m' | '5m'
  readonly samples: Readonly<Record<string, string>>
  readonly at: string
  readonly fires: readonly string[]
}

/** Samples in steps of five minutes. */
const hour = 12
const steady = (value: number, samples: number): string => `${value}+0x${samples}`
const task = '{instance="a",task="dump"}'
const runs = (outcome: string) => `torch_runs_total{instance="a",task="dump",outcome="${outcome}"}`
const missed = 'torch_missed_total{instance="a",task="dump",reason="down"}'
const skipped = 'torch_skipped_total{instance="a",task="dump",reason="max"}'
/** All that a task has that never ran. */
const fresh = {
  [runs('ok')]: steady(0, 30 * hour),
  [runs('failed')]: steady(0, 30 * hour),
  [skipped]: steady(0, 30 * hour),
  [missed]: steady(0, 30 * hour),
  [`torch_runs_running${task}`]: steady(0, 30 * hour),
  [`torch_failures_in_a_row${task}`]: steady(0, 30 * hour),
}
const buckets = (le: string, perMinute: number) => ({
  [`torch_start_lateness_seconds_bucket{instance="a",le="${le}"}`]: `0+${perMinute}x60`,
})

const cases: readonly Case[] = [
  {
    name: 'a daemon that is down fires after two minutes',
    step: '1m',
    samples: { 'torch_up{instance="a"}': '1 1 0x10', 'torch_up{instance="b"}': steady(1, 20) },
    at: '10m',
    fires: ['TorchDown'],
  },
  {
    name: 'a restart of a minute does not fire',
    step: '1m',
    samples: { 'torch_up{instance="a"}': '1 1 0 1x20' },
    at: '10m',
    fires: [],
  },
  {
    name: 'a host that is no longer heard of fires',
    step: '1m',
    samples: { 'torch_up{instance="a"}': '1x10 stale', 'torch_up{instance="b"}': steady(1, 60) },
    at: '30m',
    fires: ['TorchUnknown'],
  },
  {
    name: 'an old file of the textfile collector fires, and other files do not',
    step: '1m',
    samples: {
      'node_textfile_mtime_seconds{file="/x/torch.prom"}': steady(0, 60),
      'node_textfile_mtime_seconds{file="/x/other.prom"}': steady(0, 60),
    },
    at: '20m',
    fires: ['TorchMetricsOld'],
  },
  {
    name: 'a daemon that starts four times in an hour fires',
    step: '1m',
    samples: { 'torch_start_time_seconds{instance="a"}': '1 1 2 2 3 3 4 4 5 5x20' },
    at: '20m',
    fires: ['TorchRestarting'],
  },
  {
    name: 'a refused file fires',
    step: '1m',
    samples: { 'torch_tasks_file_ok{instance="a"}': '1 0x20' },
    at: '10m',
    fires: ['TorchFileRefused'],
  },
  {
    name: 'a task that fails fires until it is ok',
    step: '1m',
    samples: { [`torch_failures_in_a_row${task}`]: '0 1 1 1 2 2 2 2 2 2 2 2' },
    at: '10m',
    fires: ['TorchTaskFailing dump'],
  },
  {
    name: 'a retry that succeeds does not fire',
    step: '1m',
    samples: { [`torch_failures_in_a_row${task}`]: '0 1 1 1 0x20' },
    at: '10m',
    fires: [],
  },
  {
    name: 'a task that failed and is paused does not fire',
    step: '1m',
    samples: { [`torch_failures_in_a_row${task}`]: '0 1x20', [`torch_paused${task}`]: '0 0 1x20' },
    at: '10m',
    fires: [],
  },
  {
    name: 'a task that has been paused for a day fires once, and not for what it did not start',
    step: '5m',
    samples: {
      ...fresh,
      [skipped.replace('max', 'paused')]: `0+1x${30 * hour}`,
      [`torch_paused${task}`]: steady(1, 30 * hour),
    },
    at: '29h',
    fires: ['TorchTaskPaused dump'],
  },
  {
    name: 'a task that never ran and was not due does not fire',
    step: '5m',
    samples: fresh,
    at: '29h',
    fires: [],
  },
  {
    name: 'a task that is due once a week and did well does not fire',
    step: '5m',
    samples: { ...fresh, [`torch_last_success_timestamp_seconds${task}`]: '-300000x360' },
    at: '29h',
    fires: [],
  },
  {
    name: 'a task that was skipped and has not succeeded for 26 hours fires',
    step: '5m',
    samples: {
      ...fresh,
      [skipped]: `0x${5 * hour} 1x${25 * hour}`,
      [`torch_last_success_timestamp_seconds${task}`]: '-300000x360',
    },
    at: '29h',
    fires: ['TorchTaskWithoutSuccess dump'],
  },
  {
    name: 'a task that failed for the first time and never was ok fires twice',
    step: '5m',
    samples: {
      ...fresh,
      [runs('failed')]: `0x${20 * hour} 1x${10 * hour}`,
      [`torch_failures_in_a_row${task}`]: `0x${20 * hour} 1x${10 * hour}`,
    },
    at: '29h',
    fires: ['TorchTaskFailing dump', 'TorchTaskWithoutSuccess dump'],
  },
  {
    name: 'a new task that fails is not one that has not succeeded for 26 hours',
    step: '5m',
    samples: {
      ...fresh,
      [runs('failed')]: `0x${2 * hour} 1x${28 * hour}`,
      [`torch_failures_in_a_row${task}`]: `0x${2 * hour} 1x${28 * hour}`,
    },
    at: '3h',
    fires: ['TorchTaskFailing dump'],
  },
  {
    name: 'a task that failed and then succeeded does not fire',
    step: '5m',
    samples: {
      ...fresh,
      [runs('failed')]: `0x${20 * hour} 1x${10 * hour}`,
      [`torch_last_success_timestamp_seconds${task}`]: `${21 * 3600}x360`,
    },
    at: '29h',
    fires: [],
  },
  {
    name: 'a daemon task that crashed once and runs again does not fire',
    step: '5m',
    samples: {
      ...fresh,
      [runs('failed')]: `0x${20 * hour} 1x${10 * hour}`,
      [`torch_runs_running${task}`]: steady(1, 30 * hour),
    },
    at: '29h',
    fires: [],
  },
  {
    name: 'missed slots fire, also if the daemon was down for more than an hour',
    step: '5m',
    samples: { ...fresh, [missed]: '0x120 stale _x12 3x240' },
    at: '11h30m',
    fires: ['TorchMissed dump'],
  },
  {
    name: 'an old count that is continued after a day does not fire',
    step: '5m',
    samples: { [missed]: '3x12 stale _x240 3x60' },
    at: '21h30m',
    fires: [],
  },
  {
    name: 'a count that begins again at 0 has not increased',
    step: '5m',
    samples: {
      ...fresh,
      [missed]: '3x120 0x240',
      [`torch_last_success_timestamp_seconds${task}`]: '36000x360',
    },
    at: '10h30m',
    fires: [],
  },
  {
    name: 'one start in 50 that is more than a second late fires',
    step: '1m',
    samples: {
      ...buckets('0.1', 98),
      ...buckets('1', 98),
      ...buckets('2.5', 100),
      ...buckets('+Inf', 100),
    },
    at: '30m',
    fires: ['TorchLateStarts'],
  },
  {
    name: 'one start in 200 that is late does not fire',
    step: '1m',
    samples: {
      ...buckets('0.1', 199),
      ...buckets('1', 199),
      ...buckets('2.5', 200),
      ...buckets('+Inf', 200),
    },
    at: '30m',
    fires: [],
  },
  {
    name: 'messages that fail fire, and delivered ones do not',
    step: '1m',
    samples: {
      'torch_notifications_total{instance="a",target="ops",result="failed"}': '0x10 1x50',
      'torch_notifications_total{instance="a",target="ops",result="delivered"}': '0+1x60',
      'torch_notifications_total{instance="a",target="chat",result="delivered"}': '0+1x60',
    },
    at: '30m',
    fires: ['TorchNotificationsFailing'],
  },
  {
    name: 'messages that wait for ten minutes fire, and those that leave before do not',
    step: '1m',
    samples: {
      // The time of these tests begins at 0.
      'torch_notifications_oldest_timestamp_seconds{instance="a",target="ops"}': '_x10 600x20',
      'torch_notifications_oldest_timestamp_seconds{instance="a",target="chat"}':
        '_x10 600x5 960x20',
    },
    at: '25m',
    fires: ['TorchNotificationsWaiting'],
  },
  {
    name: 'a fleet that cannot be reached, or has no leader, fires after two minutes',
    step: '1m',
    samples: {
      'torch_fleet_up{instance="a"}': '1 0x20',
      'torch_fleet_leader{instance="a"}': '1 0x20',
      'torch_fleet_up{instance="b"}': '1x9 0 1x20',
      'torch_fleet_leader{instance="b"}': steady(1, 20),
    },
    at: '10m',
    fires: ['TorchFleetUnreachable'],
  },
  {
    name: 'machines that are silent or differ fire once, whoever says it, and few minutes of it do not',
    step: '1m',
    samples: {
      'torch_fleet_hosts{instance="a",state="silent"}': '0x5 2x30',
      'torch_fleet_hosts{instance="b",state="silent"}': '0x5 2x30',
      'torch_fleet_hosts{instance="a",state="stopped"}': steady(1, 40),
      'torch_fleet_drift_hosts{instance="a"}': '0x10 1x30',
      'torch_fleet_drift_hosts{instance="b"}': '0x10 1x30',
    },
    at: '20m',
    fires: ['TorchFleetMachineSilent'],
  },
  {
    name: 'a machine that differs for a quarter of an hour fires, and so does a clock that is wrong',
    step: '1m',
    samples: {
      'torch_fleet_drift_hosts{instance="a"}': '1x40',
      'torch_fleet_clock_offset_seconds{instance="a"}': '-1.5x40',
      'torch_fleet_clock_offset_seconds{instance="b"}': '0.5x40',
    },
    at: '20m',
    fires: ['TorchFleetClock', 'TorchFleetDrift'],
  },
  {
    name: 'a run that was ended by its fence fires for an hour',
    step: '1m',
    samples: { 'torch_fleet_fenced_total{instance="a"}': '0x10 1x40' },
    at: '30m',
    fires: ['TorchFleetFenced'],
  },
]

test('the alerts and the dashboard ask only for metrics that torch has', () => {
  const known = familiesOf(fullReport()).map(({ name }) => name)
  for (const file of [rules, dashboard]) {
    const text = fs.readFileSync(file, 'utf8')
    const named = new Set(text.match(/\b(?:torch|process)_[a-z_]+\b/g))
    const missing = [...named].filter(
      (name) =>
        !known.includes(name) && !known.includes(name.replace(/_(?:bucket|sum|count)$/, '')),
    )
    expect([path.basename(file), missing]).toEqual([path.basename(file), []])
  }
})

test('the dashboard is what Grafana imports, and each of its panels asks something', () => {
  const { panels, templating, uid } = JSON.parse(fs.readFileSync(dashboard, 'utf8'))
  expect(uid).toBe('torch')
  expect(templating.list.map(({ name }: { name: string }) => name)).toEqual([
    'datasource',
    'instance',
    'task',
  ])
  const asking = panels.filter(({ type }: { type: string }) => type !== 'row')
  expect(asking.length).toBeGreaterThan(10)
  for (const { title, targets, gridPos } of asking) {
    expect([title, targets.every(({ expr }: { expr: string }) => expr !== '')]).toEqual([
      title,
      true,
    ])
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
  }
  expect(new Set(panels.map(({ id }: { id: number }) => id)).size).toBe(panels.length)
})

test.skipIf(!hasPromtool)('promtool finds nothing wrong with the alerts', () => {
  expect(promtool('check', 'rules', rules)).toMatchObject({ status: 0, stderr: '' })
})

test.skipIf(!hasPromtool).each(['1m', '5m'] as const)(
  'the alerts fire when they should, and not otherwise (samples each %s)',
  (step) => {
    const folder = newFolder()
    const tests = cases
      .filter((each) => each.step === step)
      .map(({ name, samples, at, fires }) => ({
        name,
        interval: step,
        input_series: Object.entries(samples).map(([series, values]) => ({ series, values })),
        promql_expr_test: [
          {
            expr: 'count by (alertname, task) (ALERTS{alertstate="firing"})',
            eval_time: at,
            exp_samples: fires.map((words) => {
              const [alertname, of] = words.split(' ')
              const labels = `alertname="${alertname}"${of === undefined ? '' : `, task="${of}"`}`
              return { labels: `{${labels}}`, value: 1 }
            }),
          },
        ],
      }))
    const file = path.join(folder, 'test.yml')
    fs.writeFileSync(
      file,
      JSON.stringify({ rule_files: [rules], evaluation_interval: step, tests }),
    )
    expect(promtool('test', 'rules', file)).toMatchObject({ status: 0, stderr: '' })
  },
)

function promtool(...words: string[]) {
  const { status, stdout, stderr } = spawnSync('promtool', words, { encoding: 'utf8' })
  return { status, stdout, stderr }
}
