import { expect, test } from 'vitest'
import { takePlace } from '../../src/fleet/take-place.ts'
import type { AgeAnswer, GetAnswer, PutAnswer } from '../../src/plan/fleet/answers.ts'
import type { HeldPlace, Place, PlaceKey } from '../../src/plan/fleet/records.ts'
import type { Sighting } from '../../src/plan/fleet/takeover.ts'
import { newWorld, newMachine } from '../support/fleet/world.ts'

const place: Omit<HeldPlace, 'message'> = {
  ...{ v: 1, state: 'held', host: 'web1', session: 's', run: 'mine', slot: null },
  ...{ holdForMs: 45_000, sinceMs: 0 },
}
const silent = { kind: 'silent', words: 'no answer' } as const
const none = { kind: 'none' } as const
const age = (ms: number): AgeAnswer => ({ kind: 'age', ms })
const stored: PutAnswer = { kind: 'stored', sequence: 7 }

interface Script {
  readonly gets?: readonly (GetAnswer<Place> | 'mine')[]
  readonly puts?: readonly PutAnswer[]
  readonly ages?: readonly AgeAnswer[]
  readonly index?: PlaceKey['index']
  readonly sighting?: Sighting
  /** How long it takes to hear what became of a message. */
  readonly putMs?: number
}

/** Takes a place from an engine that gives these answers, the last one again and again. */
async function take({ gets = [none], puts = [stored], ages = [age(60_000)], ...more }: Script) {
  const world = newWorld(1)
  const { clock } = newMachine(world, 'web1', 0)
  const sent: { readonly place: Place; readonly expected: number }[] = []
  let ids = 0
  const next = <T>(answers: readonly T[], counts: { n: number }): T => {
    const answer = answers[Math.min(counts.n, answers.length - 1)]
    counts.n += 1
    if (answer === undefined) throw new Error('no answer')
    return answer
  }
  const [getCount, putCount, ageCount] = [{ n: 0 }, { n: 0 }, { n: 0 }]
  const engine = {
    getPlace: async (): Promise<GetAnswer<Place>> => {
      const answer = next(gets, getCount)
      const value = sent.at(-1)?.place
      if (answer !== 'mine') return answer
      return value === undefined ? none : { kind: 'found', value, sequence: 7, storedMs: 0 }
    },
    async putPlace(_: PlaceKey, value: Place, { expected }: { readonly expected: number }) {
      sent.push({ place: value, expected })
      await new Promise<void>((resolve) => world.after(more.putMs ?? 0, resolve))
      return next(puts, putCount)
    },
    placesAge: async () => next(ages, ageCount),
  }
  const taking = takePlace(
    {
      ...{ engine, clock, uptimeMs: () => world.now(), random: () => 0.5 },
      newId: () => `m${++ids}`,
    },
    {
      key: { task: 'job', index: more.index ?? 0 },
      ...{ place, sighting: more.sighting, endMs: 5_000 },
    },
  )
  // It asks first, and only then waits for time to pass.
  await new Promise((resolve) => setImmediate(resolve))
  await world.runTo(60_000)
  return { result: await taking, expected: sent.map((each) => each.expected) }
}

const held = (sequence: number): GetAnswer<Place> => {
  const value = { ...place, host: 'web2', run: 'other', message: 'x' }
  return { kind: 'found', value, sequence, storedMs: 0 }
}
const free: GetAnswer<Place> = {
  ...{ kind: 'found', value: { v: 1, state: 'free' }, sequence: 4, storedMs: 0 },
}

test.each<[string, Script, object, number[]]>([
  ['that nobody ever had is taken', {}, { kind: 'held', from: undefined }, [0]],
  ['that is free is taken', { gets: [free], ages: [silent] }, { kind: 'held' }, [4]],
  ['of another machine is left', { gets: [held(4)] }, { kind: 'taken', againMs: 45_000 }, []],
  [
    'of a machine that broke its promise is taken',
    { gets: [held(4)], sighting: { sequence: 4, sinceMs: -45_000 } },
    { kind: 'held', from: { host: 'web2' } },
    [4],
  ],
  ['in a new stream is left', { ages: [age(1_000)] }, { kind: 'new', againMs: 44_000 }, []],
  [
    'in which a start waits is taken also in a new stream',
    { ages: [age(0)], index: 'q' },
    { kind: 'held' },
    [0],
  ],
  [
    'is not used if its first message came into a new stream',
    { ages: [age(60_000), age(100)] },
    { kind: 'new', againMs: 45_000 },
    [0],
  ],
  [
    'is not used either if that is known only later',
    { puts: [silent], gets: [none, 'mine'], ages: [age(60_000), silent, age(100)] },
    { kind: 'new' },
    [0],
  ],
  [
    'is found by its message if the answer was lost',
    { puts: [silent], gets: [none, 'mine'], ages: [age(60_000)] },
    { kind: 'held', holding: { sequence: 7, sentMs: 0 } },
    [0],
  ],
  [
    'is not used if its machine stood still for as long as it promised',
    { gets: [free], putMs: 45_000 },
    { kind: 'unreachable' },
    [4],
  ],
  ['of a stream without an age is not taken', { ages: [silent] }, { kind: 'unreachable' }, []],
  [
    'of a missing stream is refused in its words, when the time is over',
    { gets: [{ ...silent, words: 'no stream', isRefused: true }] },
    { kind: 'refused', words: 'no stream' },
    [],
  ],
  [
    'that the engine refuses for good is refused at once',
    { puts: [{ kind: 'refused', words: 'full', mayPass: false }] },
    { kind: 'refused', words: 'full' },
    [0],
  ],
])('a place %s', async (_, script, result, expected) => {
  const taken = await take(script)
  expect(taken.result).toMatchObject(result)
  expect(taken.expected).toEqual(expected)
})
