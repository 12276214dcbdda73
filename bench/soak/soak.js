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
import { fileOf, newPlace, start, torch } from './place.js'
import { report } from './report.js'
import { watch } from './watch.js'

/**
 * Of 60 minutes. A calm phase is one daemon's life, with edits and clients: what it holds is
 * compared at the same age, and in the long one has the time to show a slope.
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
/** Runs are kept for a twentieth of the time, so that the disk is full of them when it has warmed up. */
const keepShare = 1 / 20
/** With less, a daemon does not know what of its last second is done. */
const minKeepSeconds = 65

/**
 * One home for all the time: mixed load, edits, restarts, kills, clients. In the end what the tasks
 * wrote themselves is held against what torch has on record, and nothing may have grown.
 */
export async function soak({ minutes, seed = Math.floor(Math.random() * 1e9) }, say) {
  const random = randomOf(seed)
  const keepSeconds = Math.max(Math.round(minutes * 60 * keepShare), minKeepSeconds)
  say(`seed ${seed}; filling the history ...`)
  const { site, place } = newPlace(random, keepSeconds)
  const round = newRound(site, place, random, keepSeconds, say)
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
    watched.readWitness()
    const figures = checkRound(round)
    return report(round, { minutes, seed, keepSeconds, figures, timerLates, ...watched.seen })
  } catch (error) {
    round.breaches.push(`it could not go on: ${error.stack}`)
    return { tables: [], breaches: [...round.breaches, `all is left in ${site.folder}`] }
  } finally {
    stopTimer()
    round.phase = 'end'
    await watched?.stop().catch(() => {})
    await closeSite(site, round.breaches.length > 0)
  }
}

/** What was seen until then is told in any case. */
async function playAll(round, minutes) {
  try {
    for (const [index, { kind, share }] of phases.entries()) {
      round.say(`${new Date().toISOString()} ${kind}, ${Math.round(share * minutes * 60)} s ...`)
      await plays[kind](round, index, share * minutes * 60_000)
    }
  } catch (error) {
    round.breaches.push(`it could not go on: ${error.stack}`)
  }
}

function newRound(site, place, random, keepSeconds, say) {
  const counts = {}
  return {
    site,
    place,
    random,
    change: 0,
    pid: undefined,
    phase: 'begin',
    /** Of the calm phases: when they began and ended, and whose life they are. */
    lives: [],
    edits: [],
    counts,
    breaches: [],
    mayBeUnknown: new Set(),
    mayBeShot: new Set(),
    /** By run: the bytes of its output, as they were once it had written its end. */
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
    const { site, place } = round
    fs.writeFileSync(site.tasks, textOf(place.file))
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
    round.edits.push(...(await editFor(place, pace, round.say)))
    // Before the last: what is due then may wait for a daemon that is gone.
    round.lives.push({ ...life, toMs: Date.now() - 2_000 })
    round.phase = 'between'
  },
}
