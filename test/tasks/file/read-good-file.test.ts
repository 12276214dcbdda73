import { describe, expect, test } from 'vitest'
import { parseSchedule } from '../../../src/schedule/parse.ts'
import type { Schedule } from '../../../src/schedule/schedule.ts'
import { noFileNotify, noNotify } from '../../../src/tasks/notify.ts'
import { good, oneTask, parse, task } from '../../support/tasks.ts'

const example = `
timezone: Asia/Shanghai        # default of every schedule; without it the machine's own zone
hosts:                         # names for machines, usable in \`hosts:\` of a task
  web: [10.0.1.0/24, "2001:db8:1::/64"]
  db: [10.0.2.11]
defaults:                      # any key of a task but name, schedule, command
  timeout: 1h
tasks:
  rotate-tokens:
    schedule: "*/10 * * * * *" # every 10 seconds
    command: php /srv/app/rotate.php
    hosts: [web, "!10.0.1.9"]
  nightly-dump:
    schedule: "30 2 * * *"     # 5 fields: second 0
    command: pg_dump app > "/backup/$(date +%F).sql"
    hosts: [db]
    retry: { attempts: 3, delay: 1m }
  consumer:
    type: daemon
    command: [node, consumer.js]   # a list is run as it is, a string by the shell
    cwd: /srv/app
    max: 4                         # four of them, always
    hosts: [web]
`

function schedule(text: string, zone: string, name: string): Schedule {
  const parsed = parseSchedule(text, { zone, seed: `${name}@web1` })
  if (!parsed.ok) throw new Error(parsed.message)
  return parsed.schedule
}

const ofAll = {
  type: 'common',
  schedules: [],
  script: undefined,
  input: { mode: 'none', format: 'text' },
  listen: [],
  pools: [],
  after: undefined,
  ready: undefined,
  hosts: undefined,
  hostEntries: undefined,
  max: 1,
  overlap: 'skip',
  timezone: 'UTC',
  jitterMs: 0,
  catchup: 'off',
  catchupWindowMs: 3_600_000,
  timeoutMs: undefined,
  killAfterMs: 10_000,
  retry: { attempts: 0, delayMs: 1000, backoff: 2, maxDelayMs: 300_000 },
  restart: { delayMs: 1000, maxDelayMs: 60_000, resetAfterMs: 60_000 },
  successCodes: [0],
  shell: '/bin/sh',
  cwd: undefined,
  umask: 0o022,
  nice: 0,
  limits: {},
  user: undefined,
  group: undefined,
  env: {},
  envFile: undefined,
  output: { keepRuns: 20, keepForMs: 604_800_000, maxSizeBytes: 10_000_000 },
  notify: noNotify,
  ping: undefined,
  description: undefined,
  labels: {},
  enabled: true,
  definition: expect.any(String),
  file: 'tasks.yaml',
}

const web = [
  { kind: 'network', family: 4, first: '0a000100', last: '0a0001ff' },
  {
    kind: 'network',
    family: 6,
    first: '20010db8000100000000000000000000',
    last: '20010db800010000ffffffffffffffff',
  },
]

describe('the example', () => {
  const shanghai = { ...ofAll, timezone: 'Asia/Shanghai', timeoutMs: 3_600_000 }
  test('the example gives exactly these tasks', () => {
    const nine = { kind: 'network', family: 4, first: '0a000109', last: '0a000109' }
    const db = { kind: 'network', family: 4, first: '0a00020b', last: '0a00020b' }
    expect(good(example)).toEqual({
      notify: noFileNotify,
      groups: { web: ['10.0.1.0/24', '2001:db8:1::/64'], db: ['10.0.2.11'] },
      tasks: [
        {
          ...shanghai,
          name: 'rotate-tokens',
          schedules: [schedule('*/10 * * * * *', 'Asia/Shanghai', 'rotate-tokens')],
          command: 'php /srv/app/rotate.php',
          hosts: { some: web, none: [nine] },
          hostEntries: ['web', '!10.0.1.9'],
          line: 9,
        },
        {
          ...shanghai,
          name: 'nightly-dump',
          schedules: [schedule('30 2 * * *', 'Asia/Shanghai', 'nightly-dump')],
          command: 'pg_dump app > "/backup/$(date +%F).sql"',
          hosts: { some: [db], none: [] },
          hostEntries: ['db'],
          retry: { ...ofAll.retry, attempts: 3, delayMs: 60_000 },
          line: 13,
        },
        {
          ...shanghai,
          name: 'consumer',
          type: 'daemon',
          command: ['node', 'consumer.js'],
          cwd: '/srv/app',
          max: 4,
          hosts: { some: web, none: [] },
          hostEntries: ['web'],
          line: 18,
        },
      ],
    })
  })

  test('the example gives no warning', () => {
    expect(parse(example)).toMatchObject({ ok: true, warnings: [] })
  })
})

