import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { bestLauncher } from '../../dist/host/spawn.js'
import { readProc } from '../daemon.js'
import { percentile, round } from '../figures.js'

const program = fileURLToPath(new URL('start-many.js', import.meta.url))

/** What a process holds, the smallest first: the others are compared with it. */
const sizesMb = [60, 200, 450]
/** Short ones, in which all sizes meet the same machine: the ratio is that of a turn. */
const turns = 60
const startsPerTurn = 5
const maxRatio = 1.15

/**
 * What a start costs in a process that holds more and more memory: how long its loop stands still.
 * By both launchers; only the one that torch takes here has promised something.
 */
export async function startCosts(say) {
  const own = bestLauncher().name
  const tables = []
  for (const launcher of new Set([own, 'spawn'])) {
    say(`starts by ${launcher} ...`)
    tables.push(await costsOf(launcher, launcher === own ? `${launcher}, in use` : launcher))
  }
  const breaches = tables[0]
    .filter(({ ratio }) => !(ratio <= maxRatio))
    .map((row) => `a start with ${row['held, MB']} MB: ${row.ratio} times, not ${maxRatio}`)
  const title = 'What a start takes, by what its process holds'
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
 * A process that starts shells; `gone` is told when it is. All have one and the same processor: on
 * several a start takes one time or ten, by where the kernel has the child wait for its turn.
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
