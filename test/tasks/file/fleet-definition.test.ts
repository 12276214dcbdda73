import { describe, expect, test } from 'vitest'
import { parseJob } from '../../../src/daemon/tasks-file/parse-job.ts'
import { facts, good } from '../../support/tasks.ts'
import type { TasksFacts } from '../../../src/tasks/file/settings.ts'

const file = `
timezone: Europe/Berlin
hosts: { db: [DB1, 10.0.1.0/24], web: [web1] }
sources: { ops: "https://git.example.com/ops/%s" }
defaults: { kill_after: 20s, env: { B: b }, retry: { attempts: 2 } }
tasks:
  nightly:
    scope: fleet
    schedule: " 30  2 * * MON"
    script: ops:dump
    command: [sh, $TORCH_SCRIPT]
    hosts: [web, db, "!db1"]
    prefer: [db, web1]
    max: unlimited
    max_per_host: 2
    fence: off
    cwd: app/./x
    env_file: good.env
    env: { A: 1 }
    retry: { delay: 1m }
    labels: { team: data }
    description: The dump
    output: { keep_runs: 5 }
`
/** All that the machines compare of this task. The list of keys never changes: see fleetDefinition(). */
const written = [
  ['schedule', ['30 2 * * mon']],
  ['command', ['sh', '$TORCH_SCRIPT']],
  ['script', ['https://git.example.com/ops/dump', null]],
  ['hosts', ['!db1', '10.0.1.0/24', 'db1', 'web1']],
  ['prefer', [['10.0.1.0/24', 'db1'], ['web1']]],
  ['max', 'unlimited'],
  ['max_per_host', 2],
  ['fence', 'off'],
  ['timezone', 'Europe/Berlin'],
  ['kill_after', 20_000],
  [
    'retry',
    [
      ['attempts', 2],
      ['delay', 60_000],
    ],
  ],
  ['cwd', 'app/./x'],
  [
    'env',
    [
      ['A', '1'],
      ['B', 'b'],
    ],
  ],
  ['env_file', 'good.env'],
]

function definitionOf(text: string, more: Partial<TasksFacts> = {}): string {
  return good(text, more).tasks[0]?.fleet?.definition ?? ''
}

test('the definition for the fleet is what the file says, without paths and defaults of the machine', () => {
  const definition = definitionOf(file)
  expect(definition.slice(0, 3)).toBe('d1:')
  expect(JSON.parse(definition.slice(3))).toEqual(written)
})

test('all keys of the first list keep their names, their order and their form', () => {
  const text = `tasks:
  a:
    scope: fleet
    type: daemon
    command: run it
    script: { url: "https://x.example/a", sha256: ${'ab'.repeat(32)} }
    hosts: [a.example]
    prefer: ["!b.example"]
    max: 4
    max_per_host: 2
    fence: 1m
    timezone: UTC
    jitter: 1s
    input: live
    ready: { line: up, timeout: 5s }
    timeout: 1h
    restart: { delay: 2s }
    success_codes: [0, 3]
    shell: /bin/bash
    umask: 077
    nice: 5
    limits: { nofile: 10, cpu: 60 }
    user: 33
    group: adm
    enabled: false
`
  expect(JSON.parse(definitionOf(text, { mayChangeUser: true }).slice(3))).toEqual([
    ['type', 'daemon'],
    ['command', 'run it'],
    ['script', ['https://x.example/a', 'ab'.repeat(32)]],
    ['hosts', ['a.example']],
    ['prefer', [['!b.example']]],
    ['max', 4],
    ['max_per_host', 2],
    ['fence', 60_000],
    ['timezone', 'UTC'],
    ['jitter', 1000],
    ['input', [['mode', 'live']]],
    [
      'ready',
      [
        ['line', 'up'],
        ['timeout', 5000],
      ],
    ],
    ['timeout', 3_600_000],
    ['restart', [['delay', 2000]]],
    ['success_codes', [0, 3]],
    ['shell', '/bin/bash'],
    ['umask', 0o77],
    ['nice', 5],
    [
      'limits',
      [
        ['cpu', 60],
        ['nofile', 10],
      ],
    ],
    ['user', '33'],
    ['group', 'adm'],
    ['enabled', false],
  ])
  const slots =
    'tasks: { a: { scope: fleet, schedule: "@every 5m", command: x, overlap: queue, catchup: latest, catchup_window: 2h, start_within: 30s, on_lost: rerun } }'
  expect(JSON.parse(definitionOf(slots).slice(3))).toEqual([
    ['schedule', ['@every 5m']],
    ['command', 'x'],
    ['start_within', 30_000],
    ['on_lost', 'rerun'],
    ['overlap', 'queue'],
    ['catchup', 'latest'],
    ['catchup_window', 7_200_000],
  ])
})

