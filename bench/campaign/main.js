// npm run campaign -- [chaos|restarts|recovery|hang] [options]: see ../README.md.
import { parseArgs } from 'node:util'
import { printTable } from '../figures.js'

const parts = {
  chaos: async () => (await import('./chaos.js')).chaos,
  restarts: async () => (await import('./restarts.js')).restarts,
  recovery: async () => printing((await import('./recovery.js')).recovery),
  hang: async () => (await import('./hang.js')).hang,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** chaos: new rounds start for this long. */
    minutes: { type: 'string', default: '10' },
    /** chaos: the first seed; each round takes the next. */
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    /** chaos: a number of rounds, instead of minutes. */
    rounds: { type: 'string' },
    /** chaos: how long one round is disturbed. */
    seconds: { type: 'string', default: '20' },
    verbose: { type: 'boolean', default: false },
  },
})
const [name = 'chaos'] = positionals
const load = parts[name]
const options = {
  minutes: Number(values.minutes),
  seed: Number(values.seed),
  rounds: values.rounds === undefined ? undefined : Number(values.rounds),
  seconds: Number(values.seconds),
}
if (load === undefined || Object.values(options).some(Number.isNaN)) {
  const names = Object.keys(parts).join('|')
  console.error(
    `usage: npm run campaign -- [${names}] [--minutes 10] [--rounds N] [--seconds 20] [--seed N] [--verbose]`,
  )
  process.exit(2)
}
const play = await load()
const breaches = await play(options, values.verbose ? (words) => console.error(words) : () => {})
for (const breach of breaches) console.log(`BREACH: ${breach}`)
process.exit(breaches.length === 0 ? 0 : 1)

/** Runs a benchmark and prints its tables. */
function printing(measure) {
  return async (given, say) => {
    const { tables, breaches: broken } = await measure(given, say)
    for (const table of tables) printTable(table)
    return broken
  }
}
