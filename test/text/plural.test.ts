import { expect, test } from 'vitest'
import { counted, someOf } from '../../src/text/plural.ts'

test.each([
  [0, '0 tasks'],
  [1, '1 task'],
  [2, '2 tasks'],
])('counted writes %d with the noun task as %s', (count, words) => {
  expect(counted(count, 'task')).toBe(words)
})

test.each([
  [[], ''],
  [['a'], 'a'],
  [['a', 'b'], 'a, b'],
  [['a', 'b', 'c', 'd'], 'a, b and 2 more'],
])('someOf writes two names of %j and the number of the others: %j', (names, words) => {
  expect(someOf(names, 2)).toBe(words)
})
