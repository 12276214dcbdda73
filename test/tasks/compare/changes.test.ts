import { describe, expect, test } from 'vitest'
import { change } from './changed.ts'

const groups = 'hosts: { web: [10.0.1.0/24, Web9], db: [db1] }\n'
const plain = 'schedule: "0 2 * * *", command: run, hosts: [web, "!10.0.1.9"], env: { A: 1, B: b }'
const one = (settings: string, before = groups) => `${before}tasks:\n  a: { ${settings} }\n`
/** The plain task with another text in it. */
const other = (from: string, to: string) => one(plain.replace(from, to))
const also = (setting: string) => one(`${plain}, ${setting}`)

const block = `${groups}
# In the morning.
tasks:
  a:
    env:
      B: 'b' # of all letters
      A: "1"
    hosts: ['!10.0.1.9', web]
    command: |
      run
    schedule: 0 2 * * *
`

describe('the same meaning', () => {
  test.each([
    ['comments, order, quotes and blocks', block],
    ['an anchor', `${groups}x-a: &a { ${plain} }\ntasks:\n  a: { <<: *a }\n`],
    ['a schedule with the same times in another form', other('0 2 * * *', '00  2  *  JAN-DEC ?')],
    ['a list of one schedule', other('"0 2 * * *"', '["0 2 * * *"]')],
    ['the same host in another form', other('"!10.0.1.9"', '"! 10.0.1.9/32"')],
    ['a setting that moves to the defaults', `defaults: { env: { A: 1 } }\n${other('A: 1, ', '')}`],
    ['a default without effect on the type', `defaults: { restart: { delay: 9s } }\n${one(plain)}`],
    ['a timezone that is the one of the machine', `timezone: UTC\n${one(plain)}`],
    ['a group in another form', one(plain, 'hosts: { db: [DB1], web: [web9, 10.0.1.7/24] }\n')],
    [
      'defaults spelled out',
      also(
        'max: 1, kill_after: 10s, retry: { attempts: 0 }, umask: 022, timezone: UTC, labels: {}',
      ),
    ],
  ])('there is no change if only this differs: %s', (_what, after) => {
    expect(change(one(plain), after)).toEqual({})
  })

  test('there is no change if @every has another unit, or a nickname replaces the fields', () => {
    const file = (...texts: string[]) =>
      `tasks:\n${texts.map((text, at) => `  t${at}: { schedule: "${text}", command: x }\n`).join('')}`
    expect(change(file('@every 1m', '@daily'), file('@EVERY 60s', '0 0 * * *'))).toEqual({})
  })
})

describe('changed keys', () => {
  test.each([
    [other('0 2 * * *', '0 3 * * *'), { schedule: ['0 2 * * *', '0 3 * * *'] }],
    [
      other('"0 2 * * *"', '["0 2 * * *", "@reboot"]'),
      { schedule: ['0 2 * * *', ['0 2 * * *', '@reboot']] },
    ],
    [other('0 2 * * *', '0 H * * *'), { schedule: ['0 2 * * *', '0 H * * *'] }],
    [other('run', '[run, "1"]'), { command: ['run', ['run', '1']] }],
    [
      other('[web,', '[db,'),
      {
        hosts: [
          ['web', '!10.0.1.9'],
          ['db', '!10.0.1.9'],
        ],
      },
    ],
    [other('hosts: [web, "!10.0.1.9"], ', ''), { hosts: [['web', '!10.0.1.9'], null] }],
    [also('max: unlimited'), { max: [1, 'unlimited'] }],
    [also('timeout: 90m'), { timeout: [null, '1h30m'] }],
    [
      also('retry: { attempts: 2, delay: 60s }'),
      { 'retry.attempts': [0, 2], 'retry.delay': ['1s', '1m'] },
    ],
    [also('success_codes: [0, 3]'), { success_codes: [[0], [0, 3]] }],
    [also('cwd: app'), { cwd: [null, 'app'] }],
    [also('umask: 077'), { umask: ['022', '077'] }],
    [also('limits: { memory: 1GiB }'), { 'limits.memory': [null, '1GiB'] }],
    [also('output: { max_size: 5MB }'), { 'output.max_size': ['10MB', '5MB'] }],
    [other('A: 1', 'C: 1'), { 'env.A': ['1', null], 'env.C': [null, '1'] }],
    [also('description: Nightly'), { description: [null, 'Nightly'] }],
    [also('labels: { team: data }'), { 'labels.team': [null, 'data'] }],
    [also('enabled: false'), { enabled: [true, false] }],
    [`timezone: Asia/Tokyo\n${one(plain)}`, { timezone: ['UTC', 'Asia/Tokyo'] }],
    [`defaults: { nice: 5, env: { A: 2 } }\n${one(plain)}`, { nice: [0, 5] }],
  ])('changed keys have their old and new values (%#): %j', (after, keys) => {
    expect(change(one(plain), after)).toEqual({ changed: { a: keys } })
  })

  test('a task that starts after others in place of a schedule changes both keys', () => {
    const file = (load: string) =>
      `tasks:\n  a: { schedule: "@daily", command: x }\n  load: { command: x, ${load} }\n`
    const after = (value: string) => file(`after: ${value}`)
    expect(change(file('schedule: "@hourly"'), after('{ tasks: [a], outcome: failed }'))).toEqual({
      changed: {
        load: {
          schedule: ['@hourly', null],
          after: [null, 'a'],
          'after.outcome': [null, 'failed'],
        },
      },
    })
    expect(change(after('a'), after('{ tasks: [a], outcome: ok }'))).toEqual({})
  })

  test('a change of a pool is a change of its tasks, and the order of their pools means nothing', () => {
    const file = (pools: string, pool: string) => `pools: ${pools}\n${also(`pool: ${pool}`)}`
    expect(
      change(file('{ db: 1, io: 2 }', '[db, io]'), file('{ db: 3, io: 2 }', '[io, db]')),
    ).toEqual({ changed: { a: { 'pools.db': [1, 3] } } })
    expect(change(also('max: 1'), file('{ db: 1 }', 'db'))).toEqual({
      changed: { a: { pool: [null, 'db'], 'pools.db': [null, 1] } },
    })
  })

  test('changed keys are in the order of the schema, new variables among the old ones', () => {
    const now = `${plain.replace('A: 1', 'C: 1')}, nice: 1, enabled: false`
    const { changed } = change(one(plain), one(now))
    expect(Object.keys((changed as { a: object }).a)).toEqual(['nice', 'env.A', 'env.C', 'enabled'])
  })

  test('a key that has no effect on one of the types has its default there', () => {
    const daemon = 'type: daemon, command: run, restart: { delay: 5s }'
    expect(
      change(one('schedule: "@daily", command: run, retry: { attempts: 2 }'), one(daemon)),
    ).toEqual({
      changed: {
        a: {
          schedule: ['@daily', null],
          type: ['common', 'daemon'],
          'retry.attempts': [2, 0],
          'restart.delay': ['1s', '5s'],
        },
      },
    })
  })
})

