import { expect, test } from 'vitest'
import { keepPlace } from '../../src/fleet/keep-place.ts'
import { type Holding, type PlaceParts, takePlace } from '../../src/fleet/take-place.ts'
import type { HeldPlace } from '../../src/plan/fleet/records.ts'
import { holdForMs, type Sighting } from '../../src/plan/fleet/takeover.ts'
import { type FakeEngine, newFakeEngine } from '../support/fleet/engine.ts'
import { type Machine, newMachine, newWorld, type World } from '../support/fleet/world.ts'

/** How many histories are played. Each has another seed, which the test names when it fails. */
const histories = Number(process.env['TORCH_TEST_FLEET_HISTORIES'] ?? 200)

const hosts = ['a', 'b', 'c', 'd', 'e']
const fenceMs = 15_000
const killAfterMs = 1_000
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

/** What the daemon of a machine does from its start on. */
async function serve(play: Play, site: Site): Promise<void> {
  const { world, lives } = play
  const { machine } = site
  const parts = partsOf(play, site)
  let sighting: Sighting | undefined
  for (;;) {
    if (site.run !== undefined) await hold(play, site)
    const index = machine.life()
    const place: Omit<HeldPlace, 'message'> = {
      ...{ v: 1, state: 'held', host: machine.name, session: `${machine.name}${index}` },
      ...{ run: `${machine.name}-${world.now()}`, slot: null },
      ...{ holdForMs: holdForMs(fenceMs, killAfterMs), sinceMs: 0 },
    }
    const endsMs = machine.clock.monotonic() + 10_000
    const request = { key: { task: 't', index: 0 }, place, sighting, endMs: endsMs }
    const taken = await takePlace(parts, request)
    if (taken.kind === 'held') {
      const life = { host: machine.name, fromMs: world.now(), toMs: Infinity }
      lives.push(life)
      const untilMs = taken.holding.sentMs + fenceMs
      site.run = { life, holding: taken.holding, untilMs }
      continue
    }
    if (taken.kind === 'taken') ({ sighting } = taken)
    const waitMs = taken.kind === 'taken' ? Math.min(taken.againMs, 2_000) : 500
    await new Promise<void>((done) => machine.after(waitMs, done))
  }
}

/** Holds the place until the run has ended, and gives it back unless it is lost. */
async function hold(play: Play, site: Site): Promise<void> {
  const { world } = play
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
  await kept.free(5_000)
  site.run = undefined
}

type Troubles = 'none' | 'all'

async function playOne(seed: number, troubles: Troubles): Promise<Play> {
  const world = newWorld(seed)
  const engine = newFakeEngine(world)
  const played: Play = { world, engine, lives: [] }
  const sites = hosts.map((name): Site => {
    return { machine: newMachine(world, name, 0), run: undefined }
  })
  for (const site of sites) {
    guard(played, site)
    site.machine.after(world.between(0, 500), () => void serve(played, site))
  }
  if (troubles === 'all') {
    for (const key of ['lostAcks', 'lateCommits', 'staleReads', 'lostReads'] as const)
      engine.troubles[key] = world.random() < 0.5 ? 0 : world.random() * 0.3
    for (let atMs = 5_000; atMs < 200_000; atMs += world.between(2_000, 30_000))
      world.after(atMs, () => trouble(played, sites))
  }
  await world.runTo(endMs)
  return played
}

/** Something happens to the machine that runs the program, or to the engine. */
function trouble(played: Play, sites: readonly Site[]): void {
  const { world, engine } = played
  const owner = sites.find(({ run }) => run !== undefined) ?? sites[0]
  if (owner === undefined) return
  const { machine } = owner
  const kind = world.random()
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

test('if nothing goes wrong, one machine has the place all the time', async () => {
  const { lives } = await playOne(1, 'none')
  expect(lives).toHaveLength(1)
  expect(lives[0]?.fromMs).toBeLessThan(1_000)
  expect(lives[0]?.toMs).toBe(Infinity)
})
