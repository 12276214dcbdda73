import fs from 'node:fs'
import { pause } from '../daemon.js'
import { until } from '../campaign/site.js'
import { randomOf } from '../campaign/random.js'
import { checkFleet, readLines } from './check.js'
import { disturb, faults } from './faults.js'
import { expected } from './tasks.js'
import { closeWorld, newWorld, uptime } from './world.js'

/** Slots of the last seconds may still wait for the engine, or in line. */
const settleMs = 35_000
/** Enough after few faults. */
const shortSettleMs = 18_000

/**
 * A fleet of five machines that is disturbed for `ms`, or with the faults of `only`, once each. Returns figures
 * and broken promises. The same seed does the same, as far as timing allows.
 */
export async function playRound({ seed, ms, only, natsServer, keep = false, say }) {
  const random = randomOf(seed)
  const counts = {}
  const world = await newWorld(natsServer)
  const round = {
    ...{ world, random, say, away: [], failed: [], host: world.hosts[0] },
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
    const end = performance.now() + ms
    let left = []
    const isOver = () => (only === undefined ? performance.now() > end : left.length === 0)
    left = shuffled(only ?? Object.keys(faults), random)
    while (!isOver()) {
      if (left.length === 0) left = shuffled(Object.keys(faults), random)
      const names = [left.shift()]
      // Two at a time, but not two for the same machine or the servers.
      const second = left.findIndex((name) => isServer(name) !== isServer(names[0]))
      if (only === undefined && second !== -1 && random.chance(0.25))
        names.push(...left.splice(second, 1))
      round.host = hostOf(round)
      await disturb(round, names)
      await pause(random.between(2_000, 8_000))
    }
    const to = Math.floor(Date.now() / 1000)
    lived.to = uptime()
    await pause(only === undefined ? settleMs : shortSettleMs)
    const rows = (await Promise.all(world.hosts.map((host) => host.rows()))).flat()
    fs.writeFileSync(`${world.folder}/rows.json`, JSON.stringify(rows))
    const lines = readLines(fs.readFileSync(world.witness, 'utf8'))
    const { away } = round
    fs.writeFileSync(`${world.folder}/bounds.json`, JSON.stringify({ from, to, lived, away }))
    const checked = checkFleet({ lines, rows, tasks: expected, from, to, lived, away })
    breaches = [...round.failed, ...checked.breaches]
    return { figures: checked.figures, counts, breaches, folder: world.folder }
  } catch (error) {
    breaches = [`the round failed: ${error.stack}`]
    return { figures: {}, counts, breaches, folder: world.folder }
  } finally {
    await closeWorld(world, keep || breaches.length > 0)
  }
}

function isServer(name) {
  return name.startsWith('server')
}

/** In half of the cases the machine that runs `keep`. */
function hostOf({ world, random }) {
  const owner = world.hosts.find(({ name }) => name === lastOf(world, 'keep')?.host)
  const other = random.pick(world.hosts)
  return random.chance(0.5) && owner !== undefined ? owner : other
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
