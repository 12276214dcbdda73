import { describe, expect, test } from 'vitest'
import { formatSize, parseSize } from '../../../src/text/size.ts'
import { formatUmask, parseUmask } from '../../../src/tasks/file/schema-values.ts'
import { nonDefaultKeys, writtenKeys } from '../../../src/tasks/compare/written.ts'
import { good, task } from '../../support/tasks.ts'

describe('writtenKeys', () => {
  test.each([
    ['schedule: "@daily"', 'schedule', '@daily'],
    ['schedule: [" 0  2 * * *", "0 3 * * *"]', 'schedule', ['0 2 * * *', '0 3 * * *']],
    ['schedule: ["0 2 * * *"]', 'schedule', '0 2 * * *'],
    ['command: [run, 010]', 'command', ['run', '010']],
    ['command: "a\\nb\\n"', 'command', 'a\nb'],
    ['hosts: [10.0.1.0/24, "!10.0.1.9"]', 'hosts', ['10.0.1.0/24', '!10.0.1.9']],
    ['max: unlimited', 'max', 'unlimited'],
    ['max: 3', 'max', 3],
    ['max: 3', 'scope', 'host'],
    ['max: 3', 'fence', 'off'],
    ['max: 3', 'start_within', '1m'],
    ['{ scope: fleet, prefer: [10.0.0.1, "!a.b"] }', 'prefer', ['10.0.0.1', '!a.b']],
    ['{ scope: fleet, max: 4, max_per_host: 2 }', 'max_per_host', 2],
    ['{ scope: fleet, fence: 90s }', 'fence', '1m30s'],
    ['{ scope: fleet, on_lost: rerun }', 'on_lost', 'rerun'],
    ['{ scope: fleet, start_within: 600s }', 'start_within', '10m'],
    ['jitter: 90s', 'jitter', '1m30s'],
    ['timeout: 90m', 'timeout', '1h30m'],
    ['nice: 0', 'timeout', null],
    ['catchup_window: 36h', 'catchup_window', '1d12h'],
    ['retry: { attempts: 3 }', 'retry.attempts', 3],
    ['retry: { attempts: 3 }', 'retry.max_delay', '5m'],
    ['retry: { attempts: 3 }', 'retry.on', null],
    ['retry: { on: [75, 100..110, timeout] }', 'retry.on', ['75', '100..110', 'timeout']],
    ['success_codes: [3, 0, 3]', 'success_codes', [0, 3]],
    ['umask: 77', 'umask', '077'],
    ['limits: { cpu: 90, memory: 2048MiB }', 'limits.cpu', '1m30s'],
    ['limits: { cpu: 90, memory: 2048MiB }', 'limits.memory', '2GiB'],
    ['limits: { cpu: 90, memory: 2048MiB }', 'limits.nofile', null],
    ['user: 33', 'user', '33'],
    ['env: { A: 010 }', 'env.A', '010'],
    ['cwd: .', 'cwd', '.'],
    ['cwd: app/./x', 'cwd', 'app/x'],
    ['cwd: /srvx', 'cwd', '/srvx'],
    ['cwd: ../other', 'cwd', '/other'],
    ['env_file: good.env', 'env_file', 'good.env'],
    ['output: { max_size: 1500kB }', 'output.max_size', '1.5MB'],
    ['labels: { a.b: c }', 'labels.a.b', 'c'],
    ['description: "x\\n"', 'description', 'x'],
    ['enabled: false', 'enabled', false],
  ])('%s gives the written value of %s', (line, key, value) => {
    const own = line.startsWith('schedule') || line.startsWith('command')
    // A map stands for several keys.
    const given = line.startsWith('{') ? [`<<: ${line}`, 'timezone: UTC'] : [line]
    const others = ['schedule: "@hourly"', 'command: run']
    const lines = own
      ? [...others.filter((each) => each.slice(0, 4) !== line.slice(0, 4)), line]
      : [...others, ...given]
    const text = `tasks:\n  a:\n${lines.map((each) => `    ${each}\n`).join('')}`
    const [only] = good(text, { mayChangeUser: true }).tasks
    if (only === undefined) throw new Error('no task')
    expect(writtenKeys(only, '/srv').get(key)?.value).toEqual(value)
  })

  test('a size is written in the shortest exact form', () => {
    const sizes = ['0B', '1B', '1kB', '1KiB', '10MB', '1.5GB', '1.5GiB', '1TB', '1234567B', '4MiB']
    for (const text of sizes) expect(formatSize(parseSize(text) ?? NaN)).toBe(text)
    expect(formatSize(1024 * 1000)).toBe('1024kB')
  })

  test('a umask is written with three digits', () => {
    for (const mask of [0, 0o7, 0o22, 0o77, 0o777]) expect(parseUmask(formatUmask(mask))).toBe(mask)
    expect(formatUmask(0o7)).toBe('007')
  })
})

describe('nonDefaultKeys', () => {
  const keysOf = (...lines: string[]) => nonDefaultKeys(task(...lines), '/srv', 'UTC')
  test.each([
    [[], {}],
    [['max: 1', 'timezone: UTC', 'retry: { delay: 1s }'], {}],
    [
      ['max: 2', 'timezone: Asia/Tokyo', 'env: { A: b }'],
      { max: 2, timezone: 'Asia/Tokyo', 'env.A': 'b' },
    ],
    [['retry: { attempts: 1 }', 'hosts: [10.0.0.1]'], { hosts: ['10.0.0.1'], 'retry.attempts': 1 }],
  ])('nonDefaultKeys() gives only keys that differ from their defaults: %j', (lines, more) => {
    const always = { schedule: '@daily', command: 'run' }
    expect(Object.fromEntries(keysOf(...lines))).toEqual({ ...always, ...more })
  })

  test('nonDefaultKeys() gives the keys of the fleet that differ from the defaults of the type', () => {
    const keysOfDaemon = (keys: string) => {
      const [one] = good(`tasks: { a: { type: daemon, command: x, scope: fleet, ${keys} } }`).tasks
      if (one === undefined) throw new Error('no task')
      return Object.fromEntries(nonDefaultKeys(one, '/srv', 'UTC'))
    }
    const always = { type: 'daemon', command: 'x', scope: 'fleet' }
    expect(keysOfDaemon('fence: 30s')).toEqual(always)
    expect(keysOfDaemon('fence: off')).toEqual({ ...always, fence: 'off' })
    const shared = Object.fromEntries(keysOf('scope: fleet', 'timezone: UTC', 'fence: 30s'))
    expect(shared).toEqual({ schedule: '@daily', command: 'run', scope: 'fleet', fence: '30s' })
  })

  test('nonDefaultKeys() gives the type of a daemon task, and no key without effect on it', () => {
    const text =
      'defaults: { retry: { attempts: 3 }, restart: { delay: 5s } }\ntasks: { a: { type: daemon, command: x } }'
    const [daemon] = good(text).tasks
    if (daemon === undefined) throw new Error('no task')
    expect(Object.fromEntries(nonDefaultKeys(daemon, '/srv', 'UTC'))).toEqual({
      command: 'x',
      type: 'daemon',
      'restart.delay': '5s',
    })
  })
})
