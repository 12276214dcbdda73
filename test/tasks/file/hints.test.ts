import { describe, expect, test } from 'vitest'
import { good, oneTask, parse, problemsOf } from '../../support/tasks.ts'

/** The problems of a file as `path: hint`, or as the message if there is no hint. */
function hints(text: string): string[] {
  const problems = problemsOf(text, { mayChangeUser: true })
  return problems.map(({ path, hint, message }) => `${path}: ${hint ?? message}`)
}

describe('a hint for a value', () => {
  /** A wrong value, and the value that is right. */
  const values: readonly (readonly [key: string, wrong: string, right: string])[] = [
    ['timeout', '30', '30s'],
    ['timeout', '"90"', '90s'],
    ['timeout', '5 min', '5m'],
    ['timeout', '5M', '5m'],
    ['timeout', '1.5h', '1h30m'],
    ['timeout', '1 hour, 30 minutes', '1h30m'],
    ['timeout', 'PT5M', '5m'],
    ['timeout', '00:05:00', '5m'],
    ['overlap', 'wait', 'queue'],
    ['overlap', 'Forbid', 'skip'],
    ['overlap', 'kill', 'replace'],
    ['catchup', 'true', 'latest'],
    ['catchup', 'once', 'latest'],
    ['max', '-1', 'unlimited'],
    ['shell', 'bash', '/bin/bash'],
  ]
  const inMaps: typeof values = [
    ['limits: { memory: ', '2g', '2GB'],
    ['limits: { memory: ', '2 G', '2GB'],
    ['limits: { memory: ', '512Mi', '512MiB'],
    ['limits: { memory: ', '100 bytes', '100B'],
    ['output: { max_size: ', '10', '10MB'],
    ['output: { keep_for: ', '7', '7d'],
    ['output: { keep_for: ', '2 weeks', '14d'],
  ]

  test.each(values)('%s: %s means %s', (key, wrong, right) => {
    expect(hints(oneTask(`${key}: ${wrong}`))).toEqual([
      `tasks.backup.${key}: did you mean "${right}"?`,
    ])
    good(oneTask(`${key}: ${right}`))
  })

  test.each(inMaps)('%s%s } means %s', (key, wrong, right) => {
    const [hint] = hints(oneTask(`${key}${wrong} }`))
    expect(hint).toContain(`did you mean "${right}"?`)
    good(oneTask(`${key}${right} }`))
  })

  test.each([
    ['retry: 3', '{ attempts: 3 }'],
    ['output: 10MB', '{ max_size: 10MB }'],
    ['success_codes: 1', '[1]'],
    ['success_codes: "0, 1"', '[0, 1]'],
    ['hosts: web-*, 10.0.0.1', '["web-*", "10.0.0.1"]'],
    ['enabled: yes', 'true'],
    ['enabled: "false"', 'false'],
  ])('%s means %s', (line, right) => {
    const [key = ''] = line.split(':')
    expect(hints(oneTask(line))).toEqual([`tasks.backup.${key}: did you mean ${right}?`])
    good(oneTask(`${key}: ${right}`))
  })

  test.each([
    ['max: 0', 'write "unlimited", or enabled: false to switch the task off'],
    ['overlap: allow', 'write max: unlimited'],
    ['hosts: all', 'leave it out: a task without hosts runs everywhere'],
    ['env: [A=1]', 'write { NAME: value }'],
    ['nice: "10"', 'remove the quotes'],
    ['retry: true', 'write { attempts: 3 }, or another number'],
    ['description: 5', 'put it in quotes'],
  ])('%s: %s', (line, hint) => {
    const [key = ''] = line.split(':')
    expect(hints(oneTask(line))).toEqual([`tasks.backup.${key}: ${hint}`])
  })

  test.each(['true', '5'])('a command that is %s needs quotes', (word) => {
    expect(hints(`tasks: { a: { schedule: "@daily", command: ${word} } }`)).toEqual([
      `tasks.a.command: put it in quotes: "${word}"`,
    ])
  })

  test('a value without a likely meaning has no hint', () => {
    for (const wrong of ['5 apples', '-5s', '1 month', 'soon', '1'.repeat(50), '1 '.repeat(40)])
      expect(hints(oneTask(`timeout: ${wrong}`))).toEqual([
        expect.stringMatching(/^tasks\.backup\.timeout: expected a duration /),
      ])
  })
})

test('names that JavaScript treats specially are words like others', () => {
  for (const line of ['type: constructor', 'overlap: toString', 'hosts: { a: 1 }'])
    expect(hints(oneTask(line))).toHaveLength(1)
  expect(hints('tasks: { constructor: 5 }')).toHaveLength(1)
  expect(hints('hosts: { constructor: name }\ntasks: {}')).toEqual([
    'hosts.constructor: did you mean ["name"]?',
  ])
  expect(hints('tasks: { a: { constructor: 1, schedule: "@daily", command: x } }')).toHaveLength(1)
})

