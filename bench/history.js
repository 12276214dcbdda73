import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { openHistory } from '../dist/record/history/write-history.js'
import { readHistory } from '../dist/record/history/read-history.js'
import { program, withDaemon } from './daemon.js'
import { percentile, round } from './figures.js'
import { busyTasks, minuteOf } from './history-rows.js'

/** As in the daemon, see daemon/upkeep/maintenance.ts. */
const maxRows = 1_000_000
const maxAgeMs = 90 * 24 * 3600 * 1000
const minuteMs = 60_000
const dayMs = 24 * 3600 * 1000
/** The promises. Queries and pauses in ms; whole processes and starts against the same with no history. */
const goals = {
  pauseMs: 50,
  queryMs: 50,
  // For 10,100 tasks: one seek for each.
  lastOfEachMs: 250,
  processRatio: 1.5,
  startMs: 500,
  growth: 1.02,
}

/** A month of one run a second in the history: its size on disk, and the time to write, prune and query it. */
export async function history({ days, runs = 15 }, say) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-bench-'))
  try {
    const file = path.join(folder, 'history.db')
    const written = await writeDays(file, days, say)
    say('whole processes ...')
    const asked = await askAround(file, runs)
    const tables = [
      { title: 'Days of one run a second: MB on disk, longest pause in ms', rows: written },
      { title: 'Whole processes with this history and with none, p50 in ms', rows: asked },
    ]
    return { tables, breaches: [...breachesOf(written), ...breachesOfAsked(asked)] }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** Writes with the code of the daemon, a minute at a time, on a clock that the benchmark moves. */
async function writeDays(file, days, say) {
  const clock = handClock(Date.now() - days * dayMs)
  const pauses = { write: 0, prune: 0 }
  const troubles = []
  const kept = openHistory(file, {
    after: (ms, callback) => clock.after(ms, () => timed(pauses, 'write', callback)),
    now: () => clock.now(),
    onTrouble: (message) => troubles.push(message),
  })
  const perRow = Math.max(Math.floor(days / 10), 1)
  const rows = []
  for (let day = 1; day <= days; day++) {
    for (let minute = 0; minute < dayMs / minuteMs; minute++) {
      for (const row of minuteOf(clock.now())) kept.add(row)
      clock.advance(minuteMs)
      const before = new Date(clock.now() - maxAgeMs).toISOString()
      timed(pauses, 'prune', () => kept.prune(before, maxRows))
    }
    if (day % perRow !== 0) continue
    rows.push({ days: day, ...sizes(file), ...rounded(pauses), ...askInside(file, clock.now()) })
    say(JSON.stringify(rows.at(-1)))
    Object.assign(pauses, { write: 0, prune: 0 })
    // Lets the terminal show what was written.
    await new Promise(setImmediate)
  }
  kept.close()
  if (troubles.length > 0) throw new Error(troubles.join('\n'))
  return rows
}

/** A clock that only advance() moves. Its timers fire in order. */
function handClock(startMs) {
  let now = startMs
  const timers = new Set()
  return {
    now: () => now,
    after(ms, callback) {
      const timer = { at: now + ms, callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    advance(ms) {
      const end = now + ms
      for (;;) {
        const due = [...timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0]
        if (due === undefined) break
        timers.delete(due)
        now = due.at
        due.callback()
      }
      now = end
    },
  }
}

/** Runs work that blocks the event loop, and keeps the longest time. */
function timed(pauses, what, work) {
  const from = performance.now()
  work()
  pauses[what] = Math.max(pauses[what], performance.now() - from)
}

function rounded({ write, prune }) {
  return { 'to write': round(write, 1), 'to prune': round(prune, 1) }
}

/** With the -wal and -shm files. */
function sizes(file) {
  const bytes = ['', '-wal', '-shm'].map(
    (end) => fs.statSync(file + end, { throwIfNoEntry: false })?.size ?? 0,
  )
  return { MB: round(bytes.reduce((sum, one) => sum + one, 0) / 1e6, 1) }
}

/** The queries of the commands, each with a new reader as in a command: p50 of five, in ms. */
function askInside(file, nowMs) {
  const hourAgo = new Date(nowMs - 3600_000).toISOString()
  const questions = {
    last: (reader) => reader.rows({ limit: 20 }),
    'of a task': (reader) => reader.rows({ tasks: ['busy-7'], limit: 20 }),
    'of a rare task': (reader) => reader.rows({ tasks: ['rare-7'], limit: 20 }),
    'last hour': (reader) => reader.rows({ since: hourAgo, limit: 1000 }),
    failed: (reader) => reader.rows({ outcomes: ['failed'], limit: 20 }),
    'last of each': (reader) => reader.lastOfEach(),
  }
  const ask = (question) => {
    const from = performance.now()
    const reader = readHistory(file)
    question(reader)
    reader.close()
    return performance.now() - from
  }
  return Object.fromEntries(
    Object.entries(questions).map(([name, question]) => [
      name,
      round(
        median(5, () => ask(question)),
        1,
      ),
    ]),
  )
}

const commands = {
  history: ['history'],
  'history TASK': ['history', 'busy-7'],
  'history --since 1h': ['history', '--since', '1h', '--json'],
  'history --outcome failed': ['history', '--outcome', 'failed'],
  status: ['status'],
}

/** Starts a daemon with this history and one with none, and times commands beside each. */
async function askAround(file, runs) {
  const full = await timesOf(runs, file)
  const none = await timesOf(runs, undefined)
  return Object.keys(full).map((command) => ({
    command,
    month: full[command],
    none: none[command],
    ratio: round(full[command] / none[command], 2),
  }))
}

async function timesOf(runs, file) {
  let began = 0
  const prepare = ({ tasks, folder, mark }) => {
    fs.writeFileSync(tasks, tasksText(mark))
    fs.mkdirSync(path.join(folder, 'home'), { mode: 0o700 })
    if (file !== undefined) fs.copyFileSync(file, path.join(folder, 'home/history.db'))
    began = performance.now()
  }
  return withDaemon(prepare, async ({ home }) => {
    const times = { start: round(performance.now() - began, 0) }
    for (const [name, words] of Object.entries(commands))
      times[name] = round(
        median(runs, () => timeOf([program, ...words, '--home', home])),
        0,
      )
    return times
  })
}

/** The same tasks; none is due. */
function tasksText(mark) {
  const names = Array.from({ length: busyTasks }, (_, index) => `busy-${index}`)
  const task = (name) => `  ${name}: { schedule: '@yearly', command: 'true' }\n`
  return `defaults: { env: { MARK: ${mark} } }\ntasks:\n${names.map(task).join('')}`
}

function median(runs, time) {
  time()
  return percentile(Array.from({ length: runs }, time), 0.5)
}

function timeOf(words) {
  const from = performance.now()
  const { status, stderr } = spawnSync(process.execPath, words, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  })
  // torch status ends with 3 if no daemon runs.
  if (status !== 0 && status !== 3)
    throw new Error(`${words.join(' ')} ended with ${status}: ${stderr}`)
  return performance.now() - from
}

function breachesOf(rows) {
  const worst = (key) => Math.max(...rows.map((row) => row[key]))
  const queries = ['last', 'of a task', 'of a rare task', 'last hour', 'failed']
  const full = rows.filter(({ days }) => days * (dayMs / 1000) >= maxRows)
  const growth = full.length === 0 ? 1 : full.at(-1).MB / full[0].MB
  const pauses = ['to write', 'to prune'].map((key) => [key, worst(key), goals.pauseMs])
  const lastOfEach = ['last of each', worst('last of each'), goals.lastOfEachMs]
  return [...pauses, ...queries.map((key) => [key, worst(key), goals.queryMs]), lastOfEach]
    .filter(([, ms, goal]) => ms > goal)
    .map(([key, ms, goal]) => `"${key}" takes ${ms} ms, over ${goal} ms`)
    .concat(
      growth > goals.growth
        ? [`the full file has grown to ${round(growth, 3)} times its size`]
        : [],
    )
}

function breachesOfAsked(rows) {
  return rows.flatMap(({ command, month, none, ratio }) => {
    const isKept = command === 'start' ? month - none <= goals.startMs : ratio <= goals.processRatio
    return isKept
      ? []
      : [`${command} takes ${month} ms with a month of history, and ${none} ms with none`]
  })
}
