import { expect, test } from 'vitest'
import { keepPlace } from '../../src/fleet/keep-place.ts'
import type { GetAnswer, PutAnswer } from '../../src/plan/fleet/answers.ts'
import type { HeldPlace, Place } from '../../src/plan/fleet/records.ts'
import { handClock } from '../support/clock.ts'

const key = { task: 'job', index: 0 }
const place: HeldPlace = {
  ...{ v: 1, state: 'held', host: 'web1', session: 's', run: 'mine', slot: null, message: 'm0' },
  ...{ holdForMs: 45_000, sinceMs: 0 },
}
const silent = { kind: 'silent', words: 'no answer' } as const
const none = { kind: 'none' } as const

/** A holder since the sequence 50. The engine answers as the test says, and notes what it was asked to store. */
function holder() {
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const puts: { readonly expected: number; readonly place: Place }[] = []
  const calls: string[] = []
  let ids = 0
  const engine = {
    put: (): PutAnswer => silent,
    get: (): GetAnswer<Place> => silent,
  }
  const kept = keepPlace(
    {
      engine: {
        async putPlace(_, next, { expected }) {
          puts.push({ expected, place: next })
          return engine.put()
        },
        getPlace: async () => engine.get(),
        placesAge: async () => silent,
      },
      ...{ clock, uptimeMs: () => clock.monotonic(), random: () => 0.5, newId: () => `m${++ids}` },
    },
    { key, place, sequence: 50, sentMs: clock.monotonic() },
    {
      onRenewed: () => void calls.push('renewed'),
      onLost: () => void calls.push('lost'),
      onAsk: (ask) => void calls.push(ask),
    },
  )
  /** Seconds pass, and all that follows from each. */
  async function pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      clock.advance(1_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const found = (changes: Partial<HeldPlace>, sequence: number): GetAnswer<Place> => {
    return { kind: 'found', value: { ...place, ...changes }, sequence, storedMs: 0 }
  }
  const lastMessage = (): string => {
    const last = puts.at(-1)?.place
    return last?.state === 'held' ? last.message : ''
  }
  return { kept, engine, puts, calls, pass, found, lastMessage }
}

test('while its promise lasts, a holder begins the stream that was made again; after that it does not', async () => {
  const { engine, puts, pass } = holder()
  engine.put = () => ({ kind: 'taken' })
  engine.get = () => none
  await pass(40)
  // Each second try, because "none" proves nothing.
  expect(puts.slice(0, 4).map(({ expected }) => expected)).toEqual([50, 0, 50, 0])
  await pass(10)
  puts.length = 0
  await pass(20)
  expect(new Set(puts.map(({ expected }) => expected))).toEqual(new Set([50]))
})

test('what is given back never begins a stream: another machine may have had the place since', async () => {
  const { kept, engine, puts, pass } = holder()
  engine.put = () => ({ kind: 'taken' })
  engine.get = () => none
  void kept.free()
  await pass(20)
  expect(puts.length).toBeGreaterThan(10)
  expect(new Set(puts.map(({ expected }) => expected))).toEqual(new Set([50]))
})

test('a place is given back after an outage that was longer than its promise', async () => {
  const { kept, engine, puts, pass } = holder()
  let isFree = false
  void kept.free().then(() => (isFree = true))
  await pass(200)
  expect(isFree).toBe(false)
  // It is not sent more often than once a second in the end.
  expect(puts.length).toBeLessThan(450)
  puts.length = 0
  engine.put = () => ({ kind: 'refused', words: 'no stream yet', mayPass: true })
  await pass(5)
  expect(isFree).toBe(false)
  engine.put = () => ({ kind: 'stored', sequence: 51 })
  await pass(2)
  expect([isFree, puts.at(-1)]).toEqual([true, { expected: 50, place: { v: 1, state: 'free' } }])
})

test('what another machine has by now is not given back', async () => {
  const { kept, engine, puts, pass, found } = holder()
  void kept.free()
  await pass(100)
  engine.put = () => ({ kind: 'taken' })
  engine.get = () => found({ run: 'another' }, 51)
  await pass(2)
  puts.length = 0
  await pass(20)
  expect(puts).toEqual([])
})

test('a renewal whose answer was lost counts from when it was sent, also with a small number', async () => {
  const { engine, puts, calls, pass, found, lastMessage } = holder()
  engine.get = () => (puts.length < 2 ? none : found({ message: lastMessage() }, 3))
  engine.put = () => (puts.length < 3 ? silent : { kind: 'stored', sequence: 4 })
  await pass(7)
  expect(calls).toEqual(['renewed'])
  await pass(5)
  expect(puts.at(-1)?.expected).toBe(3)
  expect(calls).toEqual(['renewed', 'renewed'])
})

test('a first message that comes into the stream after its promise is over counts as that of another machine', async () => {
  const { kept, engine, puts, calls, pass, found } = holder()
  engine.get = () => none
  await pass(20)
  const first = puts.find(({ expected }) => expected === 0)?.place
  void kept.free()
  await pass(32)
  engine.get = () => found({ message: first?.state === 'held' ? first.message : '' }, 3)
  const before = puts.length
  await pass(20)
  // Whoever gave it back would let others take a place in which a third machine may run.
  expect(puts.slice(before).filter(({ expected }) => expected === 3)).toEqual([])
  expect(calls).toEqual([])
})

test('an answer of a server that no longer leads changes nothing', async () => {
  const { engine, puts, calls, pass, found, lastMessage } = holder()
  let sequence = 50
  engine.put = () => ({ kind: 'stored', sequence: (sequence += 1) })
  await pass(6)
  const message = lastMessage()
  await pass(5)
  expect(calls).toEqual(['renewed', 'renewed'])
  // It still has the message before the last one.
  engine.put = () => ({ kind: 'taken' })
  engine.get = () => found({ message, ask: 'replace' }, 51)
  await pass(8)
  expect(calls).toEqual(['renewed', 'renewed'])
  expect(puts.at(-1)?.expected).toBe(52)
  engine.get = () => found({ message: 'of another life', ask: 'replace' }, 53)
  await pass(2)
  expect(calls).toEqual(['renewed', 'renewed', 'replace'])
})

test('a holder hears once that another machine has the place, and renews no more', async () => {
  const { engine, puts, calls, pass, found } = holder()
  engine.put = () => ({ kind: 'taken' })
  engine.get = () => found({ run: 'another' }, 51)
  await pass(30)
  expect(calls).toEqual(['lost'])
  expect(puts).toHaveLength(1)
})
