import { describe, expect, test } from 'vitest'
import { forecastOf } from '../../src/forecast/forecast.ts'
import { herdOn } from '../../src/forecast/host-spikes.ts'
import { namedHosts } from '../../src/forecast/hosts.ts'
import type { Warning } from '../../src/forecast/warning.ts'
import { fileWarnings, hostWarnings } from '../../src/forecast/warnings.ts'
import type { TasksFile } from '../../src/tasks/task.ts'
import { good } from '../tasks/read.ts'
import { at } from '../plan/support.ts'

const from = at('2026-09-01T12:00:00Z')

type Fields = Readonly<Record<string, unknown>>

/** A file in New York of tasks by name; a text is a schedule. */
function fileOf(tasks: Readonly<Record<string, string | Fields>>, hosts: object = {}): TasksFile {
  const all = Object.entries(tasks).map(([name, value]) => {
    const fields = typeof value === 'string' ? { schedule: value } : value
    return [name, { command: 'x', ...fields }]
  })
  const text = { timezone: 'America/New_York', hosts, tasks: Object.fromEntries(all) }
  return good(JSON.stringify(text))
}

function warningsOf(file: TasksFile): Warning[] {
  const hosts = namedHosts(file)
  const herds = hosts.flatMap(({ host, isName, tasks }) => {
    const forecast = forecastOf(
      tasks.map(({ task }) => task),
      host,
      from,
    )
    return herdOn(forecast, isName) ?? []
  })
  return fileWarnings(file, hosts, herds, { from, zone: 'UTC' })
}

/** As `kind a b: message`. */
function told(tasks: Parameters<typeof fileOf>[0], hosts?: object): string[] {
  return warningsOf(fileOf(tasks, hosts)).map(
    ({ kind, tasks: names, message }) => `${kind} ${names.join(' ')}: ${message}`,
  )
}

/** So many tasks, `name0`, `name1`... */
function many(name: string, count: number, value: string | Fields) {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [name + index, value]))
}

test('a file in which nothing is doubtful', () => {
  expect(
    told({
      morning: '30 6 * * *',
      boot: '@reboot',
      kept: { type: 'daemon', timeout: '1h' },
      each: { schedule: '*/5 * * * *', timeout: '5m' },
      off: { schedule: '30 2 * * *', enabled: false, timeout: '2d' },
    }),
  ).toEqual([])
})

describe('tasks that nobody runs, or never', () => {
  test('are told together', () => {
    const split = ['10.0.1.0/24', '!10.0.1.0/25', '!10.0.1.128/25']
    expect(
      told(
        {
          a: { schedule: 'H 6 * * *', hosts: ['web', '!web'] },
          b: { schedule: 'H 6 * * *', hosts: split },
          c: { schedule: 'H 6 * * *', hosts: ['web'] },
        },
        { web: ['10.0.1.0/24'] },
      ),
    ).toEqual(['nowhere a b: no machine can match: all that hosts names is negated'])
  })

  test('a date that there is not', () => {
    expect(
      told({ a: '0 0 30 2 *', b: '0 12 31 4,6 *', c: ['0 0 30 2 *', '@reboot'].at(1)! }),
    ).toEqual(['never a b: never starts: there is no such date'])
  })
})

describe('herds', () => {
  test('ten tasks in one second', () => {
    expect(told(many('t', 9, '0 6 * * *'))).toEqual([])
    expect(told(many('t', 10, '0 6 * * *'))).toEqual([
      'herd t0 t1 t2 t3 t4 t5 t6 t7 t8 t9: 10 tasks start in one second on every machine, at 2026-09-02T10:00:00+00:00',
    ])
  })

  test('the largest is told, and in how many seconds there is one', () => {
    const [warning, ...others] = warningsOf(
      fileOf({ ...many('hourly', 10, '@hourly'), ...many('daily', 2, '0 3 * * *') }),
    )
    expect(others).toEqual([])
    expect(warning?.tasks).toHaveLength(12)
    expect(warning?.message).toBe(
      '12 tasks start in one second on every machine, at 2026-09-02T07:00:00+00:00; 10 or more do in 23 other seconds of the day',
    )
    expect(warning?.hint).toBe(
      '"H * * * *" instead of "@hourly" in hourly0, or jitter: 10m, gives each its own time',
    )
  })

  test('hosts with the same one are told together, others apart', () => {
    const web = { web: ['10.0.1.5', 'web1'], db: ['10.0.2.1'] }
    const tasks = {
      ...many('all', 8, 'H 6 * * *'),
      ...many('web', 10, { schedule: '0 7 * * *', hosts: ['web'] }),
      ...many('db', 11, { schedule: '0 7 * * *', hosts: ['db'] }),
    }
    expect(warningsOf(fileOf(tasks, web)).map(({ message }) => message)).toEqual([
      '10 tasks start in one second on web, 10.0.1.5, web1, at 2026-09-02T11:00:00+00:00',
      '11 tasks start in one second on db, 10.0.2.1, at 2026-09-02T11:00:00+00:00',
    ])
  })

  test('H and jitter count only where the name of the machine is known', () => {
    const tasks = many('t', 200, { schedule: 'H H(6-7) * * *', jitter: '10s' })
    const file = fileOf(
      { ...tasks, ...many('u', 9, { schedule: '0 6 * * *', hosts: ['one'] }) },
      { one: ['web1'] },
    )
    expect(warningsOf(file)).toEqual([])
    const forecast = forecastOf(
      fileOf(many('t', 20, { schedule: '0 6 * * *', jitter: '2s' })).tasks,
      'web1',
      from,
    )
    const herd = herdOn(forecast, true)
    expect(herd?.tasks.length).toBeGreaterThanOrEqual(10)
    expect(herd?.tasks.every(({ shift }) => shift === herd.tasks[0]?.shift)).toBe(true)
    expect(herdOn(forecast, false)).toBeUndefined()
  })
})

