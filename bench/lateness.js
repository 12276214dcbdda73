import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { nextSecond, withDaemon } from './daemon.js'
import { round, spread } from './figures.js'

/** The promise for the first start of a slot, on record, on an idle machine. */
const goalMs = 10
/** The floor starts halfway between the seconds of torch, so that they do not meet. */
const floorOffsetMs = 500

/**
 * How late the first start of a slot is, as the task itself sees it, for 1 and for 50 tasks each
 * second. The floor is a bare Node process with a timer that starts the same commands.
 */
export async function lateness({ slots }, say) {
  const tables = []
  const breaches = []
  for (const count of [1, 50]) {
    say(`${count} per second, ${slots} slots ...`)
    const { firsts, lasts, floor, recorded } = await measure(count, slots)
    const rows = [
      { who: 'torch: first start', ...spread(firsts) },
      { who: 'torch: last start', ...spread(lasts) },
      { who: 'torch: first start on record', ...spread(recorded) },
      { who: 'floor: first start', ...spread(floor.firsts) },
      { who: 'floor: last start', ...spread(floor.lasts) },
    ]
    tables.push({ title: `${count} per second: ms after the second, as the task sees it`, rows })
    const [seen, floorSeen, started] = [rows[0].p99, rows[3].p99, rows[2].p99]
    say(`as the task sees it, p99: ${round(seen / floorSeen)} x the floor`)
    if (firsts.length < slots) breaches.push(`only ${firsts.length} of ${slots} slots started`)
    if (started > goalMs)
      breaches.push(
        `${count} per second: p99 of the first start is ${started} ms, over ${goalMs} ms`,
      )
  }
  return { tables, breaches }
}

async function measure(count, slots) {
  const names = Array.from({ length: count }, (_, index) => `job-${index}`)
  const witness = (folder) => path.join(folder, 'torch.times')
  return withDaemon(
    ({ folder, tasks, mark }) => {
      const text = {
        defaults: { env: { MARK: mark }, output: { keep_runs: 2 } },
        tasks: Object.fromEntries(
          names.map((name) => [
            name,
            { schedule: '* * * * * *', command: commandFor(witness(folder)), max: 'unlimited' },
          ]),
        ),
      }
      fs.writeFileSync(tasks, JSON.stringify(text))
    },
    async ({ folder, torch }) => {
      const floorFile = path.join(folder, 'floor.times')
      // In its first second a daemon still has work left from its start.
      const first = (await nextSecond(floorOffsetMs)) + 2
      for (let second = first; second < first + slots;) {
        second = await nextSecond(floorOffsetMs)
        if (second < first) continue
        for (let index = 0; index < count; index++) startBare(floorFile, second)
      }
      // By then the starts of the last second have written their time, even on a busy machine.
      for (let rest = 0; rest < 4; rest++) await nextSecond(0)
      const range = { from: first + 1, to: first + slots }
      const history = JSON.parse(await torch('history', '-n', String(count * slots * 2), '--json'))
      const late = history
        .filter((row) => row.trigger === 'schedule')
        .map((row) => ({ slot: Date.parse(row.slot) / 1000, late: row.lateMs }))
      return {
        ...bySlot(readTimes(witness(folder), 0), range),
        recorded: bySlot(late, range).firsts,
        floor: bySlot(readTimes(floorFile, floorOffsetMs), { from: first, to: first + slots - 1 }),
      }
    },
  )
}

/** One program that takes the time itself, after everything that a start costs. */
function commandFor(file) {
  return `exec date "+$TORCH_SLOT %s%N" >>${file}`
}

function startBare(file, second) {
  const slot = new Date(second * 1000).toISOString()
  spawn('/bin/sh', ['-c', commandFor(file)], {
    detached: true,
    stdio: 'ignore',
    env: { PATH: process.env.PATH, TORCH_SLOT: slot },
  })
}

/** Turns lines of slot and nanoseconds into slots and milliseconds after them. */
function readTimes(file, offsetMs) {
  const lines = fs.readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines.map((line) => {
    const [slot, nanoseconds] = line.split(' ')
    const slotMs = Date.parse(slot)
    const after = Number(BigInt(nanoseconds) - BigInt(slotMs + offsetMs) * 1_000_000n) / 1e6
    return { slot: slotMs / 1000, late: after }
  })
}

/** The first and the last start of each slot in a range of slots. */
function bySlot(times, { from, to }) {
  const groups = new Map()
  for (const { slot, late } of times) {
    if (slot < from || slot > to) continue
    groups.set(slot, [...(groups.get(slot) ?? []), late])
  }
  const all = [...groups.values()]
  return {
    firsts: all.map((group) => Math.min(...group)),
    lasts: all.map((group) => Math.max(...group)),
  }
}
