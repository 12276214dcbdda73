import fs from 'node:fs'
import { pause } from '../daemon.js'
import { until } from '../campaign/site.js'
import { randomOf } from '../campaign/random.js'
import { checkFleet, readLines } from './check.js'
import { cuts, disturb, driftLong, faults, isOfServers } from './faults.js'
import { expected } from './tasks.js'
import { closeWorld, newWorld, uptime } from './world.js'

/** Slots of the last seconds may still wait for the engine, or in line. */
const settleMs = 35_000
/** After few faults the last slots are not looked for: most are seconds apart. */
const shortSettleMs = 10_000
const shortLeftOut = 4
/** A round that is at least that long has time for a machine whose file is old. */
const driftMs = 12 * 60_000

/**
 * A fleet of five machines that is disturbed for `ms`, or with the faults of `only`, once each. Returns figures
 * and broken promises. The same seed does the same, as far as timing allows.
 */
export async function playRound(options) {
  const { seed, only, keep = false, say } = options
  const random = randomOf(seed)
  const counts = {}
  const world = await newWorld(options)
  const round = {
    ...{ world, random, say, away: [], failed: [], barred: [], disturbed: [] },
    ...{ host: world.hosts[0], reserved: undefined },
    count: (name) => (counts[name] = (counts[name] ?? 0) + 1),
  }
  let breaches = ['the round did not end']
  try {
    await until(
      () => ['keep', 'often'].every((task) => lastOf(world, task)),
      'the first runs',
      40_000,
    )
    const from = Math.ceil(Date.now() / 1000) + 2
    const lived = { from: uptime() }
    await (only === undefined ? disturbLong(round, options) : disturbShortly(round, only))
    const to = Math.floor(Date.now() / 1000) - (only === undefined ? 0 : shortLeftOut)
    lived.to = uptime()
    say('the end of the faults')
    await pause(only === undefined ? settleMs : shortSettleMs)
    const rows = (await Promise.all(world.hosts.map((host) => host.rows()))).flat()
    fs.writeFileSync(`${world.folder}/rows.json`, JSON.stringify(rows))
    const { away, barred, disturbed } = round
    const bootedAt = Date.now() / 1000 - uptime()
    const facts = { tasks: expected, from, to, lived, away, barred, disturbed, bootedAt }
    fs.writeFileSync(`${world.folder}/bounds.json`, JSON.stringify(facts))
    const lines = readLines(fs.readFileSync(world.witness, 'utf8'))
    const checked = checkFleet({ ...facts, lines, rows })
    breaches = [...round.failed, ...checked.breaches]
    return { figures: checked.figures, counts, breaches, folder: world.folder }
  } catch (error) {
    breaches = [`the round failed: ${error.stack}`]
    return { figures: {}, counts, breaches, folder: world.folder }
  } finally {
    await closeWorld(world, keep || breaches.length > 0)
  }
}

/** One fault after another, and some at one time, until the time is over. */
async function disturbLong(round, { ms, isSeparate }) {
  const { random, world } = round
  const all = Object.keys(faults).filter((name) => isSeparate || !cuts.includes(name))
  const end = performance.now() + ms
  let drift
  if (ms >= driftMs) {
    round.reserved = world.hosts.at(-1)
    const shared = expected.filter(({ kind }) => kind !== 'host').map(({ name }) => name)
    drift = driftLong(round, shared)
  }
  let left = shuffled(all, random)
  while (performance.now() < end) {
    if (left.length === 0) left = shuffled(all, random)
    // Without servers for a while, a machine does not know what others have: its time of grace begins again.
    const first = left.findIndex((name) => round.reserved === undefined || !isOfServers(name))
    if (first === -1) left = [...left, ...shuffled(all, random)]
    const names = left.splice(Math.max(first, 0), 1)
    // Two at a time, but not two for the same machine or the servers.
    const second = left.findIndex((name) => isOfServers(name) !== isOfServers(names[0]))
    if (round.reserved === undefined && second !== -1 && random.chance(0.25))
      names.push(...left.splice(second, 1))
    round.host = hostOf(round, names)
    await disturb(round, names)
    await pause(random.between(2_000, 8_000))
  }
  await drift
}

/** Those of a machine and those of the servers at the same time, each once. */
async function disturbShortly(round, only) {
  const left = shuffled(only, round.random)
  while (left.length > 0) {
    const names = [left.shift()]
    const second = left.findIndex((name) => isOfServers(name) !== isOfServers(names[0]))
    if (second !== -1) names.push(...left.splice(second, 1))
    round.host = hostOf(round, names)
    await disturb(round, names)
    await pause(round.random.between(2_000, 4_000))
  }
}

/** In half of the cases the machine that runs `keep`. A crash takes one with a run that must start again. */
function hostOf({ world, random, reserved }, names) {
  const hosts = world.hosts.filter((host) => host !== reserved)
  const task = names.includes('machine crash') ? 'lost' : 'keep'
  const owner = hosts.find(({ name }) => name === lastOf(world, task)?.host)
  const other = random.pick(hosts)
  return (task === 'lost' || random.chance(0.5)) && owner !== undefined ? owner : other
}

function lastOf({ witness }, task) {
  return readLines(fs.readFileSync(witness, 'utf8')).findLast((line) => line.task === task)
}

function shuffled(list, random) {
  const rest = [...list]
  const out = []
  while (rest.length > 0) out.push(...rest.splice(random.between(0, rest.length - 1), 1))
  return out
}
