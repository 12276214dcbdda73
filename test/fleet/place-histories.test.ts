import { expect, test } from 'vitest'
import { keepPlace } from '../../src/fleet/keep-place.ts'
import { newMembership } from '../../src/fleet/membership.ts'
import { type Holding, type PlaceParts, takePlace } from '../../src/fleet/take-place.ts'
import type { Heartbeat } from '../../src/plan/fleet/members.ts'
import type { HeldPlace } from '../../src/plan/fleet/records.ts'
import { holdForMs, type Sighting } from '../../src/plan/fleet/takeover.ts'
import { type FakeEngine, newFakeEngine } from '../support/fleet/engine.ts'
import { type Machine, newMachine, newWorld, type World } from '../support/fleet/world.ts'

/** How many histories are played. Each has another seed, which the test names when it fails. */
const histories = Number(process.env['TORCH_TEST_FLEET_HISTORIES'] ?? 60)

const hosts = ['a', 'b', 'c', 'd', 'e']
const fenceMs = 15_000
const killAfterMs = 1_000
const promiseMs = holdForMs(fenceMs, killAfterMs)
/** How often a place is looked at although its machine says that it has it. */
const backstopMs = 60_000
/** All trouble is over: the last one begins at 200 seconds, and lasts 40. */
const calmMs = 240_000
const endMs = 300_000

let ids = 0

/** One life of the program that must run once in the fleet. */
interface Life {
  readonly host: string
  readonly fromMs: number
  toMs: number
}

interface Play {
  readonly world: World
  readonly engine: FakeEngine
  readonly lives: Life[]
  /** When the engine could not be reached while a place was given back. */
  readonly outages: { readonly fromMs: number; readonly toMs: number }[]
}

/** What is on the disk of a machine, and what runs there without its daemon. */
interface Site {
  readonly machine: Machine
  run: { readonly life: Life; readonly holding: Holding; untilMs: number } | undefined
}

function partsOf({ world, engine }: Play, { machine }: Site): PlaceParts {
  const { clock } = machine
  const parts = {
    uptimeMs: () => world.now(),
    random: () => world.random(),
    newId: () => `m${(ids += 1)}`,
  }
  return { engine: engine.of(machine), clock, ...parts }
}

/** Ends the run within its time to end. */
function end(play: Play, site: Site): void {
  const { run } = site
  if (run === undefined || run.life.toMs !== Infinity) return
  run.life.toMs = play.world.now() + play.world.between(0, killAfterMs)
}

/** The guard of a machine: it needs no daemon, and looks once a second. */
function guard(play: Play, site: Site): void {
  const { run } = site
  if (run !== undefined && run.untilMs <= play.world.now()) end(play, site)
  play.world.after(1_000, () => guard(play, site))
}

/** What a machine says of itself. */
function beatOf({ machine, run }: Site): Heartbeat {
  const facts = { names: [machine.name], addresses: [] }
  const file = { revision: null, committedMs: null, hash: '' }
  return {
    ...{ v: 1, host: machine.name, session: `${machine.name}${machine.life()}`, facts, file },
    ...{ torch: '', tz: '', running: 0, offsetMs: null, isDraining: false },
    places: run === undefined ? [] : ['t/0'],
  }
}

