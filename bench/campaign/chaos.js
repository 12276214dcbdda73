import { playRound } from './round.js'

/**
 * Round after round, each with its own home and seed. Tells of each, and gives what broke a
 * promise, with how to see it again.
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
    console.log(`seed ${seed}: ${breaches.length} breaches, ${wordsOf(figures)}`)
    for (const breach of breaches) say(`  ${breach}`)
    if (breaches.length === 0) continue
    all.push(
      ...breaches.map((breach) => `seed ${seed}: ${breach}`),
      `seed ${seed}: all is left in ${folder}; again: npm run campaign -- --seed ${seed} --rounds 1 --seconds ${seconds} --verbose`,
    )
  }
  console.log(`\n${done} rounds, from seed ${first}: ${wordsOf(total)}`)
  console.log(wordsOf(acts))
  return all
}

function add(sums, values) {
  for (const [name, value] of Object.entries(values)) sums[name] = (sums[name] ?? 0) + value
}

function wordsOf(values) {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}
