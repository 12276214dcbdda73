import { expect, test } from 'vitest'
import { claimSlot, type ClaimResult } from '../../src/fleet/claim-slot.ts'
import { holdBackMs } from '../../src/plan/fleet/ranks.ts'
import type { Claim } from '../../src/plan/fleet/records.ts'
import { claimSubject, type FakeEngine, newFakeEngine } from '../support/fleet/engine.ts'
import { type Machine, newMachine, newWorld, type World } from '../support/fleet/world.ts'

/** How many histories are played. Each has another seed, which the test names when it fails. */
const histories = Number(process.env['TORCH_TEST_FLEET_HISTORIES'] ?? 1_000)

const hosts = ['a', 'b', 'c', 'd', 'e']
const slots = [10, 40, 70]
const startWithinMs = 20_000

interface Start {
  readonly slot: number
  readonly host: string
  readonly attempt: string
  readonly atMs: number
}

/** What a machine has on disk about its attempts. */
type Disk = Map<number, Claim>

interface Play {
  readonly world: World
  readonly engine: FakeEngine
  readonly starts: Start[]
  /** What each machine found out, by slot and host. */
  readonly results: Map<string, ClaimResult>
}

/** One machine tries to get one slot, as its daemon does. The attempt is on disk before it is made. */
async function trySlot(play: Play, machine: Machine, disk: Disk, slot: number): Promise<void> {
  const { world, engine, starts, results } = play
  const dueMonotonicMs = slot * 1000 - machine.offsetMs
  const candidates = hosts.map((host) => ({ host, tier: 0 }))
  const facts = { task: 't', slot, host: machine.name, aheadMs: machine.offsetMs }
  const isNew = !disk.has(slot)
  if (isNew) await new Promise<void>((done) => machine.after(holdBackMs(facts, candidates), done))
  const attempt = `${machine.name}-${slot}-${machine.life()}`
  const base = { v: 1, host: machine.name, session: 's', definition: 'd', revision: null } as const
  const claim = disk.get(slot) ?? { ...base, attempt, slot }
  disk.set(slot, claim)
  const result = await claimSlot(
    { engine: engine.of(machine), clock: machine.clock, random: () => world.random() },
    {
      key: { task: 't', slot, tryNumber: 1 },
      claim,
      window: { slotMs: slot * 1000, startWithinMs, nextSlotMs: (slot + 30) * 1000 },
      dueMonotonicMs,
    },
  )
  disk.delete(slot)
  results.set(`${slot} ${machine.name}`, result)
  if (result.kind === 'won')
    starts.push({ slot, host: machine.name, attempt: claim.attempt, atMs: world.now() })
}

/** none; `answers`: only answers get lost or are late; all. */
type Troubles = 'none' | 'answers' | 'all'

/** Plays five machines and three slots, with troubles that the seed decides. */
async function playOne(seed: number, troubles: Troubles): Promise<Play> {
  const world = newWorld(seed)
  const engine = newFakeEngine(world)
  const now: Play = { world, engine, starts: [], results: new Map() }
  const { between } = world
  for (const name of hosts) {
    const most = world.random() < 0.1 ? 15_000 : 3_000
    const machine = newMachine(world, name, troubles === 'all' ? between(-most, most) : 0)
    const disk: Disk = new Map()
    for (const slot of slots)
      machine.after(slot * 1000 - machine.offsetMs, () => void trySlot(now, machine, disk, slot))
    if (troubles === 'all') trouble(now, machine, disk)
  }
  if (troubles !== 'none')
    for (const key of ['lostAcks', 'lateCommits', 'staleReads', 'lostReads'] as const)
      engine.troubles[key] = world.random() < 0.5 ? 0 : world.random() * 0.4
  if (troubles === 'all')
    for (const slot of slots)
      if (world.random() < 0.4)
        world.after(slot * 1000 + between(-2_000, 2_000), () => engine.outage(between(0, 25_000)))
  await world.runTo(130_000)
  return now
}

/** The daemon of a machine is killed and comes back, the machine is frozen, or cut off. */
function trouble({ world, engine, ...rest }: Play, machine: Machine, disk: Disk): void {
  const { between } = world
  for (const slot of slots) {
    const kind = world.random()
    world.after(slot * 1000 + between(-500, 6_000), () => {
      if (kind < 0.15) machine.freeze(between(100, 40_000))
      else if (kind < 0.3) engine.cutOff(machine, between(100, 15_000))
      else if (kind < 0.45) {
        machine.kill()
        world.after(between(0, 10_000), () => {
          for (const left of disk.keys())
            void trySlot({ world, engine, ...rest }, machine, disk, left)
        })
      }
    })
  }
}

/** What must be true of every history. */
function breaches({ starts, engine }: Play): string[] {
  return slots.flatMap((slot) => {
    const found = starts.filter((start) => start.slot === slot)
    const stored = engine.stored.get(claimSubject({ task: 't', slot, tryNumber: 1 }))
    const owner = (stored?.value as Claim | undefined)?.attempt
    const afterMs = (stored?.storedMs ?? 0) - slot * 1000
    const isInTime = afterMs >= -5_000 && afterMs <= startWithinMs
    return [
      found.length > 1 && `${slot}: ${found.length} starts`,
      found.some(({ attempt }) => attempt !== owner) && `${slot}: a start without the claim`,
      found.length > 0 && !isInTime && `${slot}: a start with a claim of another time`,
      found.some((start) => isTooLate(start)) && `${slot}: a start after a freeze`,
    ].filter((each) => each !== false)
  })
}

/** Its own clock may be behind by 15 seconds. */
function isTooLate({ slot, atMs }: Start): boolean {
  return atMs > slot * 1000 + startWithinMs + 15_000
}

test('whatever goes wrong, a slot is started at most once, in its time and with its claim', async () => {
  let started = 0
  for (let seed = 1; seed <= histories; seed += 1) {
    const played = await playOne(seed, 'all')
    expect({ seed, breaches: breaches(played) }).toEqual({ seed, breaches: [] })
    started += played.starts.length
  }
  // Most slots are started, although so much goes wrong.
  expect(started / (histories * slots.length)).toBeGreaterThan(0.7)
})

test('if nothing goes wrong, each slot is started exactly once, at once', async () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const { starts, results } = await playOne(seed, 'none')
    expect(starts.map(({ slot }) => slot)).toEqual(slots)
    for (const { slot, atMs } of starts) expect(atMs - slot * 1000).toBeLessThan(30)
    const kinds = [...results.values()].map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'elsewhere')).toHaveLength(12)
  }
})

test('lost and late answers alone cost no start', async () => {
  for (let seed = 1; seed <= histories / 4; seed += 1) {
    const { starts } = await playOne(seed, 'answers')
    expect({ seed, slots: starts.map(({ slot }) => slot) }).toEqual({ seed, slots })
  }
})
