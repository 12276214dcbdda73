// npm run bench -- lateness|ticks|scale|burst|memory|recovery|history|schedules|commands|web|endurance|fleet|soak [options]: see README.md beside this file.
import fs from 'node:fs'
import { parseArgs } from 'node:util'
import { machine, printTable } from './figures.js'

const benchmarks = {
  burst: async () => (await import('./burst/burst.js')).burst,
  lateness: async () => (await import('./lateness.js')).lateness,
  ticks: async () => (await import('./ticks.js')).ticks,
  scale: async () => (await import('./scale.js')).scale,
  memory: async () => (await import('./memory.js')).memory,
  recovery: async () => (await import('./campaign/recovery.js')).recovery,
  history: async () => (await import('./history.js')).history,
  schedules: async () => (await import('./schedules.js')).schedules,
  commands: async () => (await import('./commands.js')).commands,
  web: async () => (await import('./web/web.js')).web,
  endurance: async () => (await import('./endurance.js')).endurance,
  fleet: async () => (await import('./fleet-burst.js')).fleetBurst,
  soak: async () => (await import('./soak/soak.js')).soak,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    slots: { type: 'string', default: '100' },
    minutes: { type: 'string', default: '1' },
    /** Rounds. Each benchmark has its own default. */
    runs: { type: 'string' },
    starts: { type: 'string', default: '50000' },
    days: { type: 'string', default: '30' },
    seed: { type: 'string' },
    /** The directory with the source of gotorch, for burst. */
    gotorch: { type: 'string' },
    /** A file for the JSON, beside the printed tables. */
    out: { type: 'string' },
  },
})
const options = {
  slots: Number(values.slots),
  minutes: Number(values.minutes),
  runs: values.runs === undefined ? undefined : Number(values.runs),
  starts: Number(values.starts),
  days: Number(values.days),
  seed: values.seed === undefined ? undefined : Number(values.seed),
  gotorch: values.gotorch,
}
const load = benchmarks[positionals[0]]
if (
  load === undefined ||
  !(options.slots >= 1 && (options.runs ?? 1) >= 1 && options.days >= 1 && options.minutes > 0)
) {
  console.error(
    `usage: npm run bench -- ${Object.keys(benchmarks).join('|')} [--slots 100] [--minutes 1] [--runs N] [--gotorch DIR] [--starts 50000] [--days 30] [--seed N] [--json] [--out FILE]`,
  )
  process.exit(2)
}

const before = machine()
const measure = await load()
/** Each benchmark returns tables of figures, and one line for each promise that was broken. */
const { tables, breaches, ...more } = await measure(options, (line) => console.error(line))
const report = { benchmark: positionals[0], machine: before, tables, breaches, ...more }
const text = JSON.stringify(report, null, 2)
if (values.out !== undefined) fs.writeFileSync(values.out, `${text}\n`)
if (values.json) console.log(text)
else {
  console.log(Object.values(before).join(', '))
  for (const table of tables) printTable(table)
  for (const breach of breaches) console.log(`BREACH: ${breach}`)
}
process.exit(breaches.length === 0 ? 0 : 1)