describe('tasks', () => {
  const task = (name: string, command = name, more = '') =>
    `  ${name}: { schedule: "@daily", command: ${command}${more} }\n`
  const file = (...tasks: string[]) => `tasks:\n${tasks.join('')}`

  test('added tasks are in the order of the new file, removed tasks in the order of the old file', () => {
    expect(
      change(file(task('z'), task('a'), task('same')), file(task('y'), task('same'), task('b'))),
    ).toEqual({
      added: ['y', 'b'],
      removed: ['z', 'a'],
    })
  })

  test('a task is renamed if the same task exists under another name', () => {
    const old = file(task('a1', 'x'), task('a2', 'x'), task('b', 'y'), task('c'))
    const now = file(task('n1', 'y'), task('n2', 'x'), task('c'))
    expect(change(old, now)).toEqual({ removed: ['a2'], renamed: ['b n1', 'a1 n2'] })
  })

  test('a task is renamed even if its description or its group changed too', () => {
    const old = `hosts: { web: [web1] }\n${file(task('a', 'x', ', hosts: [web]'))}`
    const now = `hosts: { web: [web2] }\n${file(task('b', 'x', ', hosts: [web], description: New'))}`
    expect(change(old, now)).toEqual({
      renamed: ['a b'],
      changed: { b: { description: [null, 'New'] } },
      groups: [{ group: 'web', added: ['web2'], removed: ['web1'] }],
    })
  })

  test('a task is not renamed if anything else changed', () => {
    expect(change(file(task('a', 'x')), file(task('b', 'x', ', nice: 1')))).toEqual({
      added: ['b'],
      removed: ['a'],
    })
  })
})

describe('groups', () => {
  test('a changed group is reported once, not for each task', () => {
    const now = one(plain, groups.replace('Web9', 'web10').replace('db: [db1]', 'app: [app1]'))
    expect(change(one(plain), now)).toEqual({
      groups: [
        { group: 'web', added: ['web10'], removed: ['Web9'] },
        { group: 'app', added: ['app1'], removed: [] },
        { group: 'db', added: [], removed: ['db1'] },
      ],
    })
  })

  test('there is no change of hosts if a task lists the entries of a group instead', () => {
    const file = (settings: string) =>
      one(`schedule: "@daily", command: x, ${settings}`, 'hosts: { db: [db1.x] }\n')
    expect(change(file('hosts: [db]'), file('hosts: [db1.x]'))).toEqual({})
    expect(change(file('hosts: [db]'), file('hosts: [db1.x], nice: 1'))).toEqual({
      changed: { a: { nice: [0, 1] } },
    })
  })
})

describe('a bad file', () => {
  const good =
    'tasks:\n  a: { schedule: "@daily", command: a }\n  b: { schedule: "@daily", command: b }\n'
  const bad = good.replace('command: b', 'command: b, max: x')

  test('the readable tasks of a bad file are compared; the others are neither added nor removed', () => {
    const now = `${bad.replace('command: a', 'command: a, nice: 1')}  c: { schedule: "@daily", command: c }\n`
    const expected = { added: ['c'], changed: { a: { nice: [0, 1] } }, unreadable: ['b'] }
    expect(change(good, now)).toEqual(expected)
    expect(change(now, good)).toEqual({
      removed: ['c'],
      changed: { a: { nice: [1, 0] } },
      unreadable: ['b'],
    })
    expect(change(bad, now)).toEqual(expected)
  })

  test('nothing is compared with a text that is not YAML', () => {
    expect(change(good, 'tasks: [')).toEqual({ unreadable: ['a', 'b'] })
    expect(change('tasks: [', good)).toEqual({ unreadable: ['a', 'b'] })
    expect(change('tasks: [', 'tasks: [')).toEqual({})
  })

  test('a group with an error is not reported', () => {
    const old = `hosts: { web: [web1], db: [db1] }\n${good}`
    const now = `hosts: { web: ["!web2"], db: [db2] }\n${good}`
    expect(change(old, now)).toEqual({
      groups: [{ group: 'db', added: ['db2'], removed: ['db1'] }],
    })
  })
})
