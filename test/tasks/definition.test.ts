import { describe, expect, test } from 'vitest'
import { good } from '../support/tasks.ts'

const groups = 'hosts: { web: [10.0.1.0/24, web1], db: [db1] }\n'

function definition(task: string, before = groups): string | undefined {
  return good(`${before}tasks:\n  a: ${task}\n`).tasks[0]?.definition
}

const plain = '{ schedule: "0 2 * * *", command: run, hosts: [web, db], env: { A: 1, B: b, C: c } }'

describe('the causes of a retry', () => {
  const retried = (keys: string) => definition(plain.replace('}', `}, retry: { ${keys} }`))
  test('their order and their number mean nothing', () => {
    expect(retried('on: [timeout, 3, 3]')).toBe(retried('on: [3, timeout]'))
  })

  test('the definition changes with them', () => {
    expect(retried('on: [timeout]')).not.toBe(retried('on: [signal]'))
    expect(retried('on: [timeout]')).not.toBe(retried('attempts: 0'))
  })
})

describe('an unchanged definition', () => {
  test.each([
    ['with a comment', `# nightly\n    ${plain} # yes`],
    [
      'in another order',
      '{ env: { C: c, A: 1, B: b }, hosts: [db, web], command: run, schedule: "0 2 * * *" }',
    ],
    ['with other quotes', plain.replaceAll('"', "'")],
    ['with other blanks in the schedule', plain.replace('0 2 *', '0  2 *')],
    ['with a list of one schedule', plain.replace('"0 2 * * *"', '["0 2 * * *"]')],
    [
      'with the defaults spelled out',
      plain.replace(
        '}',
        // The first brace closes env.
        '}, type: common, max: 1, overlap: skip, timezone: UTC, jitter: 0s, catchup: off, ' +
          'catchup_window: 60m, kill_after: 10s, retry: { attempts: 0 }, success_codes: [0], ' +
          'restart: {}, shell: /bin/sh, umask: 022, nice: 0, limits: {}, enabled: true, ' +
          'output: { keep_for: 168h }',
      ),
    ],
    ['with a description and labels', plain.replace('}', '}, description: x, labels: { a: b }')],
    ['with a host twice', plain.replace('[web, db]', '[web, db, db]')],
  ])('the definition stays the same with %s', (_name, task) => {
    expect(definition(task)).toBe(definition(plain))
  })

  test('the definition stays the same if a group is written differently', () => {
    const other = 'hosts: { db: [DB1], web: [web1, 10.0.1.7/24] }\n'
    expect(definition(plain, other)).toBe(definition(plain))
  })

  test('the definition stays the same if settings move to the defaults', () => {
    const own = definition(plain.replace('}', '}, nice: 5'))
    expect(definition(plain, `${groups}defaults: { nice: 5 }\n`)).toBe(own)
  })

  test('the definition stays the same under another name, so that a renamed task is recognised', () => {
    const [a, b] = good(`${groups}tasks:\n  a: ${plain}\n  b: ${plain}\n`).tasks
    expect(a?.definition).toBe(b?.definition)
  })

  test('the definition is the same on every host, although H differs', () => {
    const text = 'tasks:\n  a: { schedule: "H H * * *", command: run }\n'
    const [here] = good(text, { host: 'web1' }).tasks
    const [there] = good(text, { host: 'web2' }).tasks
    expect(here?.definition).toBe(there?.definition)
    expect(here?.schedules).not.toEqual(there?.schedules)
  })

  test.each([
    ['update: never', 'update: always'],
    ['timeout: 30s', 'timeout: 5s, max_size: 1MB, headers_file: a'],
  ])('the definition does not say how a script is fetched: %s, %s', (one, other) => {
    const script = (more: string) =>
      `{ type: manual, script: { url: "https://x.example/a", ${more} } }`
    expect(definition(script(one))).toBe(definition(script(other)))
  })

  test('the definition of a task without the keys of later versions is what it always was', () => {
    expect(definition('{ schedule: "@daily", command: run }')).not.toMatch(
      /"(?:input|script|listen|ready|fleet|scope)"/,
    )
  })

  test('the definition stays the same with scope: host, and without defaults that only the fleet uses', () => {
    const task = '{ schedule: "@daily", command: run, timezone: UTC }'
    const more = task.replace('}', ', scope: host }')
    expect(definition(more, 'defaults: { fence: 1m, prefer: [a.b] }\n')).toBe(definition(task, ''))
  })

  test('the definition of a task of the fleet stays the same with its defaults written, and on each machine', () => {
    const task = '{ scope: fleet, schedule: "H 2 * * *", command: run, timezone: UTC }'
    const keys =
      'prefer: [web, db], max_per_host: 1, start_within: 60s, on_lost: skip, fence: off }'
    const plainKeys = task.replace('}', ', prefer: [web, db] }')
    expect(definition(task.replace('}', `, ${keys}`))).toBe(definition(plainKeys))
    expect(definition(plainKeys)).not.toBe(definition(task))
  })

  test('ready with its default is the same as listen alone', () => {
    const daemon = '{ type: daemon, command: [x], listen: 80 }'
    const written = daemon.replace('80', '80, ready: { after: 1s }, input: { mode: none }')
    expect(definition(written)).toBe(definition(daemon))
  })
})