describe('two machines with the same file', () => {
  test.each<[string, Partial<TasksFacts>]>([
    [
      'in another folder',
      { folder: '/home/ops/checkout', readEnvFile: () => ({ ok: true, text: '' }) },
    ],
    ['with another name', { host: 'db2', machine: { names: ['db2'], addresses: [] } }],
    ['in another zone', { zone: 'Asia/Tokyo' }],
    ['of root', { mayChangeUser: true }],
  ])('have the same definition if one is %s', (_what, more) => {
    expect(definitionOf(file, more)).toBe(definitionOf(file))
    const every = 'tasks: { a: { scope: fleet, schedule: "@every 5m", command: x } }'
    expect(definitionOf(every, more)).toBe(definitionOf(every))
  })

  test.each([
    ['a label', 'team: data', 'team: web'],
    ['the description', 'The dump', 'The backup'],
    ['what is kept', 'keep_runs: 5', 'keep_runs: 9'],
    ['the order of hosts', '[web, db, "!db1"]', '["!db1", db, web]'],
    ['the name of a group', /\bdb\b/g, 'pg'],
    ['blanks and upper case in the schedule', ' 30  2 * * MON', '30 2 * * Mon'],
    ['a duration in another form', 'kill_after: 20s', 'kill_after: 0m20s'],
  ])('have the same definition if %s differs', (_what, from, to) => {
    expect(definitionOf(file.replaceAll(from, to))).toBe(definitionOf(file))
  })

  test.each([
    ['the schedule', '30  2', '31  2'],
    ['a machine of a group', '10.0.1.0/24', '10.0.2.0/24'],
    ['the order of prefer', '[db, web1]', '[web1, db]'],
    ['the zone of the file', 'Europe/Berlin', 'UTC'],
    ['a default', 'kill_after: 20s', 'kill_after: 21s'],
    ['the folder of a path', 'app/./x', 'app/y'],
    ['a source', 'ops/%s', 'ops/v2/%s'],
    ['a variable', 'A: 1', 'A: 2'],
  ])('have other definitions if %s differs', (_what, from, to) => {
    expect(file).toContain(from)
    expect(definitionOf(file.replaceAll(from, to))).not.toBe(definitionOf(file))
  })
})

test('the sum of a definition is the one that other versions of torch compute', () => {
  const text =
    'timezone: UTC\ntasks: { a: { scope: fleet, schedule: "30 2 * * *", command: run } }\n'
  const read = parseJob({ texts: [{ path: 'tasks.yaml', text }], facts, fileOnly: true })
  if (!read.ok) throw new Error('not read')
  expect(read.file.tasks[0]?.fleet?.definition).toBe(
    'd1:56a0e402444a4de5fa348b1b204de71b991b008aeb4c9b6163dc3fbd634468bf',
  )
})

test('a task in a pool has another list, with the sizes, in any order', () => {
  const text = (pools: string, pool: string): string =>
    `pools: ${pools}\ntasks: { a: { scope: fleet, schedule: "@every 5m", command: x, pool: ${pool} } }`
  const definition = definitionOf(text('{ io: 2, db: 1 }', '[io, db]'))
  expect(definition.slice(0, 3)).toBe('d3:')
  expect(JSON.parse(definition.slice(3))).toEqual([
    ['schedule', ['@every 5m']],
    ['command', 'x'],
    [
      'pools',
      [
        ['db', 1],
        ['io', 2],
      ],
    ],
  ])
  expect(definitionOf(text('{ db: 1, io: 2 }', '[db, io]'))).toBe(definition)
})
