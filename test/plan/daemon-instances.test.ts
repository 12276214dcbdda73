import { describe, expect, test } from 'vitest'
import {
  type DaemonRun,
  type PendingRestart,
  planInstances,
  restartDelay,
} from '../../src/plan/daemon-instances.ts'

const task = (max: number, definition = 'new') => ({ max, definition })
const run = (id: string, definition = 'new', ending = false): DaemonRun => ({
  run: id,
  definition,
  ending,
})
const nothing = { end: [], start: [], restarts: [], wakeMs: undefined }

describe('the instances of a daemon task', () => {
  test('a new daemon task starts all its instances at once', () => {
    expect(planInstances(task(3), [], [], 0)).toEqual({
      ...nothing,
      start: [{ delayMs: 0 }, { delayMs: 0 }, { delayMs: 0 }],
    })
  })

  test('nothing happens while every instance runs', () => {
    expect(planInstances(task(2), [run('a'), run('b')], [], 0)).toEqual(nothing)
  })

  test('an instance that ended starts again when its delay is over, and not before', () => {
    const restart: PendingRestart = { notBeforeMs: 5000, delayMs: 2000 }
    expect(planInstances(task(2), [run('a')], [restart], 4999)).toEqual({
      ...nothing,
      restarts: [restart],
      wakeMs: 5000,
    })
    expect(planInstances(task(2), [run('a')], [restart], 5000)).toEqual({
      ...nothing,
      start: [{ delayMs: 2000 }],
    })
  })

  test('each instance waits for its own delay, and the plan wakes for the earliest one', () => {
    const restarts = [
      { notBeforeMs: 900, delayMs: 1000 },
      { notBeforeMs: 700, delayMs: 1000 },
    ]
    expect(planInstances(task(2), [], restarts, 0).wakeMs).toBe(700)
    expect(planInstances(task(2), [], restarts, 800)).toEqual({
      end: [],
      start: [{ delayMs: 1000 }],
      restarts: [restarts[0]],
      wakeMs: 900,
    })
  })

  test('an instance restarts at once if the clock was set back by more than its delay', () => {
    const restart = { notBeforeMs: 5000, delayMs: 2000 }
    expect(planInstances(task(1), [], [restart], 2999).start).toEqual([{ delayMs: 2000 }])
    expect(planInstances(task(1), [], [restart], 3000).start).toEqual([])
  })

  test('a missing instance without a pending restart starts at once, as after max was raised', () => {
    const restart = { notBeforeMs: 900, delayMs: 1000 }
    expect(planInstances(task(3), [run('a')], [restart], 0).start).toEqual([{ delayMs: 0 }])
  })

  test('the newest instances end first when max is lowered', () => {
    expect(planInstances(task(1), [run('a'), run('b'), run('c')], [], 0).end).toEqual(['c', 'b'])
  })

  test('a pending restart is dropped if max is already reached', () => {
    const restart = { notBeforeMs: 900, delayMs: 100 }
    expect(planInstances(task(1), [run('a')], [restart], 0)).toEqual(nothing)
  })

  test('all instances of a removed task end and none restarts', () => {
    const restart = { notBeforeMs: 900, delayMs: 100 }
    expect(planInstances(undefined, [run('a'), run('b', 'new', true)], [restart], 0)).toEqual({
      ...nothing,
      end: ['a'],
    })
  })
})

test('instances of an older definition are replaced one by one', () => {
  let runs = [run('a', 'old'), run('b', 'old'), run('c', 'old')]
  const story: string[] = []
  let made = 0
  for (let step = 0; step < 20 && runs.some((each) => each.definition === 'old'); step++) {
    const ending = runs.find((each) => each.ending)
    if (ending !== undefined) {
      runs = runs.filter((each) => each !== ending)
      story.push(`${ending.run} gone`)
    }
    const plan = planInstances(task(3), runs, [], 0)
    for (const id of plan.end) story.push(`end ${id}`)
    runs = runs.map((each) => (plan.end.includes(each.run) ? { ...each, ending: true } : each))
    for (const _ of plan.start) {
      made++
      runs.push(run(`n${made}`))
      story.push(`start n${made}`)
    }
    expect(runs.filter((each) => !each.ending).length).toBeGreaterThanOrEqual(2)
  }
  expect(story).toEqual([
    'end a',
    'a gone',
    'end b',
    'start n1',
    'b gone',
    'end c',
    'start n2',
    'c gone',
    'start n3',
  ])
})

test('the restart delay doubles up to max_delay and starts over after a run that lasted reset_after', () => {
  const restart = { delayMs: 1000, maxDelayMs: 5000, resetAfterMs: 60_000 }
  const lasted = [10, 10, 10, 10, 59_999, 60_000, 10]
  let last = 0
  const delays = lasted.map((ms) => (last = restartDelay(restart, ms, last)))
  expect(delays).toEqual([1000, 2000, 4000, 5000, 5000, 1000, 2000])
})
