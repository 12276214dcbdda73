import fs from 'node:fs'
import { pause } from '../daemon.js'
import { disturb, ensureDaemon } from './disturb.js'
import { checkRound } from './checks.js'
import { randomOf } from './random.js'
import { ask, closeSite, isAlive, launch, newSite, setPlan, until } from './site.js'
import { tasksText, writeWitness } from './tasks.js'

/** Longer than the longest task, so that runs may end by themselves at the end. */
const graceMs = 12_000

/**
 * One home with tasks of all kinds, whose daemon is killed, restarted and made to fail for a while.
 * Returns figures and broken promises. The same seed does the same, as far as timing allows.
 */
export async function playRound(seed, durationMs, say) {
  const site = newSite()
  const counts = {}
  const round = {
    site,
    random: randomOf(seed),
    change: 0,
    pid: undefined,
    /** @type {string[]} */
    breaches: [],
    /** Runs whose recorder was killed: nobody can know how they end. */
    mayBeUnknown: new Set(),
    /** Runs whose command was killed. */
    mayBeShot: new Set(),
    textOf: (change) => tasksText(site, round.random, change),
    count: (name) => (counts[name] = (counts[name] ?? 0) + 1),
    say,
  }
  try {
    writeWitness(site)
    fs.writeFileSync(site.tasks, round.textOf(0))
    const said = await launch(site)
    round.pid = said.ready.pid
    const end = performance.now() + durationMs
    while (performance.now() < end) {
      await pause(round.random.between(0, 1500))
      await disturb(round)
    }
    await settle(round)
    const figures = checkRound(round)
    return { figures, counts, breaches: round.breaches, folder: site.folder }
  } catch (error) {
    round.breaches.push(`the round failed: ${error.stack}`)
    return { figures: {}, counts, breaches: round.breaches, folder: site.folder }
  } finally {
    await closeSite(site, round.breaches.length > 0)
  }
}

/** Starts a last daemon, which adopts all that is left, lets it end, and stops. */
export async function settle(round) {
  setPlan(round.site, undefined)
  round.pid = await ensureDaemon(round)
  await ask(round.site, 'stop', { graceMs, leave: false })
  await until(() => !isAlive(round.pid), 'the end of the last daemon', graceMs + 20_000)
}
