import { describe, expect, test } from 'vitest'
import { forecastOf } from '../../src/forecast/forecast.ts'
import { hostSpikeIn } from '../../src/forecast/start-spikes.ts'
import { hostWarnings } from '../../src/forecast/warnings.ts'
import { fileOf, from, many, messagesOf, warningsOf } from './support.ts'

test('a file without mistakes has no warnings', () => {
  expect(
    messagesOf({
      morning: '30 6 * * *',
      boot: '@reboot',
      kept: { type: 'daemon', timeout: '1h' },
      each: { schedule: '*/5 * * * *', timeout: '5m' },
      off: { schedule: '30 2 * * *', enabled: false, timeout: '2d' },
    }),
  ).toEqual([])
})

describe('a task that never runs', () => {
  test('tasks that no machine can match share a warning', () => {
    const split = ['10.0.1.0/24', '!10.0.1.0/25', '!10.0.1.128/25']
    expect(
      messagesOf(
        {
          a: { schedule: 'H 6 * * *', hosts: ['web', '!web'] },
          b: { schedule: 'H 6 * * *', hosts: split },
          c: { schedule: 'H 6 * * *', hosts: ['web'] },
        },
        { web: ['10.0.1.0/24'] },
      ),
    ).toEqual(['nowhere a b: no machine can match: hosts excludes every machine that it names'])
  })

  test('a task gets a warning if its schedule names only dates that do not exist', () => {
    expect(
      messagesOf({ a: '0 0 30 2 *', b: '0 12 31 4,6 *', c: ['0 0 30 2 *', '@reboot'].at(1)! }),
    ).toEqual(['never a b: never starts: there is no such date'])
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
  ])('a task with %j gets a warning about its timeout', (fields, message, hint) => {
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
  ])('a task with %j gets no warning', (fields) => {
    expect(messagesOf({ a: fields })).toEqual([])
  })

  test('tasks with the same timeout and interval share a warning', () => {
    const quarter = { schedule: '*/15 * * * *', timeout: '1h' }
    expect(
      warningsOf(fileOf({ a: quarter, b: { ...quarter, timeout: '2h' }, c: quarter })),
    ).toMatchObject([{ tasks: ['a', 'c'] }, { tasks: ['b'] }])
  })
})

describe('the warnings of one host', () => {
  test('the warnings of one host are about its own tasks, with its own H', () => {
    const { tasks } = fileOf({
      ...many('t', 10, '0 6 * * *'),
      hashed: 'H 2 * * *',
      never: '0 0 30 2 *',
    })
    const forecast = forecastOf(tasks, 'web1', from)
    const context = { from, zone: 'UTC', isName: true }
    const warnings = hostWarnings(forecast.tasks, hostSpikeIn(forecast, true), context)
    expect(warnings.map(({ kind, tasks: names }) => [kind, names.length])).toEqual([
      ['never', 1],
      ['herd', 10],
      ['gap', 1],
    ])
    expect(warnings[2]?.message).toMatch(/^02:\d\d does not exist on 2027-03-14 in /)
  })
})
