import { describe, expect, test } from 'vitest'
import { admit, type Gate, type Place } from '../../src/plan/admit.ts'
import type { Start } from '../../src/plan/start.ts'
import { aTask } from './support.ts'

const open: Gate = { draining: false, here: true, forced: false }
const slot: Start = { task: 'job', slot: 100, trigger: 'schedule', attempt: 1, dueMs: 100_000 }
const manual: Start = { ...slot, slot: undefined, trigger: 'manual' }
const older: Start = { ...slot, slot: 90 }
const run = (id: string, ending = false) => ({ run: id, ending })
const place = (running: Place['running'] = [], waiting?: Start): Place => ({ running, waiting })

const start = { answer: 'start' }
const skip = (reason: string) => ({ answer: 'skip', reason })
const wait = (end: string[] = [], instead?: Start) => ({ answer: 'wait', end, instead })

describe('the filters, in their order: the first that says no is the reason', () => {
  test.each([
    { name: 'nothing says no', task: {}, gate: {}, says: start },
    { name: 'disabled', task: { enabled: false }, gate: { here: false }, says: skip('enabled') },
    { name: 'elsewhere', task: {}, gate: { here: false }, says: skip('hosts') },
    {
      name: 'elsewhere before max',
      task: { max: 1 },
      gate: { here: false },
      full: true,
      says: skip('hosts'),
    },
    { name: 'at max', task: {}, gate: {}, full: true, says: skip('max') },
    {
      name: 'draining before all',
      task: { enabled: false },
      gate: { draining: true },
      says: skip('draining'),
    },
  ])('$name', ({ task, gate, says, full }) => {
    const running = full ? [run('a')] : []
    expect(admit(aTask(task), place(running), slot, { ...open, ...gate })).toEqual(says)
  })

  test('a task that is gone', () => {
    expect(admit(undefined, place(), slot, open)).toEqual(skip('removed'))
  })
})

describe('at max', () => {
  const one = place([run('a')])
  test.each([
    { overlap: 'skip', max: 1, at: one, says: skip('max') },
    { overlap: 'skip', max: 2, at: one, says: start },
    { overlap: 'skip', max: Infinity, at: place([run('a'), run('b'), run('c')]), says: start },
    { overlap: 'queue', max: 1, at: one, says: wait() },
    { overlap: 'queue', max: 1, at: place([run('a')], older), says: skip('max') },
    { overlap: 'replace', max: 1, at: one, says: wait(['a']) },
    { overlap: 'replace', max: 2, at: place([run('a'), run('b')]), says: wait(['a']) },
    { overlap: 'replace', max: 1, at: place([run('a', true)]), says: wait() },
    { overlap: 'replace', max: 1, at: place([run('a', true)], older), says: wait([], older) },
  ] as const)('$overlap with max $max: $says.answer', ({ overlap, max, at, says }) => {
    expect(admit(aTask({ overlap, max }), at, slot, open)).toEqual(says)
  })

  test('an ending run still has its place', () => {
    expect(admit(aTask(), place([run('a', true)]), slot, open)).toEqual(skip('max'))
  })
})

describe('a person', () => {
  test('may start what is disabled, and what belongs elsewhere', () => {
    expect(admit(aTask({ enabled: false }), place(), manual, { ...open, here: false })).toEqual(
      start,
    )
  })

  test('is refused at max, whatever the overlap, unless it insists', () => {
    const full = place([run('a')])
    for (const overlap of ['skip', 'queue', 'replace'] as const) {
      expect(admit(aTask({ overlap }), full, manual, open)).toEqual(skip('max'))
      expect(admit(aTask({ overlap }), full, manual, { ...open, forced: true })).toEqual(start)
    }
  })

  test('cannot start anything while the daemon stops', () => {
    expect(admit(aTask(), place(), manual, { ...open, draining: true, forced: true })).toEqual(
      skip('draining'),
    )
  })
})
