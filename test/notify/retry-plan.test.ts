import { expect, test } from 'vitest'
import { nextDelayMs, parseRetryAfter } from '../../src/notify/retry-plan.ts'

test('tries come after 5 s, 30 s, 2 m, 10 m, and then each hour, for 24 hours in all', () => {
  const delays: number[] = []
  let waitedMs = 0
  for (;;) {
    const delay = nextDelayMs(delays.length + 1, waitedMs)
    if (delay === undefined) break
    delays.push(delay)
    waitedMs += delay
  }
  expect(delays.slice(0, 6)).toEqual([5_000, 30_000, 120_000, 600_000, 3_600_000, 3_600_000])
  expect(waitedMs).toBe(86_400_000)
  expect(delays).toHaveLength(28)
})

test('a server that asks for a longer pause gets it, up to an hour and within the 24 hours', () => {
  expect(nextDelayMs(1, 0, 2_000)).toBe(5_000)
  expect(nextDelayMs(1, 0, 60_000)).toBe(60_000)
  expect(nextDelayMs(1, 0, 3_600_000)).toBe(3_600_000)
  expect(nextDelayMs(1, 0, 10 ** 12)).toBe(3_600_000)
  expect(nextDelayMs(6, 86_000_000, 10 ** 12)).toBe(400_000)
  expect(nextDelayMs(7, 86_400_000, 5)).toBeUndefined()
})

const nowMs = Date.parse('2026-03-10T12:00:00Z')
test.each([
  [null, undefined],
  ['7', 7_000],
  ['Tue, 10 Mar 2026 12:00:30 GMT', 30_000],
  ['Tue, 10 Mar 2026 11:00:00 GMT', 0],
  ['soon', undefined],
  ['', undefined],
])('Retry-After: %s', (value, ms) => {
  expect(parseRetryAfter(value, nowMs)).toBe(ms)
})