describe('many machines in one second', () => {
  const groups = { web: ['10.0.1.0/28'], few: ['10.0.2.1', '10.0.2.2'], names: many10() }

  function many10(): string[] {
    return Array.from({ length: 10 }, (_, index) => `n${index}`)
  }

  test.each([
    [undefined, 'every machine'],
    [['!few'], 'every machine'],
    [['*'], 'every machine'],
    [['web'], 'every machine of web'],
    [['few', 'web', '!10.0.1.9'], 'every machine of web'],
    [['10.0.0.0/8'], 'every machine of 10.0.0.0/8'],
    [['2001:db8::/32'], 'every machine of 2001:db8::/32'],
    [['names'], 'every machine of names'],
    [['few', '10.0.3.0/29'], 'every machine of few, 10.0.3.0/29'],
  ])('hosts: %j', (hosts, place) => {
    expect(told({ a: { schedule: '0 6 * * *', ...(hosts && { hosts }) } }, groups)).toEqual([
      `fleet a: starts in the same second on ${place}`,
    ])
  })

  test.each([
    [{ hosts: ['few'] }],
    [{ hosts: ['10.0.3.0/29'] }],
    [{ hosts: ['web-*'] }],
    [{ schedule: 'H 6 * * *' }],
    [{ jitter: '1m' }],
    [{ schedule: '* * * * * *' }],
    [{ schedule: '@reboot' }],
    [{ enabled: false }],
  ])('not %j', (fields) => {
    expect(told({ a: { schedule: '0 6 * * *', ...fields } }, groups)).toEqual([])
  })

  test('everywhere is no fleet in a file that names nobody', () => {
    expect(told({ a: '0 6 * * *' })).toEqual([])
  })

  test('is one warning for each place', () => {
    expect(
      told(
        {
          a: { schedule: '0 6 * * *', hosts: ['web'] },
          b: '0 7 * * *',
          c: { schedule: '*/5 * * * *', hosts: ['web', '!10.0.1.3'] },
        },
        groups,
      ),
    ).toEqual([
      'fleet a c: 2 tasks start in the same second on every machine of web',
      'fleet b: starts in the same second on every machine',
    ])
  })
})

