import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Engine } from '../../src/fleet/engine.ts'
import { natsEngine, type NatsParts } from '../../src/fleet/nats/engine.ts'
import { fleetStreams } from '../../src/fleet/nats/streams.ts'
import { fleetNames, inboxPrefix } from '../../src/fleet/nats/subjects.ts'
import type { Hint } from '../../src/plan/fleet/hints.ts'
import type { Claim, HeldPlace } from '../../src/plan/fleet/records.ts'
import { newFakeEngine } from '../support/fleet/engine.ts'
import { describeNats, natsServer } from '../support/fleet/nats-server.ts'
import { newMachine, newWorld } from '../support/fleet/world.ts'
import { until } from '../support/until.ts'

const closings: (() => Promise<unknown>)[] = []
afterAll(async () => {
  for (const close of closings.toReversed()) await close()
})

/** An engine in memory whose time passes by itself. */
function fakeEngine(): Promise<Engine> {
  const world = newWorld(1)
  let isOpen = true
  closings.push(() => Promise.resolve((isOpen = false)))
  const pass = async (): Promise<void> => {
    await world.runTo(world.now() + 1)
    if (isOpen) setImmediate(() => void pass())
  }
  void pass()
  return Promise.resolve(newFakeEngine(world).of(newMachine(world, 'a', 0)))
}

async function natsPartsOf(program: string): Promise<NatsParts> {
  const server = await natsServer(program)
  closings.push(() => server.close())
  const inbox = inboxPrefix({ name: 'prod', host: 'a' })
  const connection = await connect({ servers: server.url, inboxPrefix: inbox })
  closings.push(() => connection.close())
  const manager = await jetstreamManager(connection, { checkAPI: false })
  const names = fleetNames('prod')
  for (const stream of fleetStreams(names, { replicas: 1, keepMs: 3_600_000 }))
    await manager.streams.add(stream)
  return { connection, js: jetstream(connection), manager, names, host: 'a' }
}

const claim = (attempt: string): Claim => ({
  ...{ v: 1, attempt, host: 'a', session: 's', slot: 60, definition: 'd1:0', revision: null },
})
const place = (run: string): HeldPlace => ({
  ...{ v: 1, state: 'held', host: 'a', session: 's', run, slot: null, message: run },
  ...{ holdForMs: 45_000, sinceMs: 0 },
})

describe('the engine in memory', () => suite(fakeEngine))
describeNats('the engine of %s', (program) => {
  suite(async () => natsEngine(await natsPartsOf(program)))

  test('with a server that stores several, only the last one has the place', async () => {
    const parts = await natsPartsOf(program)
    const exact = natsEngine(parts)
    const key = { task: 'job', index: 0 }
    let settled = 0
    const other = async (): Promise<void> => {
      const found = await exact.getPlace(key)
      const expected = found.kind === 'found' ? found.sequence : 0
      settled += 1
      if (settled === 1) await exact.putPlace(key, place('other'), { expected, id: 'other' })
    }
    const { putPlace } = natsEngine({ ...parts, settle: other })
    const first = await putPlace(key, place('first'), { expected: 0, id: 'first' })
    expect(first).toMatchObject({ kind: 'stored' })
    const expected = first.kind === 'stored' ? first.sequence : 0
    expect(await putPlace(key, place('mine'), { expected, id: 'mine' })).toEqual({ kind: 'taken' })
    const again = { expected: expected + 2, id: 'again' }
    expect(await putPlace(key, place('again'), again)).toMatchObject({ kind: 'stored' })
    expect(settled).toBe(2)
  })
})

