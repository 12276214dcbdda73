import { spawn } from 'node:child_process'
import path from 'node:path'
import { expect, test } from 'vitest'
import { describeNats, describeOneNats } from '../support/fleet/nats-server.ts'
import { root } from '../support/torch.ts'

/** Of other faults: `npm run fleet-campaign -- --minutes 30`. */
const asked = process.env['TORCH_TEST_FLEET_FAULTS']
const faults = asked ?? 'server leader kill,net hole short,daemon restart'

// It takes a minute: one version is enough, unless others are asked for.
const describeVersions = asked === undefined ? describeOneNats : describeNats

describeVersions('a fleet of five daemons on three servers: %s', (program) => {
  test('a short campaign breaks no promise', { timeout: 600_000 }, async () => {
    const words = [path.join(root, 'bench/fleet-campaign/main.js'), '--seed', '3', '--verbose']
    const child = spawn(process.execPath, [...words, '--faults', faults], {
      env: { ...process.env, NATS_SERVER: program },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const status = await new Promise((resolve) => child.once('close', resolve))
    expect(status, said).toBe(0)
    expect(said).toMatch(/doubled 0, unexplained 0, overlaps 0, gaps too long 0/)
  })
})
