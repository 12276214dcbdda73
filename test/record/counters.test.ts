import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { maxSamples, newCounters } from '../../src/record/counters.ts'

const nothing = { started: 0, failed: 0, skipped: 0, missed: 0, lateness: { p50: null, max: null } }

test('takeStat gives what was counted since the last call', () => {
  const counters = newCounters()
  expect(counters.takeStat()).toEqual(nothing)
  counters.count('started')
  counters.count('started')
  counters.count('failed')
  counters.count('skipped')
  counters.count('missed', 3600)
  counters.late(4)
  expect(counters.takeStat()).toEqual({
    started: 2,
    failed: 1,
    skipped: 1,
    missed: 3600,
    lateness: { p50: 4, max: 4 },
  })
  expect(counters.takeStat()).toEqual(nothing)
})

test.each([
  { late: [0], p50: 0, max: 0 },
  { late: [9, 1], p50: 1, max: 9 },
  { late: [9, 1, 5], p50: 5, max: 9 },
  { late: [2, 2, 2, 60_000], p50: 2, max: 60_000 },
])('the median and the maximum of $late are right', ({ late, p50, max }) => {
  const counters = newCounters()
  for (const ms of late) counters.late(ms)
  expect(counters.takeStat().lateness).toEqual({ p50, max })
})

test('the median is exact while all samples are kept', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 200 }), (late) => {
      const counters = newCounters()
      for (const ms of late) counters.late(ms)
      const { p50, max } = counters.takeStat().lateness
      expect(late.filter((ms) => ms <= p50!).length).toBeGreaterThanOrEqual(late.length / 2)
      expect(late.filter((ms) => ms >= p50!).length).toBeGreaterThanOrEqual(late.length / 2)
      expect(max).toBe(Math.max(...late))
    }),
  )
})

test.each(['rising', 'falling', 'mixed'])(
  'the median of 100 times as many %s values as are kept is right within 1 %',
  (order) => {
    const counters = newCounters()
    const size = maxSamples * 100
    for (let n = 0; n < size; n += 1) {
      counters.late(order === 'rising' ? n : order === 'falling' ? size - 1 - n : (n * 7919) % size)
    }
    const { p50, max } = counters.takeStat().lateness
    expect(Math.abs(p50! / size - 0.5)).toBeLessThan(0.01)
    expect(max).toBe(size - 1)
  },
)
