import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { thisMachine } from '../../src/host/host.ts'
import { cutMiddle, emptyMiddle } from '../../src/run/output.ts'
import { canPunch } from '../support/disk.ts'
import { newBench } from './support.ts'
import { until } from '../support/until.ts'

const mb = 1024 * 1024

/** A run that has written numbered lines of this many megabytes, and waits for the file `go`. */
async function writer(megabytes: number, maxSizeBytes: number) {
  const bench = newBench()
  const count = megabytes * 65_536
  const run = bench.start({
    command: `seq -f %015.0f ${count}; until test -e go; do sleep 0.1; done; echo last`,
    output: { keepRuns: 20, keepForMs: 1e9, maxSizeBytes },
    cwd: bench.home,
  })
  const output = path.join(run.directory, 'output')
  await until(() => fs.existsSync(output) && fs.statSync(output).size === count * 16, 'its lines')
  return { bench, run, output, count, size: count * 16 }
}

describe.runIf(canPunch())('the output of a run that is still writing', () => {
  test('output over max_size is emptied in the middle while its run writes', async () => {
    const { bench, run, output, count, size } = await writer(8, 2 * mb)
    await emptyMiddle(bench.context, run)
    const facts = fs.statSync(output)
    expect(facts.size).toBe(size)
    expect(facts.blocks * 512).toBeLessThanOrEqual(2 * mb + 3 * 4096)
    const text = fs.readFileSync(output, 'latin1')
    const line = (number: number) => `${String(number).padStart(15, '0')}\n`
    expect(text.startsWith(line(1) + line(2))).toBe(true)
    expect(text.endsWith(line(count - 1) + line(count))).toBe(true)
    expect(bench.troubles).toEqual([])
  })

  test('the emptied middle of an output is cut out when its run has ended', async () => {
    const { bench, run, output, size } = await writer(8, 2 * mb)
    await emptyMiddle(bench.context, run)
    fs.writeFileSync(path.join(bench.home, 'go'), '')
    await bench.ended(run)
    await cutMiddle(thisMachine(), run.directory, 2 * mb)
    const text = fs.readFileSync(output, 'latin1')
    expect(text).not.toContain('\0')
    expect(text).toContain(`\n[torch: ${size + 5 - 2 * mb} bytes left out here]\n`)
    expect(text.endsWith('\nlast\n')).toBe(true)
  })

  test('one process at a time empties an output, and none for some time after it could not', async () => {
    const { bench, run } = await writer(8, 2 * mb)
    const { host } = bench.context
    let calls = 0
    const runProgram = async () => {
      calls += 1
      await host.clock.turn()
      return {
        ok: false,
        missing: false,
        stdout: '',
        stderr: 'fallocate: not supported',
        failure: '',
      }
    }
    const processes = { ...host.processes, runProgram }
    const context = { ...bench.context, host: { ...host, processes } }
    await Promise.all([emptyMiddle(context, run), emptyMiddle(context, run)])
    await emptyMiddle(context, run)
    expect(calls).toBe(1)
    for (let look = 0; look < 40; look += 1) await emptyMiddle(context, run)
    expect(calls).toBe(2)
    expect(bench.troubles).toEqual([
      'its output is over max_size and could not be truncated: fallocate: not supported',
    ])
  })

  test('output within max_size stays as it is while its run writes', async () => {
    const { bench, run, output } = await writer(1, 2 * mb)
    await emptyMiddle(bench.context, run)
    expect(fs.readFileSync(output, 'latin1')).not.toContain('\0')
  })
})

test('an output file that is removed while its run writes is reported once', async () => {
  const bench = newBench()
  const run = bench.start({ command: 'exec sleep 60' })
  fs.rmSync(path.join(run.directory, 'output'))
  await emptyMiddle(bench.context, run)
  await emptyMiddle(bench.context, run)
  expect(bench.troubles).toEqual([
    'its output file was removed while it was being written, so that output is lost',
  ])
})

let directory = ''
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-output-'))
})
afterEach(() => fs.rmSync(directory, { recursive: true }))
const output = () => path.join(directory, 'output')

test('cutMiddle replaces the middle of an output over max_size by a line', async () => {
  fs.writeFileSync(output(), `HEAD${'x'.repeat(10_000)}TAIL`)
  await cutMiddle(thisMachine(), directory, 100)
  const text = fs.readFileSync(output(), 'utf8')
  expect(text.startsWith('HEADx')).toBe(true)
  expect(text.endsWith('xTAIL')).toBe(true)
  expect(text).toContain('\n[torch: 9908 bytes left out here]\n')
  expect(text.replace(/\n\[.*\]\n/, '')).toHaveLength(100)
})

test('cutMiddle leaves an output of exactly max_size as it is', async () => {
  fs.writeFileSync(output(), 'x'.repeat(100))
  await cutMiddle(thisMachine(), directory, 100)
  expect(fs.readFileSync(output(), 'utf8')).toBe('x'.repeat(100))
})

test('cutMiddle leaves only the line if max_size is 0', async () => {
  fs.writeFileSync(output(), 'xyz')
  await cutMiddle(thisMachine(), directory, 0)
  expect(fs.readFileSync(output(), 'utf8')).toBe('\n[torch: 3 bytes left out here]\n')
})
