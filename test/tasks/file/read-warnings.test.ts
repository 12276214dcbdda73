import { expect, test } from 'vitest'
import { formatProblem } from '../../../src/tasks/file/problem.ts'
import type { TasksFacts } from '../../../src/tasks/file/settings.ts'
import { oneTask, parse } from '../../support/tasks.ts'

/** The warnings about a file, which must be valid. */
function warnings(text: string, more: Partial<TasksFacts> = {}): string[] {
  const parsed = parse(text, more)
  expect(parsed.ok).toBe(true)
  return parsed.ok ? parsed.warnings.map((one) => formatProblem(one).split('\n')[0] ?? '') : []
}

const web = 'hosts:\n  web: [10.0.1.0/24, web1]\n'

test('a schedule that never fires gives a warning', () => {
  const text = 'tasks:\n  a: { schedule: ["@daily", "0 0 30 2 *"], command: run }\n'
  expect(warnings(text)).toEqual([
    'tasks.yaml:2:29: warning: tasks.a.schedule[1]: "0 0 30 2 *" never fires',
  ])
})

test.each([
  '[web, "!web"]',
  '["!*"]',
  '[10.0.1.5, "!10.0.1.0/24"]',
  '["2001:db8::5", "!2001:db8::/32"]',
  '[a.example.com, "!*.example.com"]',
  '["web-*", "!web-*", "!web"]',
  '["web-1?", "!web-*"]',
])('hosts: %s gives a warning, because no machine can match', (hosts) => {
  expect(warnings(web + oneTask(`hosts: ${hosts}`))).toEqual([
    'tasks.yaml:7:5: warning: tasks.backup.hosts: no machine can match: every entry is also excluded with !',
  ])
})

test.each([
  '[web, "!10.0.1.9"]',
  '["!web"]',
  '[10.0.0.0/8, "!10.0.1.0/24"]',
  '["web-*", "!web-1"]',
])('hosts: %s gives no warning, because a machine can match', (hosts) => {
  const text = hosts.includes('web-1') ? hosts.replace('web-1', 'web-1.example.com') : hosts
  expect(warnings(web + oneTask(`hosts: ${text}`))).toEqual([])
})

test('a TZ of the machine that is not a time zone gives a warning if a task uses it', () => {
  const bst = { ignoredZone: 'BST' }
  expect(warnings(oneTask(), bst)).toEqual([
    'tasks.yaml:1:1: warning: timezone: the machine has TZ=BST, which is not a time zone: tasks without timezone use UTC',
  ])
  expect(warnings(`timezone: Europe/London\n${oneTask()}`, bst)).toEqual([])
  expect(warnings(oneTask('timezone: Europe/London'), bst)).toEqual([])
  expect(warnings('tasks: {}\n', bst)).toEqual([])
})

test('a group that seems to contain another group gives a warning', () => {
  const text = 'hosts:\n  web: [10.0.1.0/24]\n  all: [web, db]\ntasks: {}\n'
  expect(warnings(text)).toEqual([
    'tasks.yaml:3:9: warning: hosts.all[0]: "web" is a host name here: a group cannot contain another group',
  ])
})

test('a group may have the name of its only host', () => {
  expect(warnings('hosts:\n  web: [web]\ntasks: {}\n')).toEqual([])
})

test('keys that have no effect on the type of the task give warnings', () => {
  const daemon =
    'tasks:\n  a: { type: daemon, command: x, catchup: latest, retry: { attempts: 1 } }\n'
  expect(warnings(daemon)).toEqual([
    'tasks.yaml:2:34: warning: tasks.a.catchup: has no effect on a task of type daemon',
    'tasks.yaml:2:51: warning: tasks.a.retry: has no effect on a task of type daemon',
  ])
  expect(warnings(oneTask('restart: { delay: 1s }'))).toEqual([
    'tasks.yaml:5:5: warning: tasks.backup.restart: has no effect on a task of type common',
  ])
})

test('defaults may have keys for both types of tasks', () => {
  const defaults = 'defaults: { restart: { delay: 2s }, retry: { attempts: 1 } }\n'
  expect(warnings(`${defaults}${oneTask()}  d: { type: daemon, command: x }\n`)).toEqual([])
})

test('a bad env_file is only a warning for the task of another user, whose file it is', () => {
  const asked: unknown[] = []
  const machine = {
    mayChangeUser: true,
    readEnvFile: (file: string, user: string | undefined) => {
      asked.push([file, user])
      return { ok: true, text: 'A=1\nB\n', isForOther: user === 'app' } as const
    },
  }
  const problem = 'cannot be used: /srv/x.env:2: expected KEY=VALUE'
  expect(warnings(oneTask('env_file: x.env', 'user: app'), machine)).toEqual([
    `tasks.yaml:5:5: warning: tasks.backup.env_file: ${problem}`,
  ])
  const inherited = `defaults: { user: app, env_file: x.env }\n${oneTask()}`
  expect(warnings(inherited, machine)).toEqual([
    `tasks.yaml:1:24: warning: defaults.env_file: ${problem}`,
  ])
  expect(asked).toEqual([
    ['/srv/x.env', 'app'],
    ['/srv/x.env', 'app'],
  ])
})

test('an env_file of the defaults is also read as the user of each task that has another', () => {
  const machine = {
    mayChangeUser: true,
    readEnvFile: (_file: string, user: string | undefined) =>
      user === 'app'
        ? ({ ok: false, message: 'cannot be read', isForOther: true } as const)
        : ({ ok: true, text: '' } as const),
  }
  expect(warnings(`defaults: { env_file: x.env }\n${oneTask('user: app')}`, machine)).toEqual([
    'tasks.yaml:6:5: warning: tasks.backup.user: cannot be used: /srv/x.env: cannot be read',
  ])
})

test('a limit over the bound of this machine gives a warning where it is written, for tasks that run here', () => {
  const bounds = { argumentBytes: 2 ** 21, limits: { nofile: { most: 4096, by: 'fs.nr_open' } } }
  const problem = 'cannot be set to 4097: this machine allows at most 4096 (fs.nr_open)'
  const limits = 'limits: { nofile: 4097, core: 9MB }'
  expect(warnings(oneTask(limits), { bounds })).toEqual([
    `tasks.yaml:5:15: warning: tasks.backup.limits.nofile: ${problem}`,
  ])
  expect(warnings(`defaults: { ${limits} }\n${oneTask()}`, { bounds })).toEqual([
    `tasks.yaml:1:23: warning: defaults.limits.nofile: ${problem}`,
  ])
  for (const good of ['limits: { nofile: 4096 }', `${limits}\n    hosts: [10.9.9.9]`])
    expect(warnings(oneTask(good), { bounds })).toEqual([])
  expect(warnings(oneTask(limits, 'enabled: false'), { bounds })).toEqual([])
  expect(warnings(oneTask(limits))).toEqual([])
})
