import { describe, expect, test } from 'vitest'
import {
  forgetPast,
  isBeforePause,
  isPausedStart,
  morePausedSlots,
  noPauses,
  type PastPause,
  type Pause,
  pauseOf,
  type PauseSet,
  pausesLeft,
  splitMiss,
  withoutPauses,
  withPause,
} from '../../src/plan/pauses.ts'
import { parseSchedule } from '../../src/schedule/parse.ts'

const forEver: Pause = { sinceMs: 0, untilMs: null, reason: null, by: 'alice' }
const untilTen: Pause = { ...forEver, untilMs: 10_000, by: 'bob' }
const untilTwenty: Pause = { ...forEver, untilMs: 20_000, by: 'carol' }

function setOf(
  all: Pause | undefined,
  tasks: Record<string, Pause> = {},
  past: PastPause[] = [],
): PauseSet {
  return { all, tasks: new Map(Object.entries(tasks)), past }
}

/** A pause of the past, in seconds. */
function pastOf(task: string | null, since: number, until: number): PastPause {
  return { task, sinceMs: since * 1000, untilMs: until * 1000 }
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

  const fromFive: Pause = { ...forEver, sinceMs: 5_000, untilMs: 10_000 }
  test.each([
    ['a slot from before a pause that is over is caught up', 'catchup', 4, 15_000, false],
    ['a slot of a pause that is over is not', 'catchup', 5, 15_000, true],
    ['a slot of a pause that is over does not start late', 'schedule', 9, 12_000, true],
    ['nothing starts in a pause, also not for a slot from before', 'catchup', 4, 6_000, true],
  ] as const)('%s', (_, trigger, slot, nowMs, expected) => {
    const late = { ...start, trigger, slot }
    expect(isPausedStart(setOf(undefined, { a: fromFive }), late, nowMs)).toBe(expected)
    const past = setOf(undefined, {}, [pastOf(null, 5, 10)])
    if (nowMs >= 10_000) expect(isPausedStart(past, late, nowMs)).toBe(expected)
  })

  test('the jitter of a slot counts: it belongs to the pause in which it was to start', () => {
    const late = { ...start, trigger: 'schedule', slot: 4, dueMs: 5_500 } as const
    expect(isBeforePause(setOf(fromFive), late, 6_000)).toBe(false)
    expect(isBeforePause(setOf(fromFive), { ...late, dueMs: 4_500 }, 6_000)).toBe(true)
    // The clock was set back: the slots come again, and the pause holds.
    expect(isBeforePause(setOf(fromFive), { ...late, dueMs: 4_000 }, 4_000)).toBe(false)
  })
})

describe('slots that nobody saw', () => {
  const each = parseSchedule('* * * * * *', { zone: 'UTC', seed: '' })
  if (!each.ok) throw new Error('a schedule of the test is wrong')
  const table = {
    ...{ task: 'a', intervals: [each.schedule], fixed: [], jitterMs: 0 },
    ...({ catchup: 'off', catchupWindowMs: 0 } as const),
  }
  const down = (first: number, last: number) =>
    ({ task: 'a', first, last, count: last - first + 1, reason: 'down' }) as const
  const passed = (first: number, last: number) => ({
    task: 'a',
    first,
    last,
    count: last - first + 1,
  })
  const from = (since: number, until: number | null): Pause => ({
    ...{ ...forEver, sinceMs: since * 1000, untilMs: until === null ? null : until * 1000 },
  })
  test.each<[string, PauseSet, object[], object[]]>([
    ['without a pause they are missed', noPauses, [down(1, 20)], []],
    ['all of a pause are paused', setOf(from(0, null)), [], [passed(1, 20)]],
    [
      'those before a pause are missed',
      setOf(undefined, { a: from(8.5, null) }),
      [down(1, 8)],
      [passed(9, 20)],
    ],
    ['those after a pause are missed', setOf(from(0, 9.5)), [down(10, 20)], [passed(1, 9)]],
    [
      'a pause in the middle divides them',
      setOf(from(5, 10)),
      [down(1, 4), down(10, 20)],
      [passed(5, 9)],
    ],
    [
      'two pauses overlap',
      setOf(from(5, 10), { a: from(8, 12) }),
      [down(1, 4), down(12, 20)],
      [passed(5, 9), passed(10, 11)],
    ],
    [
      'a pause of the past counts',
      setOf(undefined, {}, [pastOf('a', 3, 5), pastOf('b', 6, 9)]),
      [down(1, 2), down(5, 20)],
      [passed(3, 4)],
    ],
    ['a pause without a slot divides nothing', setOf(from(30, 40)), [down(1, 20)], []],
  ])('%s', (_, pauses, missedRows, passedRows) => {
    expect(splitMiss(pauses, down(1, 20), table, 0)).toEqual({
      ...{ missed: missedRows, passed: passedRows },
    })
  })
})

describe('ending pauses', () => {
  const both = setOf(forEver, { a: untilTen, b: untilTwenty })

  test('to resume all tasks leaves those that were paused by name', () => {
    expect(withoutPauses(both, 'all', 5_000)).toEqual(
      setOf(undefined, { a: untilTen, b: untilTwenty }, [pastOf(null, 0, 5)]),
    )
  })

  test('to resume all tasks ends every pause if none is of all tasks', () => {
    expect(withoutPauses(setOf(undefined, { a: untilTen }), 'all', 15_000)).toEqual(
      setOf(undefined, {}, [pastOf('a', 0, 10)]),
    )
  })

  test('to resume one task leaves the others', () => {
    expect(withoutPauses(both, ['a'], 5_000)).toEqual(
      setOf(forEver, { b: untilTwenty }, [pastOf('a', 0, 5)]),
    )
  })

  test('a pause that is over is left out, and without one nothing changes', () => {
    expect(pausesLeft(both, 9_999)).toBe(both)
    const left = setOf(forEver, { b: untilTwenty }, [pastOf('a', 0, 10)])
    expect(pausesLeft(both, 10_000)).toEqual(left)
    expect(pausesLeft(setOf(untilTen), 10_000).past).toEqual([pastOf(null, 0, 10)])
  })

  test('an ended pause is forgotten when a tick has done its last second', () => {
    const ended = setOf(undefined, {}, [pastOf('a', 0, 9.5)])
    expect(forgetPast(ended, 8, 9_900)).toBe(ended)
    expect(forgetPast(ended, 9, 9_900)).toEqual(noPauses)
    // The clock was set back: nobody paused what is to come.
    expect(forgetPast(ended, 3, 4_000)).toEqual(noPauses)
  })

  test('of a thousand ended pauses and more, the latest are kept', () => {
    const names = Array.from({ length: 1_500 }, (_, index) => `a${index}`)
    const { past } = withoutPauses(withPause(noPauses, names, forEver), 'all', 5_000)
    expect([past.length, past.at(-1)?.task]).toEqual([1_000, 'a1499'])
  })

  test('a new pause takes the place of the earlier one', () => {
    const later: Pause = { ...untilTwenty, sinceMs: 5_000 }
    expect(withPause(both, ['a', 'c'], later)).toEqual(
      setOf(forEver, { a: later, b: untilTwenty, c: later }, [pastOf('a', 0, 5)]),
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
