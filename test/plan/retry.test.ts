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
    expect(retryDelay(retry, { attempt, outcome: 'failed', exitCode: 1, byTorch: false })).toBe(
      delay,
    )
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
      expect(
        retryDelay(retry, { attempt: 1, outcome, exitCode: null, byTorch }) !== undefined,
      ).toBe(again)
    },
  )

  test('a task without attempts has no retry', () => {
    const none = { ...retry, attempts: 0 }
    expect(
      retryDelay(none, { attempt: 1, outcome: 'failed', exitCode: 1, byTorch: false }),
    ).toBeUndefined()
  })

  test('a backoff of 1 keeps the delay of every retry the same', () => {
    const even = { ...retry, backoff: 1 }
    expect(retryDelay(even, { attempt: 3, outcome: 'failed', exitCode: 1, byTorch: false })).toBe(
      1000,
    )
  })

  const on = [{ from: 75, to: 75 }, { from: 100, to: 110 }, 'timeout', 'signal'] as const
  test.each([
    ['failed', 75, true],
    ['failed', 76, false],
    ['failed', 100, true],
    ['failed', 110, true],
    ['failed', 111, false],
    // A server that was ended because it was not ready has no code of its own.
    ['failed', null, false],
    ['timeout', null, true],
    // What a program exits with after TERM is no failure of its own.
    ['timeout', 75, true],
    ['killed', null, true],
    ['spawn-failed', null, false],
  ] as const)(
    'with `on: [75, 100..110, timeout, signal]`, %s with exit code %s is retried: %s',
    (outcome, exitCode, again) => {
      const ended = { attempt: 1, outcome, exitCode, byTorch: false }
      expect(retryDelay({ ...retry, on }, ended) !== undefined).toBe(again)
    },
  )

  test('only what `on` names is retried, also if it could not be started', () => {
    const ended = { attempt: 1, outcome: 'spawn-failed', exitCode: null, byTorch: false } as const
    expect(retryDelay({ ...retry, on: ['spawn-failed'] }, ended)).toBe(1000)
    expect(retryDelay({ ...retry, on: ['timeout'] }, ended)).toBeUndefined()
  })

  test('a signal of torch is never retried', () => {
    const ended = { attempt: 1, outcome: 'killed', exitCode: null, byTorch: true } as const
    expect(retryDelay({ ...retry, on: ['signal'] }, ended)).toBeUndefined()
  })
})
