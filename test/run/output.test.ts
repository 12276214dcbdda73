import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { thisMachine } from '../../src/host/host.ts'
import { cutMiddle, emptyMiddle } from '../../src/run/output.ts'
import { newBench, until } from './support.ts'

const mb = 1024 * 1024
const canPunch =
  spawnSync('sh', [
    '-c',
    'f=$(mktemp) && head -c 8192 /dev/zero >$f && fallocate -p -o 0 -l 4096 $f; s=$?; rm $f; exit $s',
  ]).status === 0

/** A run that has written so many megabytes, lines with their numbers, and goes on. */
async function writer(megabytes: number, maxSizeBytes: number) {
  const bench = newBench()
  const count = megabytes * 65_536
  const run = bench.start({
    command: `seq -f %015.0f ${count}; until test -e go; do sleep 0.02; done; echo last`,
    output: { keepRuns: 20, keepForMs: 1e9, maxSizeBytes },
    cwd: bench.home,
  })
  const output = path.join(run.directory, 'output')
  await until(() => fs.existsSync(output) && fs.statSync(output).size === count * 16, 'its lines')
  return { bench, run, output, count, size: count * 16 }
}

describe.runIf(canPunch)('the output of a run that writes on and on', () => {
  test('takes no more of the disk than it may, and keeps head and end', async () => {
    const { bench, run, output, count, size } = await writer(8, 2 * mb)
    await emptyMiddle(bench.room, run)
    const facts = fs.statSync(output)
    expect(facts.size).toBe(size)
    expect(facts.blocks * 512).toBeLessThanOrEqual(2 * mb + 3 * 4096)
    const text = fs.readFileSync(output, 'latin1')
    const line = (number: number) => `${String(number).padStart(15, '0')}\n`
    expect(text.startsWith(line(1) + line(2))).toBe(true)
    expect(text.endsWith(line(count - 1) + line(count))).toBe(true)
    expect(bench.troubles).toEqual([])
  })

  test('and when it is over, the hole is gone as well', async () => {
    const { bench, run, output, size } = await writer(8, 2 * mb)
    await emptyMiddle(bench.room, run)
    fs.writeFileSync(path.join(bench.home, 'go'), '')
    await bench.ended(run)
    await cutMiddle(thisMachine(), run.directory, 2 * mb)
    const text = fs.readFileSync(output, 'latin1')
    expect(text).not.toContain('\0')
    expect(text).toContain(`\n[torch: ${size + 5 - 2 * mb} bytes left out here]\n`)
    expect(text.endsWith('\nlast\n')).toBe(true)
  })

  test('one within its size is left alone', async () => {
    const { bench, run, output } = await writer(1, 2 * mb)
    await emptyMiddle(bench.room, run)
    expect(fs.readFileSync(output, 'latin1')).not.toContain('\0')
  })
})

test('an output that is removed under a run is told of once', async () => {
  const bench = newBench()
  const run = bench.start({ command: 'exec sleep 60' })
  fs.rmSync(path.join(run.directory, 'output'))
  await emptyMiddle(bench.room, run)
  await emptyMiddle(bench.room, run)
  expect(bench.troubles).toEqual(['its output file was removed while it runs; its output is lost'])
})