describe('a value that is too big', () => {
  test.each([
    ['timeout: 99999999999d', 'expected a duration of at most 36500d; got "99999999999d"'],
    ['max: 99999999999999999999', 'got 99999999999999999999, which is too big'],
    ['limits: { memory: 99999999TB }', 'expected a size of at most 9000TB; got "99999999TB"'],
    [
      'limits: { nofile: 1e30 }',
      'expected a whole number of at least 1; got 1e30, which is too big',
    ],
    ['nice: 50', 'expected a whole number from -20 to 19; got 50'],
  ])('%s says so: %s', (line, message) => {
    expect(hints(oneTask(line))).toEqual([expect.stringContaining(message)])
  })
})

describe('a key of another scheduler', () => {
  test.each([
    ['cmd', 'command'],
    ['run', 'command'],
    ['workdir', 'cwd'],
    ['environment', 'env'],
    ['envFile', 'env_file'],
    ['run_as', 'user'],
    ['tz', 'timezone'],
    ['concurrency', 'max'],
    ['successCodes', 'success_codes'],
  ])('%s means %s', (key, meant) => {
    expect(hints(oneTask(`${key}: x`))).toEqual([`tasks.backup.${key}: did you mean "${meant}"?`])
  })

  test.each([
    ['retries', 'write retry: { attempts: ... }'],
    ['attempts', 'write it within retry'],
    ['max_delay', 'write it within retry or restart'],
    ['disabled', 'write enabled: false'],
    ['name', 'the key above is the name of the task'],
    ['every', 'write schedule: "@every 5m", or another duration'],
  ])('%s: %s', (key, hint) => {
    expect(hints(oneTask(`${key}: 3`))).toEqual([`tasks.backup.${key}: ${hint}`])
  })

  test('a misspelt key is not reported as missing too', () => {
    expect(hints('tasks: { a: { cron: "@daily", run: x } }')).toHaveLength(2)
    expect(hints('jobs: { a: { schedule: "@daily", command: x } }')).toHaveLength(1)
  })

  test('a key of a task at the top of the file, or a task, belongs below another key', () => {
    expect(hints('timeout: 5m\na: { schedule: "@daily", command: x }\ntasks: {}')).toEqual([
      'timeout: write it in a task, or in defaults',
      'a: write it below "tasks:"',
    ])
  })
})

describe('a mistake brings no false problems about other keys', () => {
  test.each([
    ['a type', 'tasks: { a: { type: deamon, command: x, restart: { delay: 1s } } }'],
    ['the key type', 'tasks: { a: { tpye: daemon, command: x } }'],
    ['the type of the defaults', 'defaults: { type: deamon }\ntasks: { a: { command: x } }'],
    ['the key defaults', 'default: { type: daemon }\ntasks: { a: { command: x } }'],
    ['the groups', 'hosts: [web]\ntasks: { a: { schedule: "@daily", command: x, hosts: [web] } }'],
    [
      'the key hosts',
      'groups: { web: [a.b] }\ntasks: { a: { schedule: "@daily", command: x, hosts: ["!web"] } }',
    ],
    ['the name of a group', 'hosts: { b.c: [a.b] }\ntasks: {}'],
    [
      'a comment of JavaScript',
      '{ // all\n"tasks": { "a": { "schedule": "@daily", "command": "x" } } }',
    ],
  ])('%s', (_name, text) => {
    expect(hints(text)).toHaveLength(1)
  })

  test('all keys below a task or group with a bad name are checked', () => {
    expect(hints('tasks: { "my task": { schedule: "61 * * * *", comand: x, max: no } }')).toEqual([
      'tasks.my task: did you mean "my-task"?',
      'tasks.my task.schedule: minute: 61 is out of range; minutes are 0-59',
      'tasks.my task.comand: did you mean "command"?',
      'tasks.my task.max: expected a whole number of at least 1, or "unlimited"; got "no"',
    ])
    expect(hints('hosts: { "b c": [10.0.0.0/33] }\ntasks: {}')).toEqual([
      'hosts.b c: did you mean "b-c"?',
      expect.stringMatching(/^hosts\.b c\[0\]: expected an address/),
    ])
  })
})

test.each([
  ['a crontab', '# x\nMAILTO=a\n\n*/5 * * * * php x\n@daily y\n'],
  ['a crontab', '0 2 * * mon-fri /bin/x "a: b"\n'],
  ['a unit of systemd', '# x\n[Timer]\nOnCalendar=daily\n'],
  ['a configuration of supervisor', '[program:x]\ncommand=x\n'],
  ['a compose file', 'services:\n  web: { image: x }\n'],
  ['a manifest of Kubernetes', 'apiVersion: batch/v1\nkind: CronJob\n'],
  ['a workflow of GitHub', 'on: { schedule: [{ cron: "0 2 * * *" }] }\njobs: { a: {} }\n'],
  ['a playbook of Ansible', '- hosts: all\n  tasks: []\n'],
  ['a file of gotorch', '[{"Script": "x"}]'],
])('%s given as tasks file is recognised', (what, text) => {
  const parsed = parse(text)
  const messages = parsed.ok ? [] : parsed.problems.map(({ message }) => message)
  expect(messages).toEqual([`this is ${what}, not a tasks file`])
})
