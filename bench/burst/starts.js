import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { openPosixSpawn } from '../../dist/host/posix-spawn.js'
import { readProc } from '../daemon.js'
import { percentile, round } from '../figures.js'

const program = fileURLToPath(new URL('start-many.js', import.meta.url))

/** Memory of the process, smallest first: the others are compared with the smallest. */
const sizesMb = [60, 200, 450]
/** Turns are short, so that all sizes meet the same load. The ratio is taken within a turn. */
const turns = 60
const startsPerTurn = 5
const maxRatio = 1.15

/**
 * How long a start blocks the event loop of a process that holds more and more memory, for both ways
 * to start a process. Only the way that torch uses on this machine has a promise.
 */
export async function startCosts(say) {
  const own = typeof openPosixSpawn() === 'string' ? 'spawn' : 'posix_spawn'
  const tables = []
  for (const launcher of new Set([own, 'spawn'])) {
    say(`starts by ${launcher} ...`)
    tables.push(await costsOf(launcher, launcher === own ? `${launcher}, in use` : launcher))
  }
  const breaches = tables[0]
    .filter(({ ratio }) => !(ratio <= maxRatio))
    .map((row) => `a start with ${row['held, MB']} MB: ${row.ratio} times, not ${maxRatio}`)
  const title = 'Time of a start, by the memory of its process'
  return { table: { title, rows: tables.flat() }, breaches }
}

async function costsOf(launcher, title) {
  const found = sizesMb.map((mb) => ({ ...openStarter(launcher, mb), turns: [] }))
  try {
    for (let turn = 0; turn < turns; turn++) {
      for (const each of turn % 2 === 0 ? found : found.toReversed()) {
        each.child.send(startsPerTurn)
        const { ms, heldMb } = await answerOf(each)
        each.turns.push(ms)
        each.heldMb = heldMb
      }
    }
  } finally {
    for (const { child } of found) child.kill()
  }
  const [least] = found
  return found.map((each) => {
    const ms = each.turns.flat()
    const ratios = each.turns.map((some, turn) => median(some) / median(least.turns[turn]))
    return {
      launcher: title,
      'held, MB': round(each.heldMb, 0),
      starts: ms.length,
      'median, ms': round(median(ms), 3),
      'worst, ms': round(Math.max(...ms)),
      ratio: round(median(ratios)),
    }
  })
}

function median(values) {
  return percentile(values, 0.5)
}

/**
 * A process that starts shells; the signal `gone` aborts when it ends. All share one processor: with
 * several, the time of a start depends tenfold on the processor that the kernel chooses for the child.
 */
function openStarter(launcher, mb) {
  const [, processor] = /^Cpus_allowed_list:\s+(\d+)/m.exec(readProc('self', 'status'))
  const child = fork(program, [launcher, String(mb)], {
    execPath: 'taskset',
    execArgv: ['-c', processor, process.execPath],
  })
  const gone = new AbortController()
  child.once('exit', () => gone.abort(new Error('a start failed, see above')))
  return { child, gone: gone.signal }
}

async function answerOf({ child, gone }) {
  const [answer] = await once(child, 'message', { signal: gone })
  return answer
}
