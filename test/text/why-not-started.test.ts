import { expect, test } from 'vitest'
import { whyNotStarted } from '../../src/text/why-not-started.ts'

test.each([
  ['max', 'at its max'],
  ['down', 'torch was down'],
  // Of a newer version, or from a damaged row.
  ['pool', 'pool'],
  ['toString', 'toString'],
  ['__proto__', '__proto__'],
])('a slot that did not start for the reason %s: %s', (reason, words) => {
  expect(whyNotStarted(reason)).toBe(words)
})
