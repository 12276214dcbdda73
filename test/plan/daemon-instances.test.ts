import { describe, expect, test } from 'vitest'
import {
  type DaemonRun,
  type EndedInstance,
  nextInstance,
  type PendingRestart,
  planInstances,
  type Replacement,
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

describe('instances that are replaced start-first', () => {
  const web = (max: number, definition = 'new') => ({
    ...task(max, definition),
    replacement: 'start-first' as const,
  })
  const fresh = (id: string): DaemonRun => ({ ...run(id), isNew: true })

  test('a successor starts beside the old run, which ends when that is ready', () => {
    const old = run('a', 'old')
    expect(planInstances(web(1), [old], [], 0)).toEqual({ ...nothing, start: [{ delayMs: 0 }] })
    expect(planInstances(web(1), [old, fresh('n1')], [], 0)).toEqual(nothing)
    expect(planInstances(web(1), [old, run('n1')], [], 0)).toEqual({ ...nothing, end: ['a'] })
    expect(planInstances(web(1), [{ ...old, ending: true }, run('n1')], [], 0)).toEqual(nothing)
  })

  test('at least max runs serve all the time, and at most one more runs', () => {
    let runs: DaemonRun[] = [run('a', 'old'), run('b', 'old'), run('c', 'old')]
    let made = 0
    const isOld = ({ definition }: DaemonRun): boolean => definition === 'old'
    for (let step = 0; step < 40 && runs.some(isOld); step++) {
      const plan = planInstances(web(3), runs, [], 0)
      runs = runs.map((each) => (plan.end.includes(each.run) ? { ...each, ending: true } : each))
      for (const _ of plan.start) runs.push(fresh(`n${++made}`))
      expect(runs.length).toBeLessThanOrEqual(4)
      const serving = runs.filter(({ ending, isNew }) => !ending && isNew !== true)
      expect(serving.length).toBeGreaterThanOrEqual(3)
      // What is new becomes ready in one step, and what is ending is gone in another one.
      if (runs.some(({ isNew }) => isNew)) runs = runs.map((each) => ({ ...each, isNew: false }))
      else runs = runs.filter(({ ending }) => !ending)
    }
    expect(runs.map((each) => each.run)).toEqual(['n1', 'n2', 'n3'])
  })

  test('a successor that failed is tried again after its delay, and the old run continues', () => {
    const restart = { notBeforeMs: 900, delayMs: 1000, restarts: 1 }
    const old = [run('a', 'old')]
    expect(planInstances(web(1), old, [restart], 0)).toEqual({
      ...nothing,
      restarts: [restart],
      wakeMs: 900,
    })
    expect(planInstances(web(1), old, [restart], 900)).toEqual({
      ...nothing,
      start: [{ delayMs: 1000, restarts: 1 }],
    })
  })

  test('a run that is not ready ends at once when a newer definition comes', () => {
    const runs = [run('a', 'old'), { ...run('b', 'bad'), isNew: true }]
    const plan = planInstances(web(1), runs, [], 0)
    expect(plan).toEqual({ ...nothing, end: ['b'] })
    expect(planInstances(web(1), [run('a', 'old')], [], 0).start).toHaveLength(1)
  })

  test('a run that a person wants to replace has a successor of the same definition', () => {
    const runs = [{ ...run('a'), mustGo: true }, run('b')]
    expect(planInstances(web(2), runs, [], 0)).toEqual({ ...nothing, start: [{ delayMs: 0 }] })
    expect(planInstances(web(2), [...runs, run('c')], [], 0)).toEqual({ ...nothing, end: ['a'] })
  })

  test('without outdated runs it is like any other daemon task', () => {
    expect(planInstances(web(2), [fresh('a')], [], 0).start).toHaveLength(1)
    expect(planInstances(web(2), [run('a'), run('b')], [], 0)).toEqual(nothing)
    expect(planInstances(web(1), [run('a'), run('b'), run('c')], [], 0).end).toEqual(['c', 'b'])
  })

  test('fewer of an older definition are left when max is lowered, but never fewer than max', () => {
    const runs = ['a', 'b', 'c', 'd'].map((id) => run(id, 'old'))
    expect(planInstances(web(2), runs, [], 0)).toEqual({ ...nothing, end: ['a', 'b'] })
  })
})

describe('instances that are replaced end-first and are waited for', () => {
  const replacement: Replacement = 'end-first-and-wait'
  const worker = (max: number) => ({ ...task(max), replacement })

  test('the next old run ends when the successor of the one before is ready', () => {
    const [a, b] = [run('a', 'old'), run('b', 'old')]
    expect(planInstances(worker(2), [a, b], [], 0).end).toEqual(['a'])
    expect(planInstances(worker(2), [b], [], 0)).toEqual({ ...nothing, start: [{ delayMs: 0 }] })
    const fresh = { ...run('n1'), isNew: true }
    expect(planInstances(worker(2), [b, fresh], [], 0)).toEqual(nothing)
    expect(planInstances(worker(2), [b, run('n1')], [], 0).end).toEqual(['b'])
  })

  test('no other old run ends while a successor waits to be tried again', () => {
    const restart = { notBeforeMs: 900, delayMs: 1000 }
    expect(planInstances(worker(2), [run('b', 'old')], [restart], 0).end).toEqual([])
  })
})

test('old runs that hold the address of their successors all end before one starts', () => {
  const web = { ...task(2), replacement: 'end-all' as const }
  const [a, b] = [run('a', 'old'), run('b', 'old')]
  expect(planInstances(web, [a, b], [], 0)).toEqual({ ...nothing, end: ['a', 'b'] })
  expect(planInstances(web, [{ ...b, ending: true }], [], 0)).toEqual(nothing)
  expect(planInstances(web, [], [], 0).start).toHaveLength(2)
})

test('the restart delay doubles up to max_delay and starts over after a run that lasted reset_after', () => {
  const restart = { delayMs: 1000, maxDelayMs: 5000, resetAfterMs: 60_000 }
  const lasted = [10, 10, 10, 10, 59_999, 60_000, 10]
  let last = 0
  const delays = lasted.map((ms) => (last = restartDelay(restart, ms, last)))
  expect(delays).toEqual([1000, 2000, 4000, 5000, 5000, 1000, 2000])
})

describe('what follows the end of an instance', () => {
  const restart = { delayMs: 1000, maxDelayMs: 60_000, resetAfterMs: 60_000 }
  const limit = { starts: 3, withinMs: 10_000 }
  const endedRun: EndedInstance = {
    ...{ endedMs: 20_000, lastedMs: 100, delayMs: 0, restarts: 0, starts: [19_900] },
    how: 'failed',
  }

  test.each([
    [undefined, 'ok', 'restart'],
    [undefined, 'killed', 'restart'],
    ['failure', 'failed', 'restart'],
    ['failure', 'ok', 'ended'],
    ['failure', 'killed', 'ended'],
    ['never', 'failed', 'ended'],
    ['never', 'ok', 'ended'],
    // A stop and a reboot say nothing about the task.
    ['never', 'interrupted', 'restart'],
    ['failure', 'interrupted', 'restart'],
  ] as const)('with on: %s, after an instance that is %s: %s', (on, how, kind) => {
    const given = { ...restart, ...(on !== undefined && { on }) }
    expect(nextInstance(given, { ...endedRun, how }).kind).toBe(kind)
  })

  test('without a limit the next start is after the delay, and nothing is counted', () => {
    expect(nextInstance(restart, { ...endedRun, delayMs: 4000, restarts: 2 })).toEqual({
      kind: 'restart',
      restart: { notBeforeMs: 28_000, delayMs: 8000, restarts: 3 },
    })
  })

  test('with a limit the starts are counted that are within its time at the next start', () => {
    const starts = [10_900, 11_001, 19_900]
    expect(nextInstance({ ...restart, limit }, { ...endedRun, starts })).toMatchObject({
      ...{ kind: 'restart', restart: { starts: [11_001, 19_900] } },
    })
  })

  test('one start too many within the time, and the place is given up', () => {
    const starts = [11_001, 15_000, 19_900]
    const given = { ...restart, limit }
    expect(nextInstance(given, { ...endedRun, starts })).toEqual({ kind: 'gave-up' })
    // The delay alone may be long enough.
    expect(nextInstance({ ...given, delayMs: 5000 }, { ...endedRun, starts }).kind).toBe('restart')
  })

  test.each(['killed', 'interrupted'] as const)(
    'an instance that is %s begins a new count',
    (how) => {
      const starts = [17_000, 18_000, 19_900]
      expect(nextInstance({ ...restart, limit }, { ...endedRun, starts, how })).toMatchObject({
        ...{ kind: 'restart', restart: { starts: [] } },
      })
    },
  )

  test('a start before the clock was set back does not count', () => {
    const starts = [90_000, 91_000, 19_900]
    expect(nextInstance({ ...restart, limit }, { ...endedRun, starts })).toMatchObject({
      ...{ kind: 'restart', restart: { starts: [19_900] } },
    })
  })
})

describe('closed places', () => {
  test('nothing starts in a closed place, and what runs stays', () => {
    const runs = [{ run: 'a', definition: 'd', ending: false }]
    const plan = planInstances({ max: 3, definition: 'd', closed: 1 }, runs, [], 0)
    expect([plan.start.length, plan.end]).toEqual([1, []])
  })

  test('the old run that a successor could not replace stays, although its place is closed', () => {
    const runs = [{ run: 'old', definition: 'c', ending: false }]
    const server = { max: 1, definition: 'd', replacement: 'start-first', closed: 1 } as const
    expect(planInstances(server, runs, [], 0)).toMatchObject({ start: [], end: [] })
  })
})
