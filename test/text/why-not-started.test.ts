import { expect, test } from 'vitest'
import {
  atMaxText,
  fullPoolOf,
  fullPoolText,
  whyNotStarted,
} from '../../src/text/why-not-started.ts'

test.each([
  ['max', 'at its max'],
  ['down', 'torch was down'],
  ['pool', 'its pool was full'],
  ['max: runs on web1', 'at its max: runs on web1'],
  ['clock', 'its clock is too far from that of the fleet, or the machine stood still'],
  // Of a newer version, or from a damaged row.
  ['tides', 'tides'],
  ['toString', 'toString'],
  ['__proto__', '__proto__'],
])('a slot that did not start for the reason %s: %s', (reason, words) => {
  expect(whyNotStarted(reason)).toBe(words)
})

test('slots that are missed for the clock have nothing to do with a fleet', () => {
  expect(whyNotStarted('clock', 'missed')).toBe('the machine slept, or its clock was set')
  expect(whyNotStarted('down', 'missed')).toBe('torch was down')
})

const runs = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ task: `t${index}`, run: `r${index}` }))

test.each([
  [0, 'the pool db is full'],
  [1, 'the pool db is full: t0 (r0) is running'],
  [3, 'the pool db is full: t0 (r0), t1 (r1), t2 (r2) are running'],
  [100, 'the pool db is full: t0 (r0), t1 (r1), t2 (r2) and 97 more are running'],
])('a pool that is full with %s runs: %s', (count, text) => {
  expect(fullPoolText(fullPoolOf('db', runs(count)))).toBe(text)
})

test.each([
  [1, 'job is at its max: r0 is running'],
  [4, 'job is at its max: r0, r1, r2 and 1 more are running'],
])('a task that is at its max with %s runs: %s', (count, text) => {
  expect(
    atMaxText(
      'job',
      runs(count).map(({ run }) => run),
    ),
  ).toBe(text)
})