describe('a changed definition', () => {
  test.each([
    'type: common, max: 2',
    'max: unlimited',
    'overlap: queue',
    'timezone: Europe/Berlin',
    'jitter: 1s',
    'catchup: latest',
    'catchup_window: 2h',
    'timeout: 1h',
    'kill_after: 11s',
    'retry: { attempts: 1 }',
    'restart: { delay: 2s }',
    'success_codes: [0, 1]',
    'shell: /bin/bash',
    'cwd: /srv',
    'umask: 077',
    'nice: 1',
    'limits: { nofile: 5 }',
    'env_file: good.env',
    'input: live',
    'input: queue',
    'script: "https://x.example/a"',
    'output: { keep_runs: 1 }',
    'enabled: false',
    'scope: fleet, timezone: UTC',
  ])('the definition changes with %s', (setting) => {
    expect(definition(plain.replace('}', `}, ${setting}`))).not.toBe(definition(plain))
  })

  test.each([
    'prefer: [db, web]',
    'max_per_host: 2',
    'start_within: 2m',
    'on_lost: rerun',
    'fence: 30s',
  ])('the definition of a task of the fleet changes with %s', (setting) => {
    const shared = plain.replace('}', '}, scope: fleet, timezone: UTC, max: 3')
    expect(definition(shared.replace('max: 3', `max: 3, ${setting}`))).not.toBe(definition(shared))
  })

  test('the definition changes with the order of prefer', () => {
    const shared = (prefer: string) =>
      definition(plain.replace('}', `}, scope: fleet, timezone: UTC, prefer: ${prefer}`))
    expect(shared('[db, web]')).not.toBe(shared('[web, db]'))
  })

  test.each([
    ['schedule', '0 2', '0 3'],
    ['command', 'run', 'walk'],
    ['command as a list', 'run', '[run]'],
    ['hosts', '[web, db]', '[web, "!db"]'],
    ['env', 'A: 1', 'A: 2'],
  ])('the definition changes with another %s', (_name, from, to) => {
    expect(definition(plain.replace(from, to))).not.toBe(definition(plain))
  })

  const daemon = '{ type: daemon, command: [x], listen: [80], input: queue }'
  test.each([
    ['another address', '80', '81'],
    ['a name of an address', '[80]', '{ web: 80 }'],
    ['a second address', '80', '80, 81'],
    ['ready', '[80]', '[80], ready: { line: up }'],
    ['another format of the input', 'queue', '{ mode: queue, format: json }'],
  ])('the definition of a daemon task changes with %s', (_name, from, to) => {
    expect(definition(daemon.replace(from, to))).not.toBe(definition(daemon))
  })

  test('the order of addresses is the order of descriptors, and matters', () => {
    const two = daemon.replace('80', '80, 81')
    expect(definition(two.replace('80, 81', '81, 80'))).not.toBe(definition(two))
  })

  test('the definition changes with another host in a group', () => {
    expect(definition(plain, groups.replace('db1', 'db2'))).not.toBe(definition(plain))
  })
})
