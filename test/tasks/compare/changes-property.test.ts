import fc from 'fast-check'
import { expect, test } from 'vitest'
import { change } from './changed.ts'
import { edits, writings } from './edits.ts'

test('exactly the edits are reported, however the two files are written', () => {
  fc.assert(
    fc.property(edits, writings, writings, ({ before, after, expected }, write, rewrite) => {
      expect(change(write(before), rewrite(after))).toEqual(expected)
    }),
    { numRuns: 150 },
  )
})

test('a file that is only written differently has no change', () => {
  fc.assert(
    fc.property(edits, writings, writings, ({ after }, write, rewrite) => {
      expect(change(write(after), rewrite(after))).toEqual({})
    }),
    { numRuns: 100 },
  )
})
