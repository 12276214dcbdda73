import fs from 'node:fs'
import { withDaemon } from '../daemon.js'
import { measureRounds, tasksOfBurst } from './rounds.js'

const period = 20
/** More than one benchmark has. */
const maxRows = 1_000_000

/**
 * Bursts of torch, which has one more task that is due in each second: by it the loop shows that it
 * is alive. Of each burst also when that one started in the second after it, and how many of its
 * runs are on record as done in the end.
 */
export async function burstsOfTorch({ witness, floor, rounds }, say) {
  return withDaemon(
    ({ tasks, mark }) => fs.writeFileSync(tasks, tasksText(mark, witness)),
    async ({ torch }) => {
      const more = (second) => ({ second, next: lateIn(second + 1, witness.take('each')) })
      const found = await measureRounds({ witness, floor, period, rounds, more }, say)
      const words = ['--outcome', 'ok', '-n', String(maxRows), '--json']
      const rows = JSON.parse(await torch('history', ...words))
      return found.map((burst) => ({ ...burst, recorded: rowsOf(burst.second, rows) }))
    },
  )
}

/** How late the start for the slot of that second was. */
function lateIn(second, lines) {
  const line = lines.find((each) => Date.parse(each.split(' ')[1]) === second * 1000)
  return Number(line?.split(' ')[0]) - second
}

function rowsOf(second, rows) {
  const isOfBurst = ({ task, slot }) => task !== 'each' && Date.parse(slot) === second * 1000
  return rows.filter(isOfBurst).length
}

function tasksText(mark, witness) {
  const schedule = `*/${period} * * * * *`
  const names = Array.from({ length: tasksOfBurst }, (_, index) => `job-${index}`)
  const job = { schedule, command: witness.command('task') }
  return JSON.stringify({
    defaults: { env: { MARK: mark }, output: { keep_runs: 2 }, max: 'unlimited' },
    tasks: {
      ...Object.fromEntries(names.map((name) => [name, job])),
      each: { schedule: '* * * * * *', command: witness.command('each', ' $TORCH_SLOT') },
    },
  })
}
