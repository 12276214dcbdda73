import { describe, expect, test } from 'vitest'
import { readTasks } from '../../../src/tasks/file/read.ts'
import { matchHosts } from '../../../src/tasks/hosts.ts'
import type { Task } from '../../../src/tasks/task.ts'
import { facts, good, oneLine, parse, problemsOf } from '../../support/tasks.ts'

const groups = 'hosts: { db: [db1, db2], web: [web1, 10.0.1.0/24] }\n'
const nightly = 'schedule: "@daily", command: x, timezone: UTC'
const consumer = 'type: daemon, command: [x]'

/** The problems of one task with these keys, with their hints. */
function problems(keys: string, top = ''): string[] {
  return problemsOf(`${groups}${top}tasks:\n  a: { ${keys} }\n`).map(oneLine)
}

/** A task with `scope: fleet` and these keys. */
function shared(keys: string, top = ''): Task {
  const [task] = good(`${groups}${top}tasks:\n  a: { scope: fleet, ${keys} }\n`).tasks
  if (task === undefined) throw new Error('no task')
  return task
}

describe('a task of the fleet', () => {
  test.each([
    [nightly, { fenceMs: undefined }],
    [consumer, { fenceMs: 30_000 }],
  ])('a task with scope: fleet and { %s } has the defaults of the fleet', (keys, more) => {
    expect(shared(keys).fleet).toMatchObject({
      prefer: [],
      preferEntries: [],
      maxPerHost: 1,
      startWithinMs: 60_000,
      onLost: 'skip',
      ...more,
    })
  })

  test('a task without scope, or with scope: host, is none of the fleet', () => {
    const text = `tasks: { a: { ${nightly} }, b: { ${nightly}, scope: host } }`
    expect(good(text).tasks.map(({ fleet }) => fleet)).toEqual([undefined, undefined])
  })

  test('a task says how the fleet shares it', () => {
    const keys = 'max: 3, max_per_host: 2, start_within: 90s, on_lost: rerun, fence: 45s'
    expect(shared(`${nightly}, ${keys}`).fleet).toMatchObject({
      maxPerHost: 2,
      startWithinMs: 90_000,
      onLost: 'rerun',
      fenceMs: 45_000,
    })
    expect(shared(`${consumer}, fence: off`).fleet).toMatchObject({ fenceMs: undefined })
    expect(shared(`${nightly}, max: unlimited, max_per_host: 7`).fleet).toMatchObject({
      maxPerHost: 7,
    })
  })

  test('prefer is a rule for each entry, and a group is all its machines', () => {
    const { fleet } = shared(`${nightly}, prefer: [db, 10.0.1.7, "!db2"]`)
    const tiersOf = (name: string, ...addresses: string[]): boolean[] =>
      (fleet?.prefer ?? []).map((rule) => matchHosts(rule, { names: [name], addresses }))
    expect(tiersOf('db1')).toEqual([true, false, true])
    expect(tiersOf('db2')).toEqual([true, false, false])
    expect(tiersOf('web9', '10.0.1.7')).toEqual([false, true, true])
  })

  test('the defaults may have all keys of the fleet, also for files with other tasks', () => {
    const top =
      'defaults: { prefer: [db1], max_per_host: 2, start_within: 5s, on_lost: rerun, fence: 15s }\n'
    const text = `${groups}${top}tasks:
  a: { ${nightly} }
  b: { ${nightly}, scope: fleet, max: 1 }
  c: { ${nightly}, scope: fleet, max: 5, fence: off }
`
    expect(problemsOf(text)).toEqual([])
    expect(good(text).tasks.map(({ fleet }) => fleet)).toMatchObject([
      undefined,
      { maxPerHost: 1, startWithinMs: 5000, onLost: 'rerun', fenceMs: 15_000 },
      { maxPerHost: 2, preferEntries: ['db1'], fenceMs: undefined },
    ])
    const all = `defaults: { scope: fleet }\ntasks:\n  a: { ${nightly} }\n  b: { ${nightly}, scope: host }\n`
    expect(good(all).tasks.map(({ fleet }) => fleet !== undefined)).toEqual([true, false])
  })

  test('H is the same on every machine of the fleet', () => {
    const text = (scope: string) =>
      `tasks: { a: { schedule: "H H * * *", command: x, timezone: UTC, scope: ${scope} } }`
    const on = (host: string, scope: string) => good(text(scope), { host }).tasks[0]?.schedules
    expect(on('web1', 'fleet')).toEqual(on('web2', 'fleet'))
    expect(on('web1', 'host')).not.toEqual(on('web2', 'host'))
  })
})

