import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { thisMachine } from '../../src/host/host.ts'
import { openNamedPipe, spawnByFork } from '../../src/host/spawn.ts'
import { endRun } from '../../src/run/end.ts'
import { isCollecting } from '../../src/run/output.ts'
import { collectorScript } from '../../src/run/collector-script.ts'
import { scriptArguments } from '../../src/run/recorder-script.ts'
import { fillDisk, mayMount, mountDisk } from '../support/disk.ts'
import { until } from '../support/until.ts'
import { newBench } from './support.ts'

const isRoot = process.getuid?.() === 0

/** Each prints three lines, and opens its own output again to print the second one. */
const reopening = {
  '> /dev/stderr': 'echo one; echo two > /dev/stderr; echo three',
  'tee /dev/stderr': 'echo one; echo two | tee /dev/stderr > /dev/null; echo three',
  'dd of=/dev/stdout': 'echo one; echo two | dd of=/dev/stdout status=none; echo three',
  '/proc/self/fd/1': 'echo one; echo two > /proc/self/fd/1; echo three',
}
const machine = thisMachine()
const forking = {
  ...machine,
  processes: { ...machine.processes, spawnGroup: spawnByFork, openPipe: openNamedPipe },
}

describe('the output of a run', () => {
  for (const [name, command] of Object.entries(reopening))
    test(`output is whole and in order when a command opens it again with ${name}`, async () => {
      for (const host of [machine, forking]) {
        const bench = newBench(host)
        const run = bench.start({ command })
        await bench.ended(run)
        expect(bench.output(run)).toBe('one\ntwo\nthree\n')
      }
    })

  test.runIf(isRoot)('another user can open the output of its run again too', async () => {
    const bench = newBench()
    const command = 'echo one; echo two > /dev/stderr; id -un > /proc/self/fd/1'
    const run = bench.start({ command, user: 'nobody', cwd: '/' })
    await bench.ended(run)
    expect(bench.output(run)).toBe('one\ntwo\nnobody\n')
  })

  test('output of a process that outlives its run is collected, and the collector ends with it', async () => {
    const bench = newBench()
    const run = bench.start({
      command: `(until [ -e go ]; do sleep 0.05; done; echo late) & echo early`,
      cwd: bench.home,
    })
    expect(await bench.ended(run)).toMatchObject({ outcome: 'ok' })
    expect(bench.output(run)).toBe('early\n')
    expect(isCollecting(machine, run)).toBe(true)
    fs.writeFileSync(path.join(bench.home, 'go'), '')
    await until(() => !isCollecting(machine, run), 'the end of the collector')
    expect(bench.output(run)).toBe('early\nlate\n')
  })

  test('the last output of a run is kept even if its whole group is killed', async () => {
    const bench = newBench()
    const command = `trap 'seq 5000; echo last; exec sleep 600' TERM; echo ready; while :; do sleep 0.05; done`
    const run = bench.start({ command, killAfterMs: 300 })
    await until(() => bench.output(run) === 'ready\n', 'its first line')
    endRun(bench.context, run, 'timeout')
    expect(await bench.ended(run)).toMatchObject({ outcome: 'timeout', signal: 'SIGKILL' })
    expect(bench.output(run).split('\n').slice(-3)).toEqual(['5000', 'last', ''])
  })

  test('ps shows a recorder and its collector with few words: the task and the run', async () => {
    const bench = newBench()
    const run = bench.start({ command: 'sleep 600', name: 'backup' })
    await bench.begun(run)
    const words = (pid = 0) => fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    const { run: id } = run.description
    expect(words(run.recorder?.pid).slice(-4)).toEqual(['torch:', 'backup', id, ''])
    expect(words(run.collector?.pid).slice(-5)).toEqual(['torch:', 'backup', id, 'output', ''])
    expect(words(run.recorder?.pid).join(' ').length).toBeLessThan(100)
  })
})

const shells = ['dash', 'bash', 'busybox'].filter(
  (name) => spawnSync(name, ['--help']).error === undefined,
)
describe.each(shells)('the collector in %s', (shell) => {
  function collect(folder: string) {
    const [program = '', ...more] = shell === 'busybox' ? ['busybox', 'sh'] : [shell]
    const output = fs.openSync(path.join(folder, 'output'), 'a')
    const child = spawn(program, [...more, ...scriptArguments('TORCH_COLLECTOR', [])], {
      cwd: folder,
      env: { PATH: '/usr/bin:/bin', TORCH_COLLECTOR: collectorScript('/bin/cat') },
      stdio: ['pipe', output, 'ignore'],
    })
    fs.closeSync(output)
    return child
  }

  test(`the collector in ${shell} appends all bytes that it reads, and ignores TERM`, async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-collector-'))
    onTestFinished(() => fs.rmSync(folder, { recursive: true }))
    fs.writeFileSync(path.join(folder, 'output'), 'before ')
    const child = collect(folder)
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 256))
    child.stdin?.write(bytes)
    const file = path.join(folder, 'output')
    await until(() => fs.statSync(file).size === bytes.length + 7, 'the bytes')
    child.kill('SIGTERM')
    child.stdin?.end('after')
    expect(await once(child, 'exit')).toEqual([0, null])
    const whole = Buffer.concat([Buffer.from('before '), bytes, Buffer.from('after')])
    expect(fs.readFileSync(file).equals(whole)).toBe(true)
  })

  test.runIf(mayMount())(
    `the collector in ${shell} reads on while its disk is full, and continues when there is room`,
    async () => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-collector-'))
      const unmount = mountDisk(folder, 'size=1m')
      onTestFinished(() => {
        unmount()
        fs.rmSync(folder, { recursive: true })
      })
      const child = collect(folder)
      onTestFinished(() => void child.kill('SIGKILL'))
      const freeDisk = fillDisk(folder)
      // More than the pipe holds: it was all read.
      await new Promise((resolve) => child.stdin?.write(Buffer.alloc(500_000, 'x'), resolve))
      await until(() => child.stdin?.writableLength === 0, 'the disk to lose it')
      freeDisk()
      const file = path.join(folder, 'output')
      await until(() => {
        child.stdin?.write('more\n')
        return fs.readFileSync(file, 'utf8').endsWith('more\n')
      }, 'the output to continue')
      child.stdin?.end('last\n')
      expect(await once(child, 'exit')).toEqual([1, null])
      const text = fs.readFileSync(file, 'utf8')
      expect(text).toMatch(/\n\[torch: output is missing \w+, because it could not be written\]\n/)
      expect(text).toContain('last\n')
      expect(fs.existsSync(path.join(folder, 'lost'))).toBe(true)
    },
  )
})
