import { describe, expect, test } from 'vitest'
import { restartDelay, retryDelay } from '../../src/plan/retry.ts'

const retry = { attempts: 3, delayMs: 1000, backoff: 2, maxDelayMs: 3000 }

describe('a retry', () => {
  test.each([
    { attempt: 1, delay: 1000 },
    { attempt: 2, delay: 2000 },
    { attempt: 3, delay: 3000 },
    { attempt: 4, delay: undefined },
  ])('after attempt $attempt comes in $delay ms', ({ attempt, delay }) => {
    expect(retryDelay(retry, { attempt, outcome: 'failed', byTorch: false })).toBe(delay)
  })

  test.each([
    { outcome: 'ok', byTorch: false, again: false },
    { outcome: 'failed', byTorch: false, again: true },
    { outcome: 'timeout', byTorch: true, again: true },
    { outcome: 'spawn-failed', byTorch: false, again: true },
    { outcome: 'killed', byTorch: false, again: true },
    { outcome: 'killed', byTorch: true, again: false },
    { outcome: 'unknown', byTorch: false, again: false },
  ] as const)('$outcome (by torch: $byTorch): $again', ({ outcome, byTorch, again }) => {
    expect(retryDelay(retry, { attempt: 1, outcome, byTorch }) !== undefined).toBe(again)
  })

  test('without attempts there is none', () => {
    const none = { ...retry, attempts: 0 }
    expect(retryDelay(none, { attempt: 1, outcome: 'failed', byTorch: false })).toBeUndefined()
  })

  test('a backoff of 1 keeps the delay', () => {
    const even = { ...retry, backoff: 1 }
    expect(retryDelay(even, { attempt: 3, outcome: 'failed', byTorch: false })).toBe(1000)
  })
})

test('a place waits 1, 2, 4 s and so on up to the most, and 1 s again after a long life', () => {
  const restart = { delayMs: 1000, maxDelayMs: 5000, resetAfterMs: 60_000 }
  const lives = [10, 10, 10, 10, 59_999, 60_000, 10]
  let last = 0
  const delays = lives.map((lived) => (last = restartDelay(restart, lived, last)))
  expect(delays).toEqual([1000, 2000, 4000, 5000, 5000, 1000, 2000])
})
