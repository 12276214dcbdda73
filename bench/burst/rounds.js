import { execFile, execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { nextSecond } from '../daemon.js'

const execute = promisify(execFile)
const source = fileURLToPath(new URL('floor.c', import.meta.url))

/** Tasks that are due in one second. */
export const tasksOfBurst = 1000
/** Before a floor's burst its times are read, and its program is started, which waits for its second. */
const leadSeconds = 1
/** After so long, or shortly before the floor's next turn, a burst is over. */
const maxBurstSeconds = 20

/** Where tasks write down that they have started: the same one program for all, which has the time. */
export function openWitness(folder) {
  const times = path.join(folder, 'times')
  fs.mkdirSync(times)
  return {
    /** For a shell; `more` stands behind the time. */
    command: (name, more = '') => `exec date "+%s.%N${more}" >>${path.join(times, name)}`,
    /** A line of each start since they were last taken, with the seconds of the epoch. */
    take(name) {
      const file = path.join(times, name)
      if (!fs.existsSync(file)) return []
      const text = fs.readFileSync(file, 'utf8')
      fs.rmSync(file)
      return text.trimEnd().split('\n')
    },
  }
}

/** Compiles the floor; gives what starts a burst of it in a second, and its times when it is over. */
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
 * Bursts of one who is running and has its tasks due every `period` seconds of the epoch, with
 * `witness.command('task')` in them; each beside a burst of the floor half a period before, so that
 * both meet the same machine. `more` may read what else there is to know of a burst.
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

/** How many started in that second's burst, and after how many seconds the first and the last. */
function burstIn(second, lines) {
  const after = lines.map((line) => Number(line) - second).filter((time) => time >= 0)
  return { started: after.length, first: Math.min(...after), last: Math.max(...after) }
}

/** Waits for the next second that leaves this rest by the period. */
async function untilSecond(period, rest) {
  for (;;) {
    const second = await nextSecond(0)
    if (second % period === rest) return second
  }
}