describe('a key of the fleet without scope: fleet', () => {
  test.each(['prefer: [db]', 'max_per_host: 1', 'start_within: 1m', 'on_lost: skip', 'fence: off'])(
    '%s is an error',
    (key) => {
      const name = key.replace(/:.*/, '')
      const error = `tasks.a.${name}: has no effect without scope: fleet (write scope: fleet, or remove it)`
      expect(problems(`${nightly}, ${key}`)).toEqual([error])
      expect(problems(`${nightly}, scope: host, ${key}`, 'defaults: { scope: fleet }\n')).toEqual([
        error,
      ])
    },
  )

  test.each([
    ['scope: cluster', 'scope: expected "host" or "fleet"; got "cluster" (did you mean "fleet"?)'],
    ['scop: fleet', 'scop: unknown key "scop" (did you mean "scope"?)'],
  ])('a scope that is wrong is one error, not two: %s', (key, error) => {
    expect(problems(`${nightly}, prefer: [db], ${key}`)).toEqual([`tasks.a.${error}`])
    expect(problems(`${nightly}, prefer: [db]`, `defaults: { ${key} }\n`)).toEqual([
      `defaults.${error}`,
    ])
  })

  test('a wrong value of such a key is one error, not two', () => {
    expect(problems(`${nightly}, fence: 3s`)).toEqual([
      expect.stringMatching(/^tasks\.a\.fence: expected a duration of at least 15s/),
    ])
  })
})

describe('what the fleet cannot share', () => {
  test.each([
    [
      'type: manual, command: x',
      'scope: scope: fleet is not allowed for a manual task: the fleet shares the slots of a schedule, and a manual task has none (write scope: host, or give it a schedule)',
    ],
    [
      `${consumer}, input: queue`,
      'input: input: queue is not allowed with scope: fleet: messages wait on the machine that got them, but the run may start on another one (write scope: host, or remove input: queue)',
    ],
    [
      `${consumer}, listen: 80`,
      'listen: not allowed with scope: fleet: the socket is on one machine, but the run may start on another one (write scope: host, or let the program open its socket itself)',
    ],
    [
      'schedule: "@reboot", command: x',
      'schedule: @reboot is not allowed with scope: fleet: each machine boots at another time, so they share no slot (write a schedule with times, or scope: host)',
    ],
    [
      'schedule: ["@every 5m", " @Reboot "], command: x',
      'schedule[1]: @reboot is not allowed with scope: fleet: each machine boots at another time, so they share no slot (write a schedule with times, or scope: host)',
    ],
    [
      `${nightly}, catchup: latest, catchup_window: 25h`,
      'catchup_window: catchup_window: 1d1h is too long with scope: fleet: the fleet soon forgets which slots were started (write catchup_window: 24h, or less)',
    ],
    [
      `${nightly}, max_per_host: 2`,
      'max_per_host: max_per_host: 2 is more than max: 1, which counts all machines (raise max, or lower max_per_host)',
    ],
    [
      'schedule: "@daily", command: x',
      'timezone: a task with scope: fleet needs a time zone: machines in different zones would not agree on its slots (write timezone: UTC, or another zone, in the file or in the task)',
    ],
  ])('{ %s } is an error', (keys, error) => {
    expect(problems(`scope: fleet, ${keys}`)).toEqual([`tasks.a.${error}`])
    expect(parse(`tasks: { a: { scope: fleet, ${keys} } }`).ok).toBe(false)
  })

  test('what a task inherits is reported at the task', () => {
    const top = 'defaults: { scope: fleet, catchup_window: 2d, max_per_host: 3, input: queue }\n'
    expect(problems(nightly, top).map((line) => line.replace(/: .*/, ''))).toEqual([
      'tasks.a.scope',
      'tasks.a.scope',
      'tasks.a.scope',
    ])
    expect(problems(`${nightly}, scope: host`, top)).toEqual([])
  })

  test.each([
    ['in the task', 'schedule: "@daily", command: x, timezone: UTC', ''],
    ['in the defaults', 'schedule: "@daily", command: x', 'defaults: { timezone: UTC }\n'],
    ['in the file', 'schedule: "@daily", command: x', 'timezone: Europe/Berlin\n'],
    ['not at all, with @every only', 'schedule: ["@every 5m", "@every 7m"], command: x', ''],
    ['not at all, for a daemon task', consumer, ''],
  ])('a task of the fleet may have its zone %s', (_what, keys, top) => {
    expect(problems(`scope: fleet, ${keys}`, top)).toEqual([])
  })

  test('a zone that is wrong is not also missing', () => {
    for (const top of ['timezone: Mars/Base\n', 'defaults: { timezone: Mars/Base }\n'])
      expect(problems('scope: fleet, schedule: "@daily", command: x', top)).toEqual([
        expect.stringMatching(/unknown time zone/),
      ])
  })

  test('24h of catchup and a longer window of a daemon task are good', () => {
    expect(problems(`scope: fleet, ${nightly}, catchup: latest, catchup_window: 24h`)).toEqual([])
    expect(problems(`scope: fleet, ${consumer}`, 'defaults: { catchup_window: 3d }\n')).toEqual([])
  })
})

