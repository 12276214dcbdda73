import { describe, expect, test } from 'vitest'
import {
  isPausedMiss,
  isPausedStart,
  morePausedSlots,
  noPauses,
  type Pause,
  pauseOf,
  type PauseSet,
  pausesLeft,
  withoutPauses,
  withPause,
} from '../../src/plan/pauses.ts'

const forEver: Pause = { sinceMs: 0, untilMs: null, reason: null, by: 'alice' }
const untilTen: Pause = { ...forEver, untilMs: 10_000, by: 'bob' }
const untilTwenty: Pause = { ...forEver, untilMs: 20_000, by: 'carol' }

function setOf(all: Pause | undefined, tasks: Record<string, Pause> = {}): PauseSet {
  return { all, tasks: new Map(Object.entries(tasks)) }
}

describe('the pause of a task', () => {
  test.each<[string, PauseSet, number, Pause | undefined]>([
    ['nothing is paused', noPauses, 0, undefined],
    ['another task is paused', setOf(undefined, { b: forEver }), 0, undefined],
    ['it is paused', setOf(undefined, { a: untilTen }), 9_999, untilTen],
    ['its pause has just ended', setOf(undefined, { a: untilTen }), 10_000, undefined],
    ['every task is paused', setOf(untilTen), 0, untilTen],
    ['both, and its own ends last', setOf(untilTen, { a: untilTwenty }), 0, untilTwenty],
    ['both, and that of all tasks ends last', setOf(forEver, { a: untilTwenty }), 0, forEver],
    ['its own is over', setOf(untilTwenty, { a: untilTen }), 15_000, untilTwenty],
  ])('a task while %s', (_, pauses, nowMs, expected) => {
    expect(pauseOf(pauses, 'a', nowMs)).toEqual(expected)
  })
})

describe('a start of a paused task', () => {
  const pauses = setOf(undefined, { a: untilTen })
  const start = { task: 'a', attempt: 1, dueMs: undefined }
  test.each([
    ['a slot is kept back', 'schedule', 5, 5_000, true],
    ['a slot after the end of the pause is not', 'schedule', 10, 10_000, false],
    ['a retry is kept back', 'retry', 1, 5_000, true],
    ['a person starts it all the same', 'manual', undefined, 5_000, false],
    ['a slot of a pause that is over is not caught up', 'catchup', 9, 15_000, true],
    ['a slot after the pause is caught up', 'catchup', 12, 15_000, false],
  ] as const)('%s', (_, trigger, slot, nowMs, expected) => {
    expect(isPausedStart(pauses, { ...start, trigger, slot }, nowMs)).toBe(expected)
  })

  test('slots that nobody saw count as paused only if the pause lasted longer than they did', () => {
    const miss = { task: 'a', first: 1, count: 9, reason: 'down' } as const
    expect(isPausedMiss(pauses, { ...miss, last: 9 })).toBe(true)
    expect(isPausedMiss(pauses, { ...miss, last: 10 })).toBe(false)
  })
})

describe('ending pauses', () => {
  const both = setOf(forEver, { a: untilTen, b: untilTwenty })

  test('to resume all tasks leaves those that were paused by name', () => {
    expect(withoutPauses(both, 'all')).toEqual(setOf(undefined, { a: untilTen, b: untilTwenty }))
  })

  test('to resume all tasks ends every pause if none is of all tasks', () => {
    expect(withoutPauses(setOf(undefined, { a: untilTen }), 'all')).toEqual(noPauses)
  })

  test('to resume one task leaves the others', () => {
    expect(withoutPauses(both, ['a'])).toEqual(setOf(forEver, { b: untilTwenty }))
  })

  test('a pause that is over is left out, and without one nothing changes', () => {
    expect(pausesLeft(both, 9_999)).toBe(both)
    expect(pausesLeft(both, 10_000)).toEqual(setOf(forEver, { b: untilTwenty }))
    expect(pausesLeft(setOf(untilTen), 10_000)).toEqual(noPauses)
  })

  test('a new pause takes the place of the earlier one', () => {
    expect(withPause(both, ['a', 'c'], untilTwenty)).toEqual(
      setOf(forEver, { a: untilTwenty, b: untilTwenty, c: untilTwenty }),
    )
    expect(withPause(both, 'all', untilTen).all).toBe(untilTen)
  })
})

test('the slots of a pause add up, and a second that comes again after a crash counts once', () => {
  const first = morePausedSlots(undefined, { task: 'a', first: 5, last: 5, count: 1 })
  const second = morePausedSlots(first, { task: 'a', first: 6, last: 6, count: 1 })
  expect(second).toEqual({ task: 'a', first: 5, last: 6, count: 2 })
  expect(morePausedSlots(second, { task: 'a', first: 6, last: 6, count: 1 })).toEqual(second)
  expect(morePausedSlots(second, { task: 'a', first: 6, last: 30, count: 4 })).toEqual({
    ...{ task: 'a', first: 5, last: 30, count: 5 },
  })
})