/** What both must do. */
function suite(open: () => Promise<Engine>): void {
  const key = (slot: number, tryNumber = 1) => ({ task: 'db.dump', slot, tryNumber })
  let engine: Promise<Engine>
  beforeAll(() => void (engine = open()))

  test('a claim is stored once; whoever comes later reads whose it is', async () => {
    const { putClaim, getClaim } = await engine
    expect(await getClaim(key(60))).toEqual({ kind: 'none' })
    const first = await putClaim(key(60), claim('one'))
    expect(first).toEqual({ kind: 'stored', sequence: expect.any(Number) as number })
    const { sequence } = first as { sequence: number }
    expect(await putClaim(key(60), claim('two'))).toEqual({ kind: 'taken' })
    expect(await putClaim(key(60), claim('one'))).toEqual({ kind: 'taken' })
    expect(await getClaim(key(60))).toEqual({
      ...{ kind: 'found', value: claim('one'), sequence, storedMs: expect.any(Number) as number },
    })
    // Another slot, and another try, are others.
    expect(await putClaim(key(61), claim('three'))).toMatchObject({ kind: 'stored' })
    expect(await putClaim(key(60, 2), claim('four'))).toMatchObject({ kind: 'stored' })
  })

  test('of a hundred that come at once, one gets the claim', async () => {
    const { putClaim } = await engine
    const attempts = Array.from({ length: 100 }, (_, index) => claim(`at once ${index}`))
    const answers = await Promise.all(attempts.map((each) => putClaim(key(62), each)))
    expect(answers.filter(({ kind }) => kind === 'stored')).toHaveLength(1)
    expect(answers.filter(({ kind }) => kind === 'taken')).toHaveLength(99)
  })

  test('a place changes hands only from the sequence that its new holder has read', async () => {
    const { putPlace, getPlace } = await engine
    const at = { task: 'web', index: 0 }
    const first = await putPlace(at, place('one'), { expected: 0, id: 'm1' })
    expect(first.kind).toBe('stored')
    const { sequence } = first as { sequence: number }
    expect(await putPlace(at, place('two'), { expected: 0, id: 'm2' })).toEqual({ kind: 'taken' })
    const second = await putPlace(at, place('two'), { expected: sequence, id: 'm3' })
    expect(second).toMatchObject({ kind: 'stored' })
    const free = { expected: sequence, id: 'm4' }
    expect(await putPlace(at, { v: 1, state: 'free' }, free)).toEqual({ kind: 'taken' })
    expect(await getPlace(at)).toMatchObject({ kind: 'found', value: place('two') })
    expect(await getPlace({ task: 'web', index: 'q' })).toEqual({ kind: 'none' })
  })

  test('a machine answers what it is asked, and a machine that is not there is silent', async () => {
    const { ask, answer } = await engine
    answer((question) => ({ got: question.kind }))
    expect(await ask('a', { kind: 'defs' })).toEqual({ kind: 'answer', value: { got: 'defs' } })
    expect(await ask('nobody', { kind: 'defs' })).toMatchObject({ kind: 'silent' })
  })

  test('it says since when it remembers claims', async () => {
    const { claimsSince, putClaim, getClaim } = await engine
    await putClaim(key(999), claim('since'))
    const [found, since] = [await getClaim(key(999)), await claimsSince()]
    const knownMs =
      found.kind === 'found' && since.kind === 'since' ? found.storedMs - since.ms : undefined
    expect(knownMs).toBeGreaterThanOrEqual(0)
    expect(knownMs).toBeLessThan(300_000)
  })

  test('it says for how long it remembers places', async () => {
    const { placesAge, putPlace, getPlace } = await engine
    const at = { task: 'aged', index: 0 }
    await putPlace(at, place('aged'), { expected: 0, id: 'aged' })
    const [first, stored, second] = [await placesAge(), await getPlace(at), await placesAge()]
    const ages = [first, second].map((age) => (age.kind === 'age' ? age.ms : NaN))
    expect(stored.kind).toBe('found')
    expect(ages[0]).toBeGreaterThanOrEqual(0)
    expect(ages[1]).toBeGreaterThanOrEqual(ages[0] ?? NaN)
    expect(ages[1] === Infinity || (ages[1] ?? NaN) < 300_000).toBe(true)
  })

  test('what a machine tells, all hear', async () => {
    const { tell, hear } = await engine
    const heard: Hint[] = []
    hear((hint) => heard.push(hint))
    const hints: Hint[] = [
      { kind: 'won', task: 'db.dump', slot: 60, host: 'a' },
      { kind: 'free', task: 'web' },
    ]
    for (const hint of hints) tell(hint)
    await until(() => heard.length === 2, 'the hints')
    expect(heard).toEqual(expect.arrayContaining(hints))
  })
}
