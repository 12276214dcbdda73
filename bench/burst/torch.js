import fs from 'node:fs'
import { withDaemon } from '../daemon.js'
import { measureRounds, tasksOfBurst } from './rounds.js'

const period = 20
/** More rows than one benchmark makes. */
const maxRows = 1_000_000

/**
 * Bursts of torch. One more task is due each second, to show that the event loop is not blocked. For each
 * burst, also tells how late that task started in the next second, and how many runs of the burst are on
 * record as `ok` at the end.
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

/** How late the task started for the slot of that second. */
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