describe('changes of the clock', () => {
  test.each([
    [
      '30 2 * * *',
      'gap a: 02:30 does not exist on 2027-03-14 in America/New_York: fires once at 03:00:00-04:00',
    ],
    [
      '15 30 1 * * *',
      'overlap a: 01:30:15 comes twice on 2026-11-01 in America/New_York: fires the first time only',
    ],
  ])('%s', (schedule, message) => {
    expect(told({ a: schedule })).toEqual([message])
  })

  test.each([
    '0 3 * * *',
    '59 0 * * *',
    '0 2 * * 1',
    '*/10 * * * *',
    '@every 1h',
    'H 2 * * *',
    '30 2 1 jan *',
  ])('not %s', (schedule) => {
    expect(told({ a: schedule })).toEqual([])
  })

  test('are one warning each, with the times that they touch', () => {
    const tasks = {
      a: { schedule: ['30 1 * * *', '0,30 2 * * *'] },
      b: '*/15 0-2 * * *',
      c: '5 2 * * *',
    }
    expect(told(tasks)).toEqual([
      'overlap a b: 01:00, 01:30 come twice on 2026-11-01 in America/New_York: each task fires the first time only',
      'gap a b c: 02:00, 02:05 do not exist on 2027-03-14 in America/New_York: each task fires once at 03:00:00-04:00',
    ])
  })

  test.each([
    [
      'Australia/Lord_Howe',
      '15 2 * * *',
      [
        'gap a: 02:15 does not exist on 2026-10-04 in Australia/Lord_Howe: fires once at 02:30:00+11:00',
      ],
    ],
    [
      'Antarctica/Troll',
      '0 2 * * *',
      [
        'overlap a: 02:00 comes twice on 2026-10-25 in Antarctica/Troll: fires the first time only',
        'gap a: 02:00 does not exist on 2027-03-28 in Antarctica/Troll: fires once at 03:00:00+02:00',
      ],
    ],
    [
      'America/Havana',
      '@daily',
      [
        'overlap a: 00:00 comes twice on 2026-11-01 in America/Havana: fires the first time only',
        'gap a: 00:00 does not exist on 2027-03-14 in America/Havana: fires once at 01:00:00-04:00',
      ],
    ],
    ['Asia/Tokyo', '*/5 0-22 * * *', []],
  ])('in %s', (timezone, schedule, messages) => {
    expect(told({ a: { schedule, timezone } })).toEqual(messages)
  })

  test('say how to be out of them', () => {
    expect(warningsOf(fileOf({ a: '30 2 * * *' }))[0]?.hint).toBe(
      'choose a time outside of 02:00-03:00, or timezone: UTC',
    )
  })
})

describe('a timeout longer than the time between slots', () => {
  test.each([
    [
      { schedule: '*/5 * * * *', timeout: '1h' },
      'timeout: 1h is longer than the time between slots (5m): while runs take that long, slots are skipped',
      'timeout: 5m, or a greater max if runs may overlap',
    ],
    [
      { schedule: '0 6,7 * * *', timeout: '7h', max: 3 },
      'timeout: 7h is longer than the time between slots (1h times max: 3): while runs take that long, slots are skipped',
      'timeout: 3h, or a greater max if runs may overlap',
    ],
    [
      { schedule: ['30 2 * * *', '15 12 * * *'], timeout: '12h' },
      'timeout: 12h is longer than the time between slots (9h45m): while runs take that long, slots are skipped',
      'timeout: 9h45m, or a greater max if runs may overlap',
    ],
    [
      { schedule: '0 6 * * 1,2', timeout: '2d', overlap: 'queue' },
      'timeout: 2d is longer than the time between slots (1d): while runs take that long, one slot waits and the others are skipped',
      'timeout: 1d, or a greater max if runs may overlap',
    ],
    [
      { schedule: '* * * * * *', timeout: '10s', overlap: 'replace' },
      'timeout: 10s is longer than the time between slots (1s): a slot ends the oldest run before its timeout does',
      'timeout: 1s, or none',
    ],
  ])('%j', (fields, message, hint) => {
    expect(warningsOf(fileOf({ a: fields }))).toContainEqual({
      kind: 'timeout',
      tasks: ['a'],
      message,
      hint,
    })
  })

  test.each([
    { schedule: '*/5 * * * *', timeout: '5m' },
    { schedule: '*/5 * * * *', timeout: '1h', max: 12 },
    { schedule: '*/5 * * * *', timeout: '1h', max: 'unlimited' },
    { schedule: '0 6 1 1 *', timeout: '300d' },
    { schedule: '@reboot', timeout: '1h' },
  ])('not %j', (fields) => {
    expect(told({ a: fields })).toEqual([])
  })

  test('is one warning for all with the same numbers', () => {
    const quarter = { schedule: '*/15 * * * *', timeout: '1h' }
    expect(
      warningsOf(fileOf({ a: quarter, b: { ...quarter, timeout: '2h' }, c: quarter })),
    ).toMatchObject([{ tasks: ['a', 'c'] }, { tasks: ['b'] }])
  })
})

describe('of one host', () => {
  test('its own tasks are told, with the H that it has', () => {
    const { tasks } = fileOf({
      ...many('t', 10, '0 6 * * *'),
      hashed: 'H 2 * * *',
      never: '0 0 30 2 *',
    })
    const forecast = forecastOf(tasks, 'web1', from)
    const context = { from, zone: 'UTC', isName: true }
    const warnings = hostWarnings(forecast.tasks, herdOn(forecast, true), context)
    expect(warnings.map(({ kind, tasks: names }) => [kind, names.length])).toEqual([
      ['never', 1],
      ['herd', 10],
      ['gap', 1],
    ])
    expect(warnings[2]?.message).toMatch(/^02:\d\d does not exist on 2027-03-14 in /)
  })
})
