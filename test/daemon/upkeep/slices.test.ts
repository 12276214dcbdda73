import { expect, test } from 'vitest'
import { inSlices } from '../../../src/daemon/upkeep/slices.ts'
import { handClock } from '../../support/clock.ts'

test('work is done in slices of some 5 ms, with a turn for all else between them', async () => {
  const clock = handClock('2026-03-10T12:00:00Z')
  const turns: number[] = []
  let done = 0
  function* work(): Generator<undefined, string> {
    for (; done < 1000; done++) {
      clock.advance(0.1)
      yield
    }
    return 'all'
  }
  const turn = async () => {
    turns.push(done)
  }
  expect(await inSlices({ ...clock, turn }, work())).toBe('all')
  const sizes = turns.map((at, index) => at - (turns[index - 1] ?? 0))
  expect(turns.length).toBeGreaterThan(10)
  expect(Math.max(...sizes)).toBeLessThan(80)
})

test('what takes no time takes no turn', async () => {
  const clock = { ...handClock('2026-03-10T12:00:00Z'), turn: () => Promise.reject(new Error()) }
  function* work(): Generator<undefined, number> {
    yield
    return 1
  }
  expect(await inSlices(clock, work())).toBe(1)
})
