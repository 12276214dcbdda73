import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keysOfTask } from '../../src/tasks/file/json-schema.ts'
import { casesOf, failureText, fuzz, newSeed } from './run.ts'
import { pure } from './target.ts'
import { targets } from './targets.ts'
import { fleetSettings, settings } from './tasks-settings.ts'

/** About eight seconds of one processor, with a new seed each time. `npm run fuzz` tries more. */
const totalCases = 6_000
/** A new seed in each run; a failure says how to replay its case. */
const seed = newSeed()

describe(`with seed ${seed}`, () => {
  test.each(targets)(
    'the fuzz target $name finds no failure',
    { timeout: 120_000 },
    async (target) => {
      const { failure } = await fuzz(target, { cases: casesOf(target, targets, totalCases), seed })
      if (failure !== undefined) expect.fail(failureText(failure))
    },
  )
})

test('a fuzz failure is shrunk, and its replay command finds it again', async () => {
  const target = pure('small', 1, fc.nat(1000), (value) => {
    if (value > 41) throw new Error(`${value} is too much`)
  })
  const { failure } = await fuzz(target, { cases: 2000, seed: 7 })
  expect(failure?.counterexample).toBe('[42]')
  expect(failure?.error).toMatch(/^Error: 42 is too much/)
  const [, again, path] = /--seed (\d+) --path "([\d:]+)"$/.exec(failure?.replay ?? '') ?? []
  const replayed = await fuzz(target, { cases: 1, seed: Number(again), path })
  expect(replayed.failure).toMatchObject({ counterexample: '[42]', replay: failure?.replay })
})

test('a fuzz case that takes too much processor time is a failure', async () => {
  const busy = (): void => {
    for (const before = process.cpuUsage(); process.cpuUsage(before).user < 5000;);
  }
  const target = pure('slow', 1, fc.constant(0), busy, 2)
  const { failure } = await fuzz(target, { cases: 1, seed })
  expect(failure?.error).toMatch(/it took [\d.]+ ms of processor time/)
})

test('the generated tasks files use every key of the schema', () => {
  const beside = ['schedule', 'command', 'type', 'scope', 'env', 'labels', 'input', 'notify']
  // These have generators of their own.
  const isWhole = (key: string): boolean =>
    /^(?:script|listen|ready|ping|from|until|cycle|only|except|on_excluded|after)(?:\.|$)/.test(key)
  const keys = keysOfTask()
    // A limit has both or none.
    .map(({ path }) => path.replace(/^(restart\.limit)\..*/, '$1'))
    .filter((key) => !isWhole(key))
  const tried = Object.keys({ ...settings, ...fleetSettings }).filter(
    (key) => !/^(?:env|labels)\./.test(key),
  )
  expect([...tried, ...beside].toSorted()).toEqual([...new Set(keys)].toSorted())
})