/** What the daemon of a machine does from its start on. */
async function serve(play: Play, site: Site): Promise<void> {
  const { world, engine, lives } = play
  const { machine } = site
  const { clock, name } = machine
  const parts = partsOf(play, site)
  const own = () => beatOf(site)
  const membership = newMembership({ engine: engine.of(machine), clock, own })
  let seen: { held: { by: HeldPlace; sighting: Sighting } | undefined; lookMs: number } | undefined
  /** As fill-places.ts does it: the place is not looked at while its machine says that it has it. */
  const isWorthALook = (): boolean =>
    seen === undefined ||
    clock.monotonic() >= seen.lookMs ||
    seen.held?.by.host === name ||
    (seen.held !== undefined &&
      membership.hasLeft(seen.held.by.host, 't/0', world.now() - seen.held.sighting.sinceMs))
  engine.of(machine).hear((hint) => {
    if (hint.kind === 'free') seen = undefined
  })
  for (;;) {
    if (site.run !== undefined) await hold(play, site)
    if (isWorthALook()) {
      const place: Omit<HeldPlace, 'message'> = {
        ...{ v: 1, state: 'held', host: name, session: `${name}${machine.life()}` },
        ...{ run: `${name}-${world.now()}`, slot: null, holdForMs: promiseMs, sinceMs: 0 },
      }
      const taken = await takePlace(parts, {
        ...{ key: { task: 't', index: 0 }, place, sighting: seen?.held?.sighting },
        endMs: clock.monotonic() + 5_000,
      })
      if (taken.kind === 'held') {
        const life = { host: name, fromMs: world.now(), toMs: Infinity }
        lives.push(life)
        const untilMs = taken.holding.sentMs + fenceMs
        site.run = { life, holding: taken.holding, untilMs }
        seen = undefined
        continue
      }
      const lookMs = clock.monotonic() + backstopMs * (0.5 + world.random())
      if (taken.kind === 'taken') seen = { held: taken, lookMs }
      if (taken.kind === 'new')
        seen = { held: undefined, lookMs: clock.monotonic() + taken.againMs }
    }
    await new Promise<void>((done) => machine.after(1_000, done))
  }
}

/** Holds the place until the run has ended, and gives it back unless it is lost. */
async function hold(play: Play, site: Site): Promise<void> {
  const { world, engine } = play
  const { run, machine } = site
  if (run === undefined) return
  const kept = keepPlace(partsOf(play, site), run.holding, {
    onRenewed: (sentMs) => void (run.untilMs = Math.max(run.untilMs, sentMs + fenceMs)),
    onLost: () => end(play, site),
    onAsk: () => end(play, site),
  })
  while (run.life.toMs > world.now()) {
    await new Promise<void>((done) => machine.after(200, done))
    if (run.untilMs <= world.now()) end(play, site)
  }
  site.run = undefined
  void kept.free().then(() => engine.of(machine).tell({ kind: 'free', task: 't' }))
}

/** none; `free`: places are given back, and that does not get through; `remake`: their stream is made again; all. */
type Troubles = 'none' | 'free' | 'remake' | 'all'

async function playOne(seed: number, troubles: Troubles): Promise<Play> {
  const world = newWorld(seed)
  const engine = newFakeEngine(world)
  const played: Play = { world, engine, lives: [], outages: [] }
  const sites = hosts.map((name): Site => {
    return { machine: newMachine(world, name, 0), run: undefined }
  })
  for (const site of sites) {
    guard(played, site)
    site.machine.after(world.between(0, 500), () => void serve(played, site))
  }
  if (troubles === 'all') {
    for (const key of ['lostAcks', 'lateCommits', 'staleReads', 'lostReads'] as const) {
      engine.troubles[key] = world.random() < 0.5 ? 0 : world.random() * 0.3
      world.after(calmMs, () => (engine.troubles[key] = 0))
    }
    for (let atMs = 5_000; atMs < 200_000; atMs += world.between(2_000, 30_000))
      world.after(atMs, () => trouble(played, sites))
  }
  if (troubles === 'remake')
    for (let atMs = 20_000; atMs < 200_000; atMs += 60_000)
      world.after(atMs + world.between(0, 10_000), () => engine.remakePlaces())
  if (troubles === 'free')
    for (let atMs = 20_000; atMs < 200_000; atMs += 60_000)
      world.after(atMs + world.between(0, 10_000), () => loseFree(played, sites))
  await world.runTo(endMs)
  return played
}

/** The run ends, and nobody hears that its place is free. The machine lives. */
function loseFree(played: Play, sites: readonly Site[]): void {
  const { world, engine, outages } = played
  const owner = sites.find(({ run }) => run !== undefined)
  if (owner?.run === undefined) return
  const { machine, run } = owner
  if (world.random() < 0.5) {
    const ms = world.between(0, 25_000)
    outages.push({ fromMs: world.now(), toMs: world.now() + ms })
    engine.outage(ms)
    end(played, owner)
    return
  }
  // Its daemon comes back and knows nothing of the place, or of the task.
  run.life.toMs = world.now()
  owner.run = undefined
  machine.kill()
  const { clock } = machine
  if (world.random() < 0.5) void serve(played, owner)
  else newMembership({ engine: engine.of(machine), clock, own: () => beatOf(owner) })
}

