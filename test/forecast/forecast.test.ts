import { describe, expect, test } from 'vitest'
import {
  forecastOf,
  startsPerCell,
  startsPerSecond,
  sumPerCell,
} from '../../src/forecast/forecast.ts'
import { nextEntry, timetableOf } from '../../src/plan/slots.ts'
import { good } from '../support/tasks.ts'
import { aTask, at } from '../support/plan.ts'

const from = at('2026-03-02T10:00:00Z')

function only(...fields: Parameters<typeof aTask>) {
  const { tasks, busiest } = forecastOf([aTask(...fields)], 'web1', from)
  return { ...tasks[0]!, busiest }
}

describe('the next 24 hours of a task', () => {
  test.each([
    ['0 12 * * *', 1, '2026-03-02T12:00:00Z'],
    ['0 10 * * *', 1, '2026-03-03T10:00:00Z'],
    ['*/15 * * * *', 96, '2026-03-02T10:15:00Z'],
    ['* * * * * *', 86_400, '2026-03-02T10:00:01Z'],
    ['0 0 1 1 *', 0, '2027-01-01T00:00:00Z'],
    [['0 12 * * *', '0 12,13 * * *', '@reboot'], 2, '2026-03-02T12:00:00Z'],
  ])('the schedule %s has %d starts in 24 hours', (schedule, starts, next) => {
    const found = only({ schedule })
    expect(found).toMatchObject({ starts, next: at(next), shift: 0, varies: false })
    expect(found.slots).toHaveLength(starts)
  })

  test.each([
    ['@reboot', {}],
    [[], { type: 'daemon' as const }],
    ['0 0 30 2 *', {}],
  ])('a task with the schedule %j has no starts by the clock', (schedule, fields) => {
    expect(only({ schedule, ...fields })).toMatchObject({
      starts: 0,
      next: undefined,
      busiest: undefined,
    })
  })

  test('the starts of a task are in its own zone', () => {
    const found = only({ schedule: '0 12 * * *', timezone: 'Asia/Tokyo' })
    expect(found.next).toBe(at('2026-03-03T03:00:00Z'))
  })

  test('the number of starts depends on the window', () => {
    expect(forecastOf([aTask({ schedule: '@hourly' })], 'web1', from, 7200).starts).toBe(2)
    expect(forecastOf([aTask({ schedule: '@hourly' })], 'web1', from - 1, 7200).starts).toBe(2)
    expect(forecastOf([aTask({ schedule: '@hourly' })], 'web1', from - 1, 7202).starts).toBe(3)
  })
})

describe('jitter', () => {
  const task = aTask({ name: 'late', schedule: '* * * * *', jitterMs: 600_000 })

  test('jitter moves the starts of a forecast exactly as on the agenda of the daemon', () => {
    const found = forecastOf([task], 'web1', from).tasks[0]!
    const entry = nextEntry(timetableOf(task, 'web1'), from, from)
    expect(found.shift).toBeGreaterThan(60)
    expect([found.next, found.next! + found.shift]).toEqual([entry?.slot, entry?.at])
    expect(found.starts).toBe(1440)
    expect(found.slots.at(-1)! + found.shift).toBeLessThanOrEqual(from + 86_400)
    expect(found.varies).toBe(true)
  })

  test('jitter of less than a second moves no start', () => {
    expect(only({ schedule: '* * * * *', jitterMs: 999 })).toMatchObject({
      shift: 0,
      varies: false,
      next: from + 60,
    })
  })
})

test('a forecast resolves H by the short name of the host', () => {
  const text = 'tasks: { job: { schedule: H H * * *, command: x } }'
  const [here] = good(text, { host: 'web1' }).tasks
  const [there] = good(text, { host: 'web2' }).tasks
  const forecast = forecastOf([here!], 'WEB2.example.com', from)
  expect(forecast.tasks[0]).toMatchObject({
    varies: true,
    starts: 1,
    next: forecastOf([there!], 'web2', from).tasks[0]!.next,
  })
  expect(forecast.tasks[0]!.next).not.toBe(forecastOf([here!], 'web1', from).tasks[0]!.next)
})

describe('the busiest second', () => {
  test('the busiest second is the first one with the most starts', () => {
    const tasks = ['0 12 * * *', '0 12,13 * * *', '0 13 * * *', '*/10 * * * *'].map(
      (schedule, index) => aTask({ name: `t${index}`, schedule }),
    )
    const forecast = forecastOf(tasks, 'web1', from)
    expect(forecast.busiest).toEqual({ at: at('2026-03-02T12:00:00Z'), starts: 3 })
    expect(forecast.starts).toBe(1 + 2 + 1 + 144)
  })

  test('the busiest second counts a start when it happens, after its jitter', () => {
    const late = aTask({ name: 'late', schedule: '0 12 * * *', jitterMs: 3_600_000 })
    const { busiest, tasks } = forecastOf([late], 'web1', from)
    expect(busiest).toEqual({ at: at('2026-03-02T12:00:00Z') + tasks[0]!.shift, starts: 1 })
  })

  test('the busiest second may be the last one of the window', () => {
    const tasks = [aTask({ schedule: '0 10 * * *' }), aTask({ name: 'b', schedule: '0 10 * * *' })]
    expect(forecastOf(tasks, 'web1', from).busiest).toEqual({ at: from + 86_400, starts: 2 })
  })
})

const window = { from: 1000, seconds: 12 }
const starts = (slots: number[], shift = 0) => ({ slots: new Float64Array(slots), shift })

describe('the starts per second', () => {
  test('the starts per second begin with the second after `from` and end with the last of the window', () => {
    const counts = startsPerSecond([starts([1001, 1003, 1012]), starts([1003])], window)
    expect([...counts]).toEqual([1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1])
  })

  test('a start counts in the second of its slot plus the shift of its task', () => {
    const same = new Float64Array([998, 1000])
    const tasks = [
      { slots: same, shift: 5 },
      { slots: same, shift: 5 },
      { slots: same, shift: 4 },
    ]
    expect([...startsPerSecond(tasks, window)]).toEqual([0, 1, 2, 1, 2, 0, 0, 0, 0, 0, 0, 0])
  })

  test('the starts per cell are the sums of the starts per second', () => {
    const task = starts([1001, 1003, 1004, 1012])
    expect(startsPerCell(task, window, 4)).toEqual([2, 1, 0, 1])
    expect(startsPerCell(starts([996, 1000], 5), window, 12)).toEqual([
      1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
    ])
    expect(sumPerCell(startsPerSecond([task, task], window), 4)).toEqual([4, 2, 0, 2])
  })
})
