import { spawn } from 'node:child_process'
import path from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/torch.ts'

/** One round for each seed. Together they contain every kind of disturbance. */
const seeds = [11, 12, 21]

/** For more rounds: `npm run campaign -- --minutes 10`. */
test.concurrent.each(seeds)(
  'a round of the campaign with seed %i breaks no promise',
  async (seed) => {
    const main = path.join(root, 'bench/campaign/main.js')
    const words = [main, 'chaos', '--seed', String(seed), '--rounds', '1', '--seconds', '7']
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const status = await new Promise((resolve) => child.once('close', resolve))
    expect(status, said).toBe(0)
    expect(said).toContain(`1 rounds, from seed ${seed}: starts `)
  },
  120_000,
)
