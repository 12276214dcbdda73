import fs from 'node:fs'
import path from 'node:path'
import { isAlive } from '../campaign/site.js'
import { marked } from '../daemon.js'
import { checkEdits } from '../endurance-checks.js'
import { percentile, round, spread } from '../figures.js'
import { zombiesThatStay } from '../usage.js'
import { growth } from '../growth.js'

/** The first part of a life, and of the whole, in which memory and disk grow to their normal size. */
const warmUpShare = 0.3
/** How much a slope may be above its noise, an hour: MB of memory, and a share of the disk usage. */
const allowedMb = 6
const allowedShare = 0.02
/** Daemons of the same age may differ by this much: the garbage collector is not exact. */
const maxLivesApartMb = 8
/** If a bare timer is later than this, the machine makes any daemon late. */
const maxTimerLateMs = 900

/** The tables and breaches of a soak. */
export function report(game, facts) {
  const parts = [
    whatWasDone(game, facts),
    checkEdits(game.edits),
    lifeByLife(game, facts),
    whatMayNotGrow(game, facts),
    whatClientsGot(game, facts),
    whatIsLeft(game),
  ]
  return {
    tables: parts.map(({ table }) => table),
    breaches: [...game.breaches, ...parts.flatMap(({ breaches }) => breaches)],
    /** Only in --json and --out: for a closer look at what grows. */
    samples: { lives: game.lives, held: facts.held, disk: facts.disk },
  }
}

function whatWasDone({ lives, counts }, { minutes, seed, keepSeconds, figures }) {
  const rows = [
    { what: 'minutes', value: minutes },
    { what: 'seed', value: seed },
    { what: 'starts, by what the tasks wrote themselves', value: figures.starts },
    { what: 'rows of the history', value: figures.rows },
    { what: 'rows with unknown, because recorders were killed', value: figures.unknown },
    { what: 'daemons without a disturbance (calm phases)', value: lives.length },
    { what: 'seconds for which runs are kept', value: keepSeconds },
    ...Object.entries(counts).map(([what, value]) => ({ what, value })),
  ]
  return { table: { title: 'What was done', rows }, breaches: [] }
}

/** Each calm phase by itself, and all of them at the same age of the daemon. */
function lifeByLife({ lives }, { held, seconds, asked, timerLates }) {
  const breaches = []
  const shortest = Math.min(...lives.map(({ fromMs, toMs }) => toMs - fromMs)) / 60_000
  const rows = lives.map((life) => {
    const own = ofLife(held, life)
    const same = own.filter(({ ageMinutes }) => ageMinutes >= shortest / 2 && ageMinutes < shortest)
    const late = lateIn(seconds, life)
    const tookMs = asked.filter(isIn(life)).map((each) => each.tookMs)
    const alone = own.length > 0 && own.every(({ pid }) => pid === life.pid)
    if (!alone) breaches.push(`${life.phase}: its daemon did not run all the time`)
    const missing = secondsOf(life).filter((second) => !late.has(second))
    if (missing.length > 0 && Math.max(...timerLates) < maxTimerLateMs)
      breaches.push(
        `${life.phase}: ${missing.length} seconds without a start, on a machine that was not late`,
      )
    return {
      life: life.phase,
      minutes: round((life.toMs - life.fromMs) / 60_000, 1),
      'MB at the same age': round(
        percentile(
          same.map(({ rssMb }) => rssMb),
          0.5,
        ),
        1,
      ),
      'seconds not started': missing.length,
      ...prefixed('late', [...late.values()]),
      ...prefixed('status', tookMs),
    }
  })
  const sizes = rows.map((row) => row['MB at the same age'])
  if (sizes.at(-1) - sizes[0] > maxLivesApartMb)
    breaches.push(
      `the last daemon has ${sizes.at(-1)} MB at the age at which the first had ${sizes[0]} MB`,
    )
  const title = 'Calm phases: ms of starts after the second, and of an answer to status'
  return { table: { title, rows }, breaches }
}

function prefixed(word, values) {
  const { p50, p99, max } = spread(values)
  return { [`${word} p50`]: p50, [`${word} p99`]: p99, [`${word} max`]: max }
}

/** How late the start of each second was. */
function lateIn(seconds, life) {
  const whole = new Set(secondsOf(life))
  const own = seconds.filter(({ second }) => whole.has(second))
  return new Map(own.map(({ second, lateMs }) => [second, lateMs]))
}

function secondsOf({ fromMs, toMs }) {
  const first = Math.ceil(fromMs / 1000) + 1
  const count = Math.max(Math.floor(toMs / 1000) - first, 0)
  return Array.from({ length: count }, (_, index) => first + index)
}

