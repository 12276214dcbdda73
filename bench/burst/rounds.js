import { execFile, execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { nextSecond } from '../daemon.js'

const execute = promisify(execFile)
const source = fileURLToPath(new URL('floor.c', import.meta.url))

/** The tasks that are due in one second. */
export const tasksOfBurst = 1000
/** The floor is started this long before its second, and waits for it. */
const leadSeconds = 1
/** A burst is over after this time, or shortly before the next one of the floor. */
const maxBurstSeconds = 20

/** The file in which tasks write when they start. All run the same program, which has the time. */
export function openWitness(folder) {
  const times = path.join(folder, 'times')
  fs.mkdirSync(times)
  return {
    /** A shell command; `more` is written after the time. */
    command: (name, more = '') => `exec date "+%s.%N${more}" >>${path.join(times, name)}`,
    /** One line, with the seconds since the epoch, for each start since the last call. */
    take(name) {
      const file = path.join(times, name)
      if (!fs.existsSync(file)) return []
      const text = fs.readFileSync(file, 'utf8')
      fs.rmSync(file)
      return text.trimEnd().split('\n')
    },
  }
}

/** Compiles the floor. Returns a function that runs a burst of it in a second and gives its times. */
export function openFloor(folder, witness) {
  const program = path.join(folder, 'floor')
  execFileSync('cc', ['-O2', '-o', program, source])
  return async (second) => {
    const words = [String(tasksOfBurst), witness.command('floor'), String(second)]
    await execute(program, words)
    return burstIn(second, witness.take('floor'))
  }
}

/**
 * Measures bursts of a program that is running and whose tasks, with `witness.command('task')`, are due
 * every `period` seconds of the epoch. The floor runs half a period before each of them, so that both
 * meet the same load. `more` returns further facts about a burst.
 */
export async function measureRounds({ witness, floor, period, rounds, more = () => ({}) }, say) {
  const end = Math.min(period / 2 - leadSeconds - 1, maxBurstSeconds)
  const found = []
  for (let round = 0; round < rounds; round++) {
    const before = await untilSecond(period, period / 2 - leadSeconds)
    const bare = await floor(before + leadSeconds)
    witness.take('task')
    const second = await untilSecond(period, 0)
    await untilSecond(period, end)
    const burst = burstIn(second, witness.take('task'))
    found.push({
      ...burst,
      floorFirst: bare.first,
      floorLast: bare.last,
      ratio: burst.last / bare.last,
      ...more(second),
    })
    say(JSON.stringify(found.at(-1)))
  }
  return found
}

/** How many tasks started in the burst of that second, and after how many seconds the first and the last. */
function burstIn(second, lines) {
  const after = lines.map((line) => Number(line) - second).filter((time) => time >= 0)
  return { started: after.length, first: Math.min(...after), last: Math.max(...after) }
}

/** Waits for the next second whose remainder by `period` is `rest`. */
async function untilSecond(period, rest) {
  for (;;) {
    const second = await nextSecond(0)
    if (second % period === rest) return second
  }
}
