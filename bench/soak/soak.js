import fs from 'node:fs'
import { startTimer } from '../bare-timer.js'
import { checkRound } from '../campaign/checks.js'
import { disturb, ensureDaemon } from '../campaign/disturb.js'
import { randomOf } from '../campaign/random.js'
import { settle } from '../campaign/round.js'
import { ask, closeSite } from '../campaign/site.js'
import { pause } from '../daemon.js'
import { editFor } from '../edit-loop.js'
import { isOfEdits, textOf } from '../endurance-file.js'
import { acts, rotateLog } from './acts.js'
import { fileOf, newHome, start, torch } from './home.js'
import { report } from './report.js'
import { watch } from './watch.js'

/**
 * Shares of 60 minutes. A calm phase is the life of one daemon, with edits and clients. The memory of
 * these daemons is compared at the same age; the long phase shows a slope.
 */
const phases = [
  { kind: 'chaos', share: 5 / 60 },
  { kind: 'calm', share: 10 / 60 },
  { kind: 'chaos', share: 5 / 60 },
  { kind: 'calm', share: 25 / 60 },
  { kind: 'chaos', share: 5 / 60 },
  { kind: 'calm', share: 10 / 60 },
]
const editEveryMs = 4_000
const rotateEveryMs = 60_000
/** Runs are kept for a twentieth of the time, so that the disk usage is stable after the warm-up. */
const keepShare = 1 / 20
/** With less, a new daemon could not tell which slots of the interrupted second have started. */
const minKeepSeconds = 65

/**
 * One home for the whole time, with mixed load, edits, restarts, kills and clients. At the end, what the
 * tasks wrote themselves must agree with the records of torch, and nothing may have grown.
 */
export async function soak({ minutes, seed = Math.floor(Math.random() * 1e9) }, say) {
  const random = randomOf(seed)
  const keepSeconds = Math.max(Math.round(minutes * 60 * keepShare), minKeepSeconds)
  say(`seed ${seed}; filling the history ...`)
  const { site, repository } = newHome(random, keepSeconds)
  const round = newRound(site, repository, random, keepSeconds, say)
  const stopTimer = startTimer()
  let watched
  try {
    round.pid = await start(site)
    watched = watch(round)
    await playAll(round, minutes)
    round.phase = 'end'
    await watched.stop()
    const timerLates = stopTimer()
    await settle(round)
    watched.readWitness(true)
    const figures = checkRound(round)
    return report(round, { minutes, seed, keepSeconds, figures, timerLates, ...watched.seen })
  } catch (error) {
    round.breaches.push(`the soak failed: ${error.stack}`)
    return { tables: [], breaches: [...round.breaches, `everything is kept in ${site.folder}`] }
  } finally {
    stopTimer()
    round.phase = 'end'
    await watched?.stop().catch(() => {})
    await closeSite(site, round.breaches.length > 0)
  }
}

/** An error ends the phases, but the report still shows what was measured before. */
async function playAll(round, minutes) {
  try {
    for (const [index, { kind, share }] of phases.entries()) {
      round.say(`${new Date().toISOString()} ${kind}, ${Math.round(share * minutes * 60)} s ...`)
      await plays[kind](round, index, share * minutes * 60_000)
    }
  } catch (error) {
    round.breaches.push(`the soak failed: ${error.stack}`)
  }
}

function newRound(site, repository, random, keepSeconds, say) {
  const counts = {}
  return {
    site,
    repository,
    random,
    change: 0,
    pid: undefined,
    phase: 'begin',
    /** The calm phases: when each began and ended, and the pid of its daemon. */
    lives: [],
    edits: [],
    counts,
    breaches: [],
    mayBeUnknown: new Set(),
    mayBeShot: new Set(),
    /** The bytes of output of each run, when it had written its end. */
    sizes: new Map(),
    since: new Date().toISOString(),
    isSilent: isOfEdits,
    textOf: (change) => textOf(fileOf(site, random, change, keepSeconds)),
    count: (name) => (counts[name] = (counts[name] ?? 0) + 1),
    say,
  }
}

const plays = {
  async chaos(round, index, durationMs) {
    round.phase = `chaos ${index}`
    const end = performance.now() + durationMs
    while (performance.now() < end) {
      await pause(round.random.between(0, 1500))
      await disturb(round, acts)
    }
  },
  async calm(round, index, durationMs) {
    const { site, repository } = round
    fs.writeFileSync(site.tasks, textOf(repository.file))
    round.pid = await ensureDaemon(round)
    await torch(site, 'stop', '--leave')
    round.pid = await start(site)
    await ask(site, 'reload', {}, 30_000)
    const life = { pid: round.pid, phase: `calm ${index}`, fromMs: Date.now() }
    round.phase = life.phase
    let rotated = -Infinity
    const between = async () => {
      if (performance.now() - rotated < rotateEveryMs) return
      rotated = performance.now()
      await rotateLog(round)
    }
    const first = round.edits.length
    const pace = { durationMs, everyMs: editEveryMs, first, between }
    round.edits.push(...(await editFor(repository, pace, round.say)))
    // Without the last 2 s: starts that are due then may wait for a daemon that is gone.
    round.lives.push({ ...life, toMs: Date.now() - 2_000 })
    round.phase = 'between'
  },
}
