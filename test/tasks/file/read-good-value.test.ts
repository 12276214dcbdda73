import { expect, test } from 'vitest'
import type { Task } from '../../../src/tasks/task.ts'
import { parse, task } from '../../support/tasks.ts'

const table: readonly (readonly [line: string, task: Partial<Task>])[] = [
  ['max: 3', { max: 3 }],
  ['max: unlimited', { max: Infinity }],
  ['overlap: queue', { overlap: 'queue' }],
  ['overlap: replace', { overlap: 'replace' }],
  ['jitter: 30s', { jitterMs: 30_000 }],
  ['jitter: 0s', { jitterMs: 0 }],
  ['catchup: latest', { catchup: 'latest' }],
  ['catchup_window: 7d', { catchupWindowMs: 604_800_000 }],
  ['timeout: 1h30m', { timeoutMs: 5_400_000 }],
  ['timeout: 500ms', { timeoutMs: 500 }],
  ['kill_after: 0s', { killAfterMs: 0 }],
  ['retry: {}', { retry: { attempts: 0, delayMs: 1000, backoff: 2, maxDelayMs: 300_000 } }],
  [
    'retry: { attempts: 4, delay: 2s, backoff: 1.5, max_delay: 1m }',
    { retry: { attempts: 4, delayMs: 2000, backoff: 1.5, maxDelayMs: 60_000 } },
  ],
  ['success_codes: [0, 255]', { successCodes: [0, 255] }],
  ['shell: /bin/bash', { shell: '/bin/bash' }],
  ['cwd: /srv/app/', { cwd: '/srv/app' }],
  ['cwd: app/../other/./x', { cwd: '/srv/other/x' }],
  ['umask: 022', { umask: 0o022 }],
  ['umask: "022"', { umask: 0o022 }],
  ['umask: 0o027', { umask: 0o027 }],
  ['umask: 77', { umask: 0o077 }],
  ['umask: 0', { umask: 0 }],
  ['umask: "0000"', { umask: 0 }],
  ['nice: -20', { nice: -20 }],
  ['limits: { nofile: 1024, nproc: 5 }', { limits: { nofile: 1024, nproc: 5 } }],
  ['limits: { cpu: 90 }', { limits: { cpu: 90 } }],
  ['limits: { cpu: 1m }', { limits: { cpu: 60 } }],
  ['limits: { cpu: 1500ms }', { limits: { cpu: 2 } }],
  [
    'limits: { memory: 512MB, core: 0B, fsize: 1GiB }',
    { limits: { memory: 512_000_000, core: 0, fsize: 2 ** 30 } },
  ],
  ['user: www-data', { user: 'www-data' }],
  ['user: 1000', { user: '1000' }],
  ['group: adm', { group: 'adm' }],
  ['env: { A: b, _B1: "" }', { env: { A: 'b', _B1: '' } }],
  [
    'env: { A: 1.10, B: 0080, C: True, D: 0x1F, E: 1e3 }',
    envOf('1.10', '0080', 'True', '0x1F', '1e3'),
  ],
  ['env_file: good.env', { envFile: '/srv/good.env' }],
  ['env_file: /srv/good.env', { envFile: '/srv/good.env' }],
  [
    'output: { keep_runs: 5, keep_for: 1d, max_size: 1.5MB }',
    { output: { keepRuns: 5, keepForMs: 86_400_000, maxSizeBytes: 1_500_000 } },
  ],
  ['output: { keep_runs: 0 }', { output: { ...task().output, keepRuns: 0 } }],
  ['description: "Every night"', { description: 'Every night' }],
  ['description: |', { description: '' }],
  [
    'labels: { team: data, tier: 1, live: true }',
    { labels: { team: 'data', tier: '1', live: 'true' } },
  ],
  ['enabled: false', { enabled: false }],
  ['timezone: Europe/Berlin', { timezone: 'Europe/Berlin' }],
  ['hosts: ["*"]', { hosts: { some: [{ kind: 'glob', glob: '*' }], none: [] } }],
]

function envOf(A: string, B: string, C: string, D: string, E: string): Partial<Task> {
  return { env: { A, B, C, D, E } }
}

test.each(table)('a task may have %s', (line, expected) => {
  expect(task(line)).toMatchObject(expected)
})

test.each([
  ['text', 'echo hi', 'echo hi'],
  ['a list', '[echo, hi]', ['echo', 'hi']],
  [
    'a list whose words look like numbers',
    '[sleep, 1.10, 010, true]',
    ['sleep', '1.10', '010', 'true'],
  ],
  ['a list with an empty word', '[printf, ""]', ['printf', '']],
  ['several lines', '|\n      a\n      b', 'a\nb\n'],
])('a command may be %s', (_name, written, command) => {
  const text = `tasks:\n  a:\n    schedule: "@daily"\n    command: ${written}\n`
  expect(parse(text)).toMatchObject({ ok: true, file: { tasks: [{ command }] } })
})

test.each([['restart: { delay: 2s, max_delay: 10s, reset_after: 5s }', 2000, 10_000, 5000]])(
  'a daemon task may have %s',
  (line, delayMs, maxDelayMs, resetAfterMs) => {
    const text = `tasks:\n  a:\n    type: daemon\n    command: run\n    ${line}\n`
    const restart = { delayMs, maxDelayMs, resetAfterMs }
    expect(parse(text)).toMatchObject({ ok: true, file: { tasks: [{ restart }] }, warnings: [] })
  },
)

test.each(['a', '0', 'A.b_c-d', '9lives', 'constructor', 'a'.repeat(100)])(
  'a task may have the name %s',
  (name) => {
    const text = `tasks:\n  ${name}: { schedule: "@daily", command: run }\n`
    expect(parse(text)).toMatchObject({ ok: true, file: { tasks: [{ name }] } })
  },
)
