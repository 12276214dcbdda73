import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { startsPerCell, startsPerSecond, sumPerCell } from '../../src/forecast/starts.ts'
import { sharedSlotsIn, slotsIn } from '../../src/forecast/window-slots.ts'
import { aTask, at } from '../plan/support.ts'

const window = { from: 1000, seconds: 12 }
const starts = (slots: number[], shift = 0) => ({ slots: new Float64Array(slots), shift })

describe('the starts of each second of a window', () => {
  test('begin with the second after its start, and end with its last', () => {
    const counts = startsPerSecond([starts([1001, 1003, 1012]), starts([1003])], window)
    expect([...counts]).toEqual([1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1])
  })

  test('are the slots, as much later as each task starts', () => {
    const same = new Float64Array([998, 1000])
    const tasks = [
      { slots: same, shift: 5 },
      { slots: same, shift: 5 },
      { slots: same, shift: 4 },
    ]
    expect([...startsPerSecond(tasks, window)]).toEqual([0, 1, 2, 1, 2, 0, 0, 0, 0, 0, 0, 0])
  })

  test('are summed up in cells', () => {
    const task = starts([1001, 1003, 1004, 1012])
    expect(startsPerCell(task, window, 4)).toEqual([2, 1, 0, 1])
    expect(startsPerCell(starts([996, 1000], 5), window, 12)).toEqual([
      1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
    ])
    expect(sumPerCell(startsPerSecond([task, task], window), 4)).toEqual([4, 2, 0, 2])
  })
})

describe('slots that are found once for all hosts', () => {
  const day = 86_400
  const from = fc.integer({
    min: at('2026-03-06T00:00:00Z'),
    max: at('2026-03-10T00:00:00Z'),
  })
  const schedule = fc.constantFrom(
    '*/7 * * * * *',
    '30 2 * * *',
    '*/5 1-3 * * *',
    '@every 7s',
    '@hourly',
  )

  test('are those of each host, whatever its part of the jitter', () => {
    fc.assert(
      fc.property(schedule, from, fc.integer({ min: 0, max: 600 }), (text, start, shift) => {
        const task = aTask({ schedule: text, timezone: 'America/New_York', jitterMs: 600_500 })
        const one = { from: start, seconds: day }
        expect([...sharedSlotsIn(task, one, shift)]).toEqual([
          ...slotsIn(task.schedules, one, shift),
        ])
      }),
      { numRuns: 50 },
    )
  })

  test('are one array where nothing is moved', () => {
    const one = { from: at('2026-03-06T00:00:00Z'), seconds: day }
    const [a, b] = ['a', 'b'].map((name) => aTask({ name, schedule: '@hourly' }))
    expect(sharedSlotsIn(a!, one, 0)).toBe(sharedSlotsIn(b!, one, 0))
    const other = aTask({ schedule: '@hourly', timezone: 'Asia/Tokyo' })
    expect(sharedSlotsIn(other, one, 0)).not.toBe(sharedSlotsIn(a!, one, 0))
  })

  test('are not kept for a jitter of days', () => {
    const task = aTask({ schedule: '@daily', jitterMs: 7 * day * 1000 })
    const one = { from: at('2026-03-06T12:00:00Z'), seconds: day }
    expect([...sharedSlotsIn(task, one, 3 * day)]).toEqual([at('2026-03-04T00:00:00Z')])
  })
})
