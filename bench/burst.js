import { execFile, execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { nextSecond, readProc, withDaemon } from './daemon.js'
import { percentile, round } from './figures.js'

const execute = promisify(execFile)
const source = fileURLToPath(new URL('burst-floor.c', import.meta.url))

/** Tasks that are due in one second. */
const tasksOfBurst = 1000
/** From one burst to the next; in the middle between them the floor has its own. */
const periodSeconds = 20
/**
 * A thousand shell tasks in one second, by torch and, in turns with it, by a C program that does
 * nothing else. The task itself takes the time, so that all that a start costs is in it.
 */
export async function burst({ runs: rounds }, say) {
  const names = Array.from({ length: tasksOfBurst }, (_, index) => `job-${index}`)
  return withDaemon(
    ({ folder, tasks, mark }) => {
      fs.mkdirSync(path.join(folder, 'times'))
      execFileSync('cc', ['-O2', '-o', path.join(folder, 'floor'), source])
      const schedule = `*/${periodSeconds} * * * * *`
      const text = {
        defaults: { env: { MARK: mark }, output: { keep_runs: 2 }, max: 'unlimited' },
        tasks: {
          ...Object.fromEntries(
            names.map((name) => [name, { schedule, command: commandFor(folder, 'torch') }]),
          ),
          each: { schedule: '* * * * * *', command: commandFor(folder, 'each') },
        },
      }
      fs.writeFileSync(tasks, JSON.stringify(text))
    },
    async ({ folder, pid }) => {
      const found = []
      await untilSecond(periodSeconds / 2)
      for (let turn = 0; turn < rounds; turn++) {
        const floor = await floorBurst(folder)
        await untilSecond(0)
        const second = Math.floor(Date.now() / 1000)
        await untilSecond(periodSeconds / 2)
        const torchTimes = times(folder, 'torch')
        const next =
          Math.min(...times(folder, 'each').filter((at) => at >= second + 1)) - second - 1
        const last = Math.max(...torchTimes) - second
        found.push({
          floor,
          first: Math.min(...torchTimes) - second,
          last,
          next,
          started: torchTimes.length,
        })
        say(JSON.stringify(found.at(-1)))
        fs.rmSync(path.join(folder, 'times', 'torch'))
        fs.rmSync(path.join(folder, 'times', 'each'))
      }
      const rss = Number(/VmRSS:\s+(\d+)/.exec(readProc(pid, 'status'))[1]) / 1000
      say(`rss ${round(rss)} MB`)
      const ratios = found.map(({ last, floor }) => last / floor)
      const row = (who, values) => ({
        who,
        median: round(percentile(values, 0.5), 3),
        worst: round(Math.max(...values), 3),
      })
      const tables = [
        {
          title: `${tasksOfBurst} tasks in one second, ${rounds} rounds, seconds after it`,
          rows: [
            row(
              'floor: last start',
              found.map(({ floor }) => floor),
            ),
            row(
              'torch: first start',
              found.map(({ first }) => first),
            ),
            row(
              'torch: last start',
              found.map(({ last }) => last),
            ),
            row('torch / floor', ratios),
            row(
              'torch: first start of the next second',
              found.map(({ next }) => next),
            ),
          ],
        },
      ]
      return { tables, breaches: [] }
    },
  )
}

/** One program and no more; it writes the time that it has. */
function commandFor(folder, name) {
  return `exec date +%s.%N >>${path.join(folder, 'times', name)}`
}

async function floorBurst(folder) {
  const second = await nextSecond(0)
  await execute(path.join(folder, 'floor'), [String(tasksOfBurst), commandFor(folder, 'floor')])
  const last = Math.max(...times(folder, 'floor')) - second
  fs.rmSync(path.join(folder, 'times', 'floor'))
  return last
}

function times(folder, name) {
  return fs
    .readFileSync(path.join(folder, 'times', name), 'utf8')
    .trimEnd()
    .split('\n')
    .map(Number)
}

/** Waits for the next second that leaves this rest by the period. */
async function untilSecond(rest) {
  while ((await nextSecond(0)) % periodSeconds !== rest) continue
}
