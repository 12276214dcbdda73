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
  ])('a task at %s gets a warning about the next change of the clock', (schedule, message) => {
    expect(messagesOf({ a: schedule })).toEqual([message])
  })

  test.each([
    '0 3 * * *',
    '59 0 * * *',
    '0 2 * * 1',
    '*/10 * * * *',
    '@every 1h',
    'H 2 * * *',
    '30 2 1 jan *',
    // Due in both passes of a repeated hour, like an interval.
    '*/5 1 * * *',
    // Due at the end of the gap anyway.
    '*/5 0-6 * * *',
    '0,30 0-1 * * *',
  ])('a task at %s is not affected by a change of the clock', (schedule) => {
    expect(messagesOf({ a: schedule })).toEqual([])
  })

  test('a change of the clock gets one warning with the times that it affects', () => {
    const tasks = {
      a: { schedule: ['30 1 * * *', '0,30 2 * * *'] },
      b: '*/15 0-2 * * *',
      c: '5 2 * * *',
      d: '0 1 * * *',
    }
    expect(messagesOf(tasks)).toEqual([
      'overlap a d: 01:00, 01:30 come twice on 2026-11-01 in America/New_York: each task fires the first time only',
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
  ])('the next changes of the clock in %s are right', (timezone, schedule, messages) => {
    expect(messagesOf({ a: { schedule, timezone } })).toEqual(messages)
  })

  test('a warning about a change of the clock says which times to avoid', () => {
    expect(warningsOf(fileOf({ a: '30 2 * * *' }))[0]?.hint).toBe(
      'choose a time outside 02:00-03:00, or set timezone: UTC',
    )
  })
})

describe('the slots of the fleet', () => {
  const each = { schedule: '* * * * * *', scope: 'fleet' }

  test('tasks of the fleet get a warning if they have too many slots together', () => {
    const off = { ...each, enabled: false }
    const tasks = { rare: { ...each, schedule: '@hourly' }, ...many('t', 3, each), off }
    expect(messagesOf(tasks)).toEqual([
      'claims t0 t1 t2 rare: tasks with scope: fleet have 518448 slots in 48 h: the fleet remembers at most 1000000, and starts nothing more when it is full',
    ])
  })

  test('fewer slots, and tasks of single machines, get no such warning', () => {
    const alone = many('host', 3, '* * * * * *')
    const found = messagesOf({ ...many('t', 2, each), ...alone })
    expect(found.filter((line) => line.startsWith('claims'))).toEqual([])
  })
})

test('a task of the fleet starts on one machine, so many machines and many tasks are no spike', () => {
  const shared = { schedule: '30 6 * * *', scope: 'fleet' }
  expect(messagesOf(many('t', 12, shared), { web: ['10.0.0.0/8'] })).toEqual([])
  const alone = messagesOf(many('t', 12, '30 6 * * *'), { web: ['10.0.0.0/8'] })
  expect(alone.map((line) => line.split(' ')[0])).toEqual(['herd', 'fleet'])
})

test('the times of a task of the fleet with H are known, also when the clock changes', () => {
  const tasks = Object.fromEntries(
    Array.from({ length: 20 }, (_, at) => [`t${at}`, { schedule: 'H 2 * * *', scope: 'fleet' }]),
  )
  expect(messagesOf(tasks).map((line) => line.split(' ')[0])).toContain('gap')
})
