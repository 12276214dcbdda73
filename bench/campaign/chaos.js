import { playRound } from './round.js'

/**
 * Round after round, each with its own home and seed. Prints a line for each, and returns the broken
 * promises with the command that repeats the round.
 */
export async function chaos({ minutes, seed: first, rounds, seconds }, say) {
  const end = performance.now() + minutes * 60_000
  const isOver = (done) => (rounds === undefined ? performance.now() > end : done >= rounds)
  const total = { starts: 0, rows: 0, unknown: 0 }
  const acts = {}
  const all = []
  let done = 0
  for (; done === 0 || !isOver(done); done++) {
    const seed = first + done
    const { figures, counts, breaches, folder } = await playRound(seed, seconds * 1000, say)
    add(total, figures)
    add(acts, counts)
    console.log(`seed ${seed}: ${breaches.length} breaches, ${listOf(figures)}`)
    for (const breach of breaches) say(`  ${breach}`)
    if (breaches.length === 0) continue
    all.push(
      ...breaches.map((breach) => `seed ${seed}: ${breach}`),
      `seed ${seed}: everything is kept in ${folder}; repeat it with: npm run campaign -- --seed ${seed} --rounds 1 --seconds ${seconds} --verbose`,
    )
  }
  console.log(`\n${done} rounds, from seed ${first}: ${listOf(total)}`)
  console.log(listOf(acts))
  return all
}

function add(sums, values) {
  for (const [name, value] of Object.entries(values)) sums[name] = (sums[name] ?? 0) + value
}

function listOf(values) {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}