/** Something happens to the machine that runs the program, or to the engine. */
function trouble(played: Play, sites: readonly Site[]): void {
  const { world, engine } = played
  const owner = sites.find(({ run }) => run !== undefined) ?? sites[0]
  if (owner === undefined) return
  const { machine } = owner
  const kind = world.random()
  // Also while a machine is cut off, or its daemon is dead.
  if (world.random() < 0.2) world.after(world.between(0, 5_000), () => engine.remakePlaces())
  if (kind < 0.2) engine.outage(world.between(100, 20_000))
  else if (kind < 0.4) engine.cutOff(machine, world.between(100, 40_000))
  else if (kind < 0.55) machine.freeze(world.between(100, 40_000))
  else if (kind < 0.85) {
    machine.kill()
    const life = machine.life()
    world.after(world.between(0, 40_000), () => {
      if (machine.life() === life) void serve(played, owner)
    })
  } else end(played, owner)
}

function overlaps({ lives }: Play): string[] {
  return lives.flatMap((life, index) =>
    lives.slice(index + 1).flatMap((other) => {
      const isApart = other.fromMs >= life.toMs || life.fromMs >= other.toMs
      if (isApart) return []
      return [`${life.host} ${life.fromMs}-${life.toMs} and ${other.host} from ${other.fromMs}`]
    }),
  )
}

test('whatever goes wrong, the program of one place never runs twice at once', async () => {
  let served = 0
  for (let seed = 1; seed <= histories; seed += 1) {
    const played = await playOne(seed, 'all')
    expect({ seed, overlaps: overlaps(played) }).toEqual({ seed, overlaps: [] })
    served += played.lives.reduce(
      (sum, { fromMs, toMs }) => sum + Math.min(toMs, endMs) - fromMs,
      0,
    )
    // All trouble is over for 60 seconds: somebody has it.
    expect({ seed, runs: played.lives.at(-1)?.toMs }).toEqual({ seed, runs: Infinity })
  }
})

test('a place that its machine could not give back is used again within the promise of the machine', async () => {
  for (let seed = 1; seed <= histories / 4; seed += 1) {
    const { lives, outages } = await playOne(seed, 'free')
    const gaps = lives.slice(1).map(({ fromMs }, index) => {
      const endedMs = lives[index]?.toMs ?? 0
      const outage = outages.find((each) => Math.abs(each.fromMs - endedMs) <= killAfterMs)
      // Until shortly before the end of its promise, the machine itself gives the place back.
      if (outage !== undefined && outage.toMs - endedMs < promiseMs - 3_000)
        return { gap: fromMs - outage.toMs, most: 8_000 }
      if (outage !== undefined) return { gap: fromMs - outage.toMs, most: promiseMs + 8_000 }
      return { gap: fromMs - endedMs, most: promiseMs + 8_000 }
    })
    expect({ seed, count: gaps.length, gaps: gaps.filter(({ gap, most }) => gap > most) }).toEqual({
      ...{ seed, gaps: [] },
      count: 3,
    })
  }
})

test('a program runs on when somebody makes the stream of places again, and its machine is heard', async () => {
  for (let seed = 1; seed <= histories / 4; seed += 1) {
    const played = await playOne(seed, 'remake')
    const ends = played.lives.map(({ toMs }) => toMs)
    expect({ seed, ends, overlaps: overlaps(played) }).toEqual({
      ...{ seed, ends: [Infinity], overlaps: [] },
    })
  }
})

test('if nothing goes wrong, one machine has the place all the time', async () => {
  const { lives } = await playOne(1, 'none')
  expect(lives).toHaveLength(1)
  expect(lives[0]?.fromMs).toBeLessThan(1_000)
  expect(lives[0]?.toMs).toBe(Infinity)
})
