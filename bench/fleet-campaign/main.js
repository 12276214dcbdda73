// npm run fleet-campaign -- [options]: see ../README.md.
import fs from 'node:fs'
import { parseArgs } from 'node:util'
import { cuts, faults } from './faults.js'
import { canSeparate } from './namespaces.js'
import { playRound } from './round.js'
import { natsProgram } from './servers.js'

const { values } = parseArgs({
  options: {
    /** How long the fleet is disturbed. */
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    /** Only these faults, once each, with commas between them. */
    faults: { type: 'string' },
    /** Another nats-server, such as one of 2.9. */
    'nats-server': { type: 'string' },
    /** A file for the report in JSON. */
    out: { type: 'string' },
    /** Keeps the folder of the round. */
    keep: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
})
const [minutes, seed] = [Number(values.minutes), Number(values.seed)]
const only = values.faults?.split(',').map((name) => name.trim())
const unknown = only?.filter((name) => faults[name] === undefined) ?? []
if (!(minutes > 0) || Number.isNaN(seed) || unknown.length > 0) {
  console.error(
    `usage: npm run fleet-campaign -- [--minutes 10] [--seed N] [--faults A,B] [--nats-server FILE] [--out FILE] [--verbose]\nfaults: ${Object.keys(faults).join(', ')}`,
  )
  process.exit(2)
}
const natsServer = values['nats-server'] ?? natsProgram()
if (natsServer === undefined) {
  console.error('nats-server is missing: install it, or name it in NATS_SERVER')
  process.exit(2)
}
// All on loopback takes less time, and needs no root.
const isSeparate = (only === undefined || only.some((name) => cuts.includes(name))) && canSeparate()
if (!isSeparate && only?.some((name) => cuts.includes(name))) {
  console.error(`${cuts.join(' and ')} need root, and the programs ip and nsenter`)
  process.exit(2)
}
// An end by a signal leaves no daemon and no server behind either.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))
const started = performance.now()
const say = values.verbose
  ? (words) => console.error(`${Math.round((performance.now() - started) / 1000)} s: ${words}`)
  : () => {}
const { figures, counts, breaches, folder } = await playRound({
  ...{ seed, only, natsServer, isSeparate, say, keep: values.keep, ms: minutes * 60_000 },
})
const list = (all) =>
  Object.entries(all)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
console.log(`seed ${seed}, ${Math.round((performance.now() - started) / 1000)} s: ${list(figures)}`)
console.log(`faults: ${list(counts)}`)
for (const breach of breaches) console.log(`BREACH: ${breach}`)
if (values.keep || breaches.length > 0) console.log(`everything is kept in ${folder}`)
if (values.out !== undefined)
  fs.writeFileSync(values.out, JSON.stringify({ seed, minutes, figures, counts, breaches }))
process.exit(breaches.length === 0 ? 0 : 1)
