import { describe, expect, test } from 'vitest'
import { retryDelay } from '../../src/plan/retry.ts'

const retry = { attempts: 3, delayMs: 1000, backoff: 2, maxDelayMs: 3000 }

describe('a retry', () => {
  test.each([
    { attempt: 1, delay: 1000 },
    { attempt: 2, delay: 2000 },
    { attempt: 3, delay: 3000 },
    { attempt: 4, delay: undefined },
  ])('the retry after attempt $attempt starts $delay ms later', ({ attempt, delay }) => {
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
  ] as const)(
    'a run with outcome $outcome (ended by torch: $byTorch) is retried: $again',
    ({ outcome, byTorch, again }) => {
      expect(retryDelay(retry, { attempt: 1, outcome, byTorch }) !== undefined).toBe(again)
    },
  )

  test('a task without attempts has no retry', () => {
    const none = { ...retry, attempts: 0 }
    expect(retryDelay(none, { attempt: 1, outcome: 'failed', byTorch: false })).toBeUndefined()
  })

  test('a backoff of 1 keeps the delay of every retry the same', () => {
    const even = { ...retry, backoff: 1 }
    expect(retryDelay(even, { attempt: 3, outcome: 'failed', byTorch: false })).toBe(1000)
  })
})
