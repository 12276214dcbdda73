import { spawn } from 'node:child_process'
import path from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/torch.ts'

/** One round each: among them every kind of disturbance comes. */
const seeds = [11, 12, 21]

/** The long form is `npm run campaign -- --minutes 10`. */
test.concurrent.each(seeds)(
  'a round of the campaign, seed %i: no promise is broken',
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
