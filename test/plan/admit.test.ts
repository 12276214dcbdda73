import { describe, expect, test } from 'vitest'
import { admit, type AdmitFacts, type Start, type TaskActivity } from '../../src/plan/admit.ts'
import { aTask } from '../support/plan.ts'

const facts: AdmitFacts = { draining: false, here: true, forced: false }
const slot: Start = { task: 'job', slot: 100, trigger: 'schedule', attempt: 1, dueMs: 100_000 }
const manual: Start = { ...slot, slot: undefined, trigger: 'manual' }
const older: Start = { ...slot, slot: 90 }
const run = (id: string, ending = false) => ({ run: id, ending })
const activity = (running: TaskActivity['running'] = [], waiting?: Start): TaskActivity => ({
  running,
  waiting,
})

const start = { answer: 'start' }
const skip = (reason: string) => ({ answer: 'skip', reason })
const wait = (end: string[] = [], displaced?: Start, reason = 'max') => ({
  answer: 'wait',
  reason,
  end,
  displaced,
})

describe('the first check that says no is the reason on record', () => {
  test.each([
    { name: 'a slot starts if no check says no', task: {}, given: {}, expected: start },
    {
      name: 'a disabled task is skipped as `enabled`, also on another host',
      task: { enabled: false },
      given: { here: false },
      expected: skip('enabled'),
    },
    {
      name: 'a task of another host is skipped as `hosts`',
      task: {},
      given: { here: false },
      expected: skip('hosts'),
    },
    {
      name: 'a task of another host is skipped as `hosts` even if it is at max',
      task: { max: 1 },
      given: { here: false },
      full: true,
      expected: skip('hosts'),
    },
    {
      name: 'a task with max runs is skipped as `max`',
      task: {},
      given: {},
      full: true,
      expected: skip('max'),
    },
    {
      name: 'a paused task with max runs is skipped as `paused`',
      task: {},
      given: { paused: true },
      full: true,
      expected: skip('paused'),
    },
    {
      name: 'a paused task that is not for this machine is skipped as `hosts`',
      task: {},
      given: { paused: true, here: false },
      expected: skip('hosts'),
    },
    {
      name: 'a disabled task is skipped as `draining` while the daemon stops',
      task: { enabled: false },
      given: { draining: true },
      expected: skip('draining'),
    },
  ])('$name', ({ task, given, expected, full }) => {
    const running = full ? [run('a')] : []
    expect(admit(aTask(task), activity(running), slot, { ...facts, ...given })).toEqual(expected)
  })

  test('a task that left the file is skipped as `removed`', () => {
    expect(admit(undefined, activity(), slot, facts)).toEqual(skip('removed'))
  })
})

describe('a task at max', () => {
  const one = activity([run('a')])
  test.each([
    {
      name: 'with overlap: skip, a slot at max is skipped',
      overlap: 'skip',
      expected: skip('max'),
    },
    { name: 'a slot below max starts', overlap: 'skip', max: 2, expected: start },
    {
      name: 'with max: unlimited, a slot always starts',
      overlap: 'skip',
      max: Infinity,
      at: activity([run('a'), run('b'), run('c')]),
      expected: start,
    },
    { name: 'with overlap: queue, a slot at max waits', overlap: 'queue', expected: wait() },
    {
      name: 'with overlap: queue, a second slot is skipped while one waits',
      overlap: 'queue',
      at: activity([run('a')], older),
      expected: skip('max'),
    },
    {
      name: 'with overlap: replace, a slot at max ends the run and waits for it',
      overlap: 'replace',
      expected: wait(['a']),
    },
    {
      name: 'with overlap: replace and two runs, a slot ends only the oldest run',
      overlap: 'replace',
      max: 2,
      at: activity([run('a'), run('b')]),
      expected: wait(['a']),
    },
    {
      name: 'with overlap: replace, a slot only waits while a run is already ending',
      overlap: 'replace',
      at: activity([run('a', true)]),
      expected: wait(),
    },
    {
      name: 'with overlap: replace, a newer slot displaces the one that waits',
      overlap: 'replace',
      at: activity([run('a', true)], older),
      expected: wait([], older),
    },
  ] as const)('$name', ({ overlap, expected, ...given }) => {
    const { max = 1, at = one } = given as { max?: number; at?: TaskActivity }
    expect(admit(aTask({ overlap, max }), at, slot, facts)).toEqual(expected)
  })

  test('an ending run still counts towards max', () => {
    expect(admit(aTask(), activity([run('a', true)]), slot, facts)).toEqual(skip('max'))
  })
})

describe('a manual run', () => {
  test('a manual run may start a disabled task and a task of another host', () => {
    expect(admit(aTask({ enabled: false }), activity(), manual, { ...facts, here: false })).toEqual(
      start,
    )
  })

  test('a manual run at max is refused, whatever the overlap, unless it is forced', () => {
    const full = activity([run('a')])
    for (const overlap of ['skip', 'queue', 'replace'] as const) {
      expect(admit(aTask({ overlap }), full, manual, facts)).toEqual(skip('max'))
      expect(admit(aTask({ overlap }), full, manual, { ...facts, forced: true })).toEqual(start)
    }
  })

  test('a manual run is refused while the daemon stops, even if it is forced', () => {
    expect(admit(aTask(), activity(), manual, { ...facts, draining: true, forced: true })).toEqual(
      skip('draining'),
    )
  })
})

describe('a task in a full pool', () => {
  const full = { ...facts, isPoolFull: true }
  const two = { max: 2 }
  test.each([
    { name: 'with overlap: skip, a slot is skipped', overlap: 'skip', expected: skip('pool') },
    {
      name: 'with overlap: queue, a slot waits',
      overlap: 'queue',
      expected: wait([], undefined, 'pool'),
    },
    {
      name: 'with overlap: queue, a second slot is skipped while one waits',
      overlap: 'queue',
      at: activity([], older),
      expected: skip('pool'),
    },
    {
      name: 'with overlap: replace, a slot waits, and ends no run of another task',
      overlap: 'replace',
      expected: wait([], undefined, 'pool'),
    },
    {
      name: 'with overlap: replace, a slot ends the oldest run of its own task',
      overlap: 'replace',
      at: activity([run('a')]),
      expected: wait(['a'], undefined, 'pool'),
    },
    {
      name: 'with overlap: replace, a newer slot displaces the one that waits',
      overlap: 'replace',
      at: activity([], older),
      expected: wait([], older, 'pool'),
    },
    {
      name: 'a slot at max is skipped as `max`, which is asked first',
      overlap: 'skip',
      at: activity([run('a'), run('b')]),
      expected: skip('max'),
    },
  ] as const)('$name', ({ overlap, expected, ...given }) => {
    const { at = activity() } = given as { at?: TaskActivity }
    expect(admit(aTask({ overlap, ...two }), at, slot, full)).toEqual(expected)
  })

  test('a manual run is refused, whatever the overlap, unless it is forced', () => {
    for (const overlap of ['skip', 'queue', 'replace'] as const) {
      expect(admit(aTask({ overlap }), activity(), manual, full)).toEqual(skip('pool'))
      expect(admit(aTask({ overlap }), activity(), manual, { ...full, forced: true })).toEqual(
        start,
      )
    }
  })
})