test('a task without settings has the defaults', () => {
  expect(task()).toEqual({
    ...ofAll,
    name: 'backup',
    command: 'run',
    schedules: [schedule('@daily', 'UTC', 'backup')],
    line: 2,
  })
})

test('a tasks file may be JSON', () => {
  const text =
    '{\n\t"tasks": {\n\t\t"a": {"schedule": ["@daily", "@reboot"], "command": ["ls"]}\n\t}\n}'
  const [only] = good(text).tasks
  expect(only).toMatchObject({ name: 'a', command: ['ls'], line: 3 })
  expect(only?.schedules.map(({ kind }) => kind)).toEqual(['cron', 'reboot'])
})

test('a tasks file may have a byte order mark and CRLF line ends', () => {
  expect(good(`\ufeff${oneTask('max: 2').replaceAll('\n', '\r\n')}`).tasks[0]?.max).toBe(2)
})

test('a file with an empty map of tasks is valid', () => {
  expect(good('tasks: {}')).toEqual({ tasks: [], groups: {}, notify: noFileNotify })
})

test('the value of H depends on the task and the host only', () => {
  const text =
    'tasks:\n  a: {schedule: "H * * * *", command: x}\n  b: {schedule: "H * * * *", command: x}\n'
  const [a, b] = good(text).tasks
  expect(a?.schedules).toEqual([schedule('H * * * *', 'UTC', 'a')])
  expect(b?.schedules).toEqual([schedule('H * * * *', 'UTC', 'b')])
  expect(good(text, { host: 'web2' }).tasks[0]?.schedules).not.toEqual(a?.schedules)
})

test("a task's time zone applies to its schedules", () => {
  const own = task('timezone: Europe/Berlin')
  expect(own.timezone).toBe('Europe/Berlin')
  expect(own.schedules).toMatchObject([{ zone: 'Europe/Berlin' }])
})

test('a file without a time zone uses the time zone of the machine', () => {
  const [only] = good(oneTask(), { zone: 'Asia/Tokyo' }).tasks
  expect(only).toMatchObject({ timezone: 'Asia/Tokyo', schedules: [{ zone: 'Asia/Tokyo' }] })
})

describe('anchors', () => {
  test('anchors may be defined under keys that begin with x-, and merged', () => {
    const text = `
x-base: &base
  command: run
  env: { A: 1.10, B: two }
x-other: &other { nice: 5, max: 7 }
tasks:
  a: { <<: *base, schedule: "@daily", env: { A: 3 } }
  b: { <<: [*other, *base], schedule: "@daily", max: 2 }
`
    const [a, b] = good(text).tasks
    expect(a).toMatchObject({ command: 'run', env: { A: '3' } })
    expect(b).toMatchObject({ command: 'run', env: { A: '1.10', B: 'two' }, nice: 5, max: 2 })
  })

  test('a problem in an anchored value is reported where it is written', () => {
    const text = 'x-a: &a { max: 0 }\ntasks:\n  a: { <<: *a, schedule: "@daily", command: x }\n'
    expect(parse(text)).toMatchObject({ problems: [{ path: 'tasks.a.max', line: 1, column: 11 }] })
  })
})

describe('defaults', () => {
  const text = (own: string) => `
defaults:
  retry: { attempts: 3, delay: 1m }
  env: { A: 1, B: 2 }
  success_codes: [0, 3]
  type: daemon
tasks:
  a: { command: x, ${own} }
`
  test('defaults apply to every task', () => {
    expect(good(text('')).tasks[0]).toMatchObject({
      type: 'daemon',
      retry: { attempts: 3, delayMs: 60_000 },
      env: { A: '1', B: '2' },
      successCodes: [0, 3],
    })
  })

  test('settings of the task override the defaults, key by key within maps too', () => {
    const own = 'retry: { attempts: 5 }, env: { B: x }, success_codes: [1], type: common'
    expect(good(text(`${own}, schedule: "@daily"`)).tasks[0]).toMatchObject({
      type: 'common',
      retry: { attempts: 5, delayMs: 60_000 },
      env: { A: '1', B: 'x' },
      successCodes: [1],
    })
  })
})

test('tasks keep the order of the file, also with names that look like numbers', () => {
  const names = ['b', '10', 'a', '9', 'constructor']
  const text = `tasks:\n${names.map((name) => `  ${name}: { schedule: "@daily", command: x }\n`).join('')}`
  expect(good(text).tasks.map(({ name }) => name)).toEqual(names)
})
