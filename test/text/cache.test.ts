import { expect, test } from 'vitest'
import { remembered } from '../../src/text/cache.ts'

test('remembered makes a value once, and again after it was dropped as the oldest', () => {
  const map = new Map<string, string>()
  const made: string[] = []
  const ask = (key: string) =>
    remembered(map, 2, key, () => {
      made.push(key)
      return key.toUpperCase()
    })
  expect(['a', 'b', 'a', 'c', 'b', 'a'].map(ask)).toEqual(['A', 'B', 'A', 'C', 'B', 'A'])
  expect(made).toEqual(['a', 'b', 'c', 'a'])
  expect([...map.keys()]).toEqual(['c', 'a'])
})
