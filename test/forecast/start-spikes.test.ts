import { describe, expect, test } from 'vitest'
import { forecastOf } from '../../src/forecast/forecast.ts'
import { hostSpikeIn, spreadHint, withHash } from '../../src/forecast/start-spikes.ts'
import { aTask, at } from '../support/plan.ts'
import { read } from '../support/schedules.ts'
import { fileOf, from, many, messagesOf, warningsOf } from './support.ts'

describe('many tasks in one second on one host', () => {
  test('ten tasks that start in one second on one host get a warning', () => {
    expect(messagesOf(many('t', 9, '0 6 * * *'))).toEqual([])
    expect(messagesOf(many('t', 10, '0 6 * * *'))).toEqual([
      'herd t0 t1 t2 t3 t4 t5 t6 t7 t8 t9: 10 tasks start in one second on every machine, at 2026-09-02T10:00:00+00:00',
    ])
  })

  test('the warning names the largest spike and counts the other seconds with one', () => {
    const [warning, ...others] = warningsOf(
      fileOf({ ...many('hourly', 10, '@hourly'), ...many('daily', 2, '0 3 * * *') }),
    )
    expect(others).toEqual([])
    expect(warning?.tasks).toHaveLength(12)
    expect(warning?.message).toBe(
      '12 tasks start in one second on every machine, at 2026-09-02T07:00:00+00:00; 10 or more start together in 23 other seconds of the day',
    )
    expect(warning?.hint).toBe(
      '"H * * * *" instead of "@hourly" in hourly0, or jitter: 10m, gives each its own time',
    )
  })

  test('hosts with the same spike share a warning', () => {
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

  test('tasks with H or jitter count only on a host with a known name', () => {
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
    const spike = hostSpikeIn(forecast, true)
    expect(spike?.tasks.length).toBeGreaterThanOrEqual(10)
    expect(spike?.tasks.every(({ shift }) => shift === spike.tasks[0]?.shift)).toBe(true)
    expect(hostSpikeIn(forecast, false)).toBeUndefined()
  })
})

describe('one task in the same second on many machines', () => {
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
  ])('a task at a fixed time with hosts %j gets a warning about %s', (hosts, place) => {
    expect(messagesOf({ a: { schedule: '0 6 * * *', ...(hosts && { hosts }) } }, groups)).toEqual([
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
  ])('a task with %j gets no warning about many machines', (fields) => {
    expect(messagesOf({ a: { schedule: '0 6 * * *', ...fields } }, groups)).toEqual([])
  })

  test('a task that runs everywhere gets no warning in a file that names no hosts', () => {
    expect(messagesOf({ a: '0 6 * * *' })).toEqual([])
  })

  test('tasks with the same hosts share a warning', () => {
    expect(
      messagesOf(
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

test.each([
  ['30 2 * * *', 'H 2 * * *'],
  ['*/15 * * * *', 'H/15 * * * *'],
  ['0/20 8-18 * * MON-FRI', 'H/20 8-18 * * mon-fri'],
  ['* * * * *', 'H * * * * *'],
  ['*/1 * * * *', undefined],
  ['0 30 2 * * *', '0 H 2 * * *'],
  ['0 * * * * *', 'H * * * * *'],
  ['*/10 * * * * *', 'H/10 * * * * *'],
  ['* * * * * *', undefined],
  ['0,30 8 * * *', undefined],
  ['10-20 8 * * *', undefined],
  ['@daily', 'H H * * *'],
  ['@Hourly', 'H * * * *'],
  ['@every 1h', undefined],
  ['@reboot', undefined],
])('the schedule %s with its own time on each machine is %s', (text, spread) => {
  expect(withHash(text)).toBe(spread)
  if (spread !== undefined) read(spread)
})

test.each([
  [
    ['@every 1h', '5 * * * *'],
    '"H * * * *" instead of "5 * * * *" in job, or jitter: 1m, gives each its own time',
  ],
  [['@every 1h'], 'jitter: 10m gives each its own time'],
  [['@every 1m'], 'jitter: 30s gives each its own time'],
  [['@every 3s'], 'jitter: 1s gives each its own time'],
  [['0,1 8 * * *'], 'jitter: 30s gives each its own time'],
])('the hint for the schedule %j is: %s', (schedule, hint) => {
  const { tasks } = forecastOf([aTask({ schedule })], 'web1', at('2026-09-01T12:00:00Z'))
  expect(spreadHint(tasks)).toBe(hint)
})
