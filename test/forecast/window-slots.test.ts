import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sharedSlotsIn, slotsIn } from '../../src/forecast/window-slots.ts'
import { aTask, at } from '../support/plan.ts'

describe('the slots that all hosts share', () => {
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

  test('the shared slots are the slots of each host, whatever its part of the jitter', () => {
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

  test('tasks with the same schedule and no jitter share one array of slots', () => {
    const one = { from: at('2026-03-06T00:00:00Z'), seconds: day }
    const [a, b] = ['a', 'b'].map((name) => aTask({ name, schedule: '@hourly' }))
    expect(sharedSlotsIn(a!, one, 0)).toBe(sharedSlotsIn(b!, one, 0))
    const other = aTask({ schedule: '@hourly', timezone: 'Asia/Tokyo' })
    expect(sharedSlotsIn(other, one, 0)).not.toBe(sharedSlotsIn(a!, one, 0))
  })

  test('the slots of a task with a jitter of days are right', () => {
    const task = aTask({ schedule: '@daily', jitterMs: 7 * day * 1000 })
    const one = { from: at('2026-03-06T12:00:00Z'), seconds: day }
    expect([...sharedSlotsIn(task, one, 3 * day)]).toEqual([at('2026-03-04T00:00:00Z')])
  })
})
