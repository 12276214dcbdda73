import { expect, test } from 'vitest'
import { whyNotStarted } from '../../src/text/why-not-started.ts'

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
