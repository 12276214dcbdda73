import { spawn } from 'node:child_process'
import path from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/torch.ts'

/** Rounds in which, among them, every kind of disturbance comes at least once. */
const rounds = [
  [11, 2],
  [21, 2],
] as const

/** The long form is `npm run campaign -- --minutes 10`. */
test.concurrent.each(rounds)(
  'a campaign from seed %i, %i rounds: no promise is broken',
  async (seed, count) => {
    const main = path.join(root, 'bench/campaign/main.js')
    const words = [
      main,
      'chaos',
      '--seed',
      String(seed),
      '--rounds',
      String(count),
      '--seconds',
      '7',
    ]
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const status = await new Promise((resolve) => child.once('close', resolve))
    expect(status, said).toBe(0)
    expect(said).toContain(`${count} rounds, from seed ${seed}: starts `)
  },
  120_000,
)