describe('values of the fleet', () => {
  test.each([
    [
      'fence: 14s',
      'write 15s or more: the servers of the fleet may need some seconds to choose a new leader',
    ],
    ['fence: 30', 'did you mean "30s"?'],
    ['fence: false', 'did you mean "off"?'],
    ['start_within: 4s', 'write 5s or more, and 10m or less'],
    ['start_within: 11m', 'write 5s or more, and 10m or less'],
    ['start_within: 5 min', 'did you mean "5m"?'],
    ['on_lost: restart', 'did you mean "rerun"?'],
    ['max_per_host: "2"', 'remove the quotes'],
  ])('%s is an error with a hint', (key, hint) => {
    const found = problems(`scope: fleet, ${nightly}, max: 9, ${key}`)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(/: expected .*; got /)
    expect(found[0]).toContain(`(${hint})`)
  })

  test.each(['15s', '1d', 'off'])('fence: %s is good', (fence) => {
    expect(problems(`scope: fleet, ${nightly}, fence: ${fence}`)).toEqual([])
  })

  test.each(['5s', '10m'])('start_within: %s is good', (within) => {
    expect(problems(`scope: fleet, ${nightly}, start_within: ${within}`)).toEqual([])
  })

  test('a wrong entry of prefer is reported in its place', () => {
    expect(problems(`scope: fleet, ${nightly}, prefer: [db1, dbb, 10.0.0.0/33]`)).toEqual([
      'tasks.a.prefer[1]: unknown host group "dbb" (did you mean "db1"?)',
      expect.stringMatching(/^tasks\.a\.prefer\[2\]: expected an address/),
    ])
  })
})

describe('keys that do nothing', () => {
  test('prefer that names a machine outside of hosts is a warning', () => {
    const keys = `scope: fleet, ${nightly}, hosts: [db]`
    expect(problems(`${keys}, prefer: [db1, web1, "db*"]`)).toEqual([
      'warning: tasks.a.prefer[1]: no machine of hosts matches "web1" (prefer only orders the machines of hosts)',
    ])
    // Which machine has which address is not known.
    expect(problems(`${keys}, prefer: [10.0.1.7, web]`)).toEqual([])
  })

  test('a fence of a task without a limit is a warning', () => {
    expect(problems(`scope: fleet, ${nightly}, max: unlimited, on_lost: rerun`)).toEqual([
      'warning: tasks.a.on_lost: has no effect with max: unlimited: only a run that counts for max is missed (set max to a number)',
    ])
    expect(problems(`scope: fleet, ${nightly}, max: unlimited, fence: 30s`)).toEqual([
      'warning: tasks.a.fence: has no effect with max: unlimited: only a run that counts for max is fenced (set max to a number)',
    ])
  })

  test.each(['start_within: 1m', 'on_lost: rerun'])('a daemon task does not use %s', (key) => {
    expect(problems(`scope: fleet, ${consumer}, ${key}`)).toEqual([
      `warning: tasks.a.${key.replace(/:.*/, '')}: has no effect on a task of type daemon`,
    ])
  })
})

test('the readable part of a bad file leaves out the tasks of the fleet that prefer a wrong group', () => {
  const text = `hosts: { db: ["!x"], web: [web1] }
timezone: UTC
tasks:
  a: { schedule: "@daily", command: x, scope: fleet, prefer: [db] }
  b: { schedule: "@daily", command: x, scope: fleet, prefer: [web1] }
`
  const read = readTasks([{ path: 'tasks.yaml', text }], facts, { allowPartial: true })
  if (read.ok) throw new Error('a good file')
  expect(read.partial).toMatchObject({ file: { tasks: [{ name: 'b' }] }, unreadable: ['a'] })
})
