import { expect, test } from 'vitest'
import { maxClaims, newClaimTurns } from '../../../src/daemon/fleet/claim-turns.ts'
import { handClock } from '../../support/clock.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Work that ends when the test says so. */
function newWork(most: number) {
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const turns = newClaimTurns(clock, most)
  const running = new Map<string, () => void>()
  const begun: string[] = []
  const results: string[] = []
  const ask = (name: string, withinMs: number): void => {
    const work = (): Promise<string> =>
      new Promise((resolve) => {
        begun.push(name)
        running.set(name, () => resolve(name))
      })
    void turns
      .take(clock.monotonic() + withinMs, work)
      .then((result) => results.push(`${name} ${result === undefined ? 'too late' : 'done'}`))
  }
  const end = async (name: string): Promise<void> => {
    running.get(name)?.()
    await turn()
  }
  return { clock, ask, end, begun, results }
}

test('so many claims are made at the same time, and the others wait in the order in which they came', async () => {
  const { ask, end, begun, results } = newWork(2)
  for (const name of ['a', 'b', 'c', 'd']) ask(name, 60_000)
  await turn()
  expect(begun).toEqual(['a', 'b'])
  await end('b')
  expect(begun).toEqual(['a', 'b', 'c'])
  await end('a')
  await end('c')
  await end('d')
  expect(begun).toEqual(['a', 'b', 'c', 'd'])
  expect(results).toEqual(['b done', 'a done', 'c done', 'd done'])
  ask('e', 60_000)
  ask('f', 60_000)
  ask('g', 60_000)
  await turn()
  expect(begun.slice(4)).toEqual(['e', 'f'])
})

test('who gets no turn in time does nothing, and does not hold up those who come later', async () => {
  const { clock, ask, end, begun, results } = newWork(1)
  ask('a', 60_000)
  ask('b', 5_000)
  ask('c', 60_000)
  await turn()
  clock.advance(5_000)
  await turn()
  expect(results).toEqual(['b too late'])
  await end('a')
  expect(begun).toEqual(['a', 'c'])
  await end('c')
  expect(results).toEqual(['b too late', 'a done', 'c done'])
})

test('work that fails gives its turn to the next one', async () => {
  const turns = newClaimTurns(handClock('2026-03-10T12:00:00.000Z'), 1)
  const failed = turns.take(Infinity, () => Promise.reject(new Error('no')))
  const next = turns.take(60_000, () => Promise.resolve('yes'))
  await expect(failed).rejects.toThrow('no')
  expect(await next).toBe('yes')
  expect(maxClaims).toBe(1_000)
})
