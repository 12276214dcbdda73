import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { beginsRunId, isRunId, newRunId, runStamp, startOfRun } from '../../src/run/directory.ts'

const time = fc.integer({ min: Date.UTC(1970, 0), max: Date.UTC(2100, 0) })

test('a run id tells when its run was started, and sorts by it', () => {
  fc.assert(
    fc.property(time, time, (one, other) => {
      const run = newRunId(one)
      expect(startOfRun(run)).toBe(one)
      expect(isRunId(run)).toBe(true)
      if (one < other) expect(run < runStamp(other)).toBe(true)
      else expect(run > runStamp(other)).toBe(true)
    }),
  )
})

describe('the beginning of a run id', () => {
  test('is each part of one from its T on', () => {
    const run = newRunId(Date.UTC(2026, 10, 21, 7, 17))
    for (let length = 9; length <= run.length; length++)
      expect([length, beginsRunId(run.slice(0, length))]).toEqual([length, true])
  })

  test.each([
    '',
    '20261121',
    '2026',
    'backup',
    '20261121Tea',
    '2026-11-21T07',
    '20261121T*',
    'x20261121T',
  ])('%j is none', (word) => expect(beginsRunId(word)).toBe(false))
})
