import { expect, test } from 'vitest'
import { counted } from '../../src/tasks/counted.ts'

test.each([
  [0, '0 tasks'],
  [1, '1 task'],
  [2, '2 tasks'],
])('%d: %s', (count, words) => {
  expect(counted(count, 'task')).toBe(words)
})
