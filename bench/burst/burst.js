import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { percentile, round } from '../figures.js'
import { burstsOfBusybox, burstsOfCron } from './crons.js'
import { burstsOfGotorch } from './gotorch.js'
import { startCosts } from './starts.js'
import { openFloor, openWitness, tasksOfBurst } from './rounds.js'
import { burstsOfTorch } from './torch.js'

/** A round of a peer takes a minute. */
const maxPeerRounds = 3
const maxRatio = 1.5
const maxNextMs = 100

const peers = {
  cron: burstsOfCron,
  'busybox crond': burstsOfBusybox,
  gotorch: burstsOfGotorch,
}

/**
 * A thousand shell tasks in one second: by torch, by other programs that start tasks, and by a C program
 * that does nothing else. The task itself takes the time, so everything that a start costs is in it.
 * Also measures the cost of a start in a process that holds much memory.
 */
export async function burst({ runs: rounds = 6, gotorch }, say) {
  const costs = await startCosts(say)
  const torch = await measured(burstsOfTorch, { rounds }, say)
  const rows = [floorRow(torch), row('torch', torch)]
  const options = { rounds: Math.min(rounds, maxPeerRounds), source: gotorch }
  for (const [who, bursts] of Object.entries(peers)) {
    say(`${who} ...`)
    rows.push(row(who, await measured(bursts, options, say).catch(reasonOf)))
  }
  const title = `${tasksOfBurst} shell tasks in one second: starts, seconds after it`
  return {
    tables: [{ title, rows }, nextTable(torch), costs.table],
    breaches: [...breachesOf(torch), ...costs.breaches],
  }
}

/** Each program has its own floor and its own directory. */
async function measured(bursts, options, say) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-burst-'))
  try {
    const witness = openWitness(folder)
    const floor = openFloor(folder, witness)
    return await bursts({ ...options, folder, witness, floor }, say)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** A peer that cannot be measured on this machine breaks no promise of torch. */
function reasonOf(error) {
  return error.message.split('\n')[0]
}

function row(who, found) {
  if (typeof found === 'string') return { ...row(who, []), rounds: 0, note: found }
  const odd = found.find((each) => each.started !== tasksOfBurst)
  const whole = found.filter((each) => each.started === tasksOfBurst)
  return {
    who,
    rounds: found.length,
    ...spread('first', whole, 'first'),
    ...spread('last', whole, 'last'),
    ...spread('its floor', whole, 'floorLast'),
    ...spread('ratio', whole, 'ratio', 2),
    note: odd === undefined ? null : `${odd.started} started in one burst`,
  }
}

/** The same columns for the floor that ran beside torch. */
function floorRow(found) {
  const bare = found.map((each) => ({
    started: tasksOfBurst,
    first: each.floorFirst,
    last: each.floorLast,
    floorLast: each.floorLast,
    ratio: 1,
  }))
  return row('floor in C, beside torch', bare)
}

/** The median and the worst value; null without values. */
function spread(name, found, key, digits = 3) {
  const values = found.map((each) => each[key])
  const shown = (value) => (values.length === 0 ? null : round(value, digits))
  return {
    [name]: shown(percentile(values, 0.5)),
    [`${name}, worst`]: shown(Math.max(...values)),
  }
}

function nextTable(found) {
  const rows = [{ who: 'torch', ...spread('seconds late', found, 'next') }]
  return { title: 'The first start of the second after a burst', rows }
}

function breachesOf(found) {
  const breaches = []
  const ratio = percentile(
    found.map((each) => each.ratio),
    0.5,
  )
  if (!(ratio <= maxRatio))
    breaches.push(`the last start: ${round(ratio)} times the floor, not ${maxRatio}`)
  const next = Math.max(...found.map((each) => each.next)) * 1000
  if (!(next <= maxNextMs)) breaches.push(`the next second: first start ${round(next, 0)} ms late`)
  for (const { started, recorded } of found)
    if (started !== tasksOfBurst || recorded !== tasksOfBurst)
      breaches.push(`a burst of ${tasksOfBurst}: ${started} started, ${recorded} on record as ok`)
  return breaches
}