function isIn({ fromMs, toMs }) {
  return ({ atMs }) => atMs >= fromMs && atMs < toMs
}

function ofLife(samples, life) {
  return samples.filter(isIn(life))
}

/** What may not grow: the usage of a daemon within a calm phase, and the disk over the whole time. */
function whatMayNotGrow({ lives }, { held, disk, asked }) {
  const found = lives.flatMap((life) => {
    const own = ofLife(held, life)
    const warm = own.slice(Math.floor(own.length * warmUpShare))
    const points = (key) => warm.map((sample) => [sample.atMs / 60_000, sample[key]])
    return [
      growth(`${life.phase}: RSS, MB`, points('rssMb'), allowedMb),
      growth(`${life.phase}: anonymous, MB`, points('anonymousMb'), allowedMb),
      growth(`${life.phase}: descriptors`, points('descriptors'), 1),
    ]
  })
  const warmDisk = disk.slice(Math.floor(disk.length * warmUpShare))
  for (const [key, what] of [
    ['runs', 'runs/, MB'],
    ['inodes', 'inodes of the home'],
    ['history', 'history.db with its -wal, MB'],
    ['rest', 'everything else except the log, MB'],
    ['processes', 'processes'],
  ]) {
    const points = warmDisk.map((sample) => [sample.atMs / 60_000, sample[key]])
    const most = Math.max(...points.map(([, value]) => value))
    found.push(growth(what, points, allowedShare * most))
  }
  const calm = asked.filter(({ phase, error }) => phase.startsWith('calm') && error === undefined)
  const minutes = new Map()
  for (const each of calm) {
    const minute = Math.floor(each.atMs / 60_000)
    minutes.set(minute, [...(minutes.get(minute) ?? []), each])
  }
  const answers = [...minutes].map(([minute, some]) => [
    minute,
    percentile(
      some.map(({ tookMs }) => tookMs),
      0.5,
    ),
  ])
  found.push(growth('an answer, p50 of each minute, ms', answers, 1))
  const stuck = lives.flatMap((life) => zombiesThatStay(ofLife(held, life)))
  const title =
    'What may not grow (limit: three times the standard error of the slope, and a little)'
  return {
    table: { title, rows: found.map(({ row }) => row).filter(Boolean) },
    breaches: [
      ...found.map(({ breach }) => breach).filter(Boolean),
      ...stuck.map((pid) => `a zombie that stays: ${pid}`),
    ],
  }
}

function whatClientsGot({ lives }, { asked, commands }) {
  const rows = [
    ['requests of status', asked],
    ['commands as whole processes', commands],
  ].map(([what, all]) => {
    const calm = all.filter((each) => lives.some((life) => isIn(life)(each)))
    return {
      what,
      calm: calm.length,
      refused: calm.filter(({ error }) => error !== undefined).length,
      ...prefixed(
        'ms',
        calm.map(({ tookMs }) => tookMs),
      ),
      'in chaos': all.length - calm.length,
      'refused there': all.filter(({ error }) => error !== undefined).length,
    }
  })
  const faults = [...asked, ...commands]
    .filter((each) => each.error !== undefined && lives.some((life) => isIn(life)(each)))
    // `torch next` reads the file, and an edit may just have made it a bad one.
    .filter(({ error }) => !error.includes('is not valid'))
    .map(({ words = 'status', error, phase }) => `${phase}: ${words} was refused: ${error}`)
  return { table: { title: 'Clients', rows }, breaches: faults.slice(0, 5) }
}

/** Whether a file should not be left. The campaign itself leaves files `*.torn.tmp`. */
function isLeftover(name) {
  return /\.tmp$|\.next$|damaged|rebuilding/.test(name) && !name.endsWith('.torn.tmp')
}

/** What is left after the last daemon has stopped. */
function whatIsLeft({ site }) {
  const breaches = []
  const names = fs.readdirSync(site.home)
  for (const name of ['torch.pid', 'torch.sock'])
    if (names.includes(name)) breaches.push(`${name} is left after torch stop`)
  for (const name of names.filter((each) => isLeftover(each)))
    breaches.push(`${name} is left in the home`)
  const processes = marked(site.folder).filter(isAlive)
  const active = fs.readdirSync(path.join(site.home, 'active'))
  const rows = [
    { what: 'processes left', value: processes.length },
    { what: 'unfinished runs left', value: active.length },
    { what: 'files of the home', value: names.length },
  ]
  return { table: { title: 'After the last stop', rows }, breaches }
}
