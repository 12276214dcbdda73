import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { thisMachine } from '../../src/host/host.ts'
import type { RunDescription } from '../../src/run/directory.ts'
import { newFaults } from '../../src/run/faults.ts'
import { newRunContext } from '../../src/run/launch.ts'
import { enter, newLiveRun } from '../../src/run/live-run.ts'
import { armReady } from '../../src/run/ready.ts'
import { handClock } from '../support/clock.ts'

const timeoutMs = 10_000
const megabyte = 1024 * 1024

/** A run whose output the test writes, and which waits for a line with this text, or for some time. */
function waitingFor(what: string | { readonly afterMs: number }) {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-ready-'))
  onTestFinished(() => fs.rmSync(home, { recursive: true, force: true }))
  const clock = handClock('2026-03-10T12:00:00Z')
  const real = thisMachine()
  let read = 0
  const readBytes: typeof real.files.readBytes = (...words) => {
    const bytes = real.files.readBytes(...words)
    read += bytes.length
    return bytes
  }
  const host = { ...real, clock, files: { ...real.files, readBytes } }
  const context = newRunContext({
    ...{ host, home, hostName: 'host' },
    onEnd() {},
    onTrouble() {},
    faults: newFaults(clock, () => {}),
  })
  const ready =
    typeof what === 'string'
      ? ({ kind: 'line', text: what, timeoutMs } as const)
      : ({ kind: 'after', ...what } as const)
  const description = { run: 'r', task: 'web', startedMs: clock.now(), ready } as RunDescription
  const state = { kind: 'running' } as const
  const run = newLiveRun({ description, directory: home, recorder: undefined, state })
  onTestFinished(() => enter(run, { kind: 'handed-over' }))
  const output = path.join(home, 'output')
  fs.writeFileSync(output, '')
  armReady(context, run)
  return {
    run,
    read: () => read,
    /** Adds to the output, which is then looked at. */
    write(bytes: string | Buffer) {
      fs.appendFileSync(output, bytes)
      clock.advance(25)
      return run.isReady
    },
    advance: (ms: number) => clock.advance(ms),
  }
}

test('a run is ready once its output has the text, wherever a look at it ends', () => {
  const line = 'GET / é is up now\n'
  const bytes = Buffer.from(line)
  for (let at = 0; at <= bytes.length; at++) {
    const { write } = waitingFor('é is up')
    const end = Buffer.byteLength('GET / é is up')
    expect(write(bytes.subarray(0, at))).toBe(at >= end)
    expect(write(bytes.subarray(at))).toBe(true)
  }
  expect(waitingFor('é is up').write('é is\nup é is  up é\n')).toBe(false)
})

test('the colours of a terminal do not count, wherever a look at it ends', () => {
  const line = '\x1b[1;32m➜\x1b[0m  Local: \x1b[36mhttp://localhost:\x1b[1m8080\x1b[22m/\x1b[39m\n'
  const bytes = Buffer.from(line)
  for (let at = 0; at <= bytes.length; at++) {
    const { write } = waitingFor('➜  Local: http://localhost:8080/')
    write(bytes.subarray(0, at))
    expect(write(bytes.subarray(at)), `cut at ${at}`).toBe(true)
  }
})

test('a text at the end of a line of a megabyte is found, and each byte is read once', () => {
  const { write, read, advance } = waitingFor('is up')
  expect(write('x'.repeat(megabyte + 10))).toBe(false)
  expect(write('y'.repeat(10))).toBe(false)
  advance(1000)
  expect(read()).toBe(megabyte + 20)
  expect(write(' is up')).toBe(true)
  expect(read()).toBe(megabyte + 26)
})

test('the output of a run that is ready is not looked at any more', () => {
  const { write, read, advance } = waitingFor('up')
  expect(write('up')).toBe(true)
  write('more')
  advance(2 * timeoutMs)
  expect(read()).toBe(2)
})

test('a run with ready.after is ready when it has lived so long, whatever it prints', () => {
  const { run, write, advance } = waitingFor({ afterMs: 1_000 })
  expect(write('ready\n')).toBe(false)
  advance(974)
  expect(run.isReady).toBe(false)
  advance(1)
  expect(run.isReady).toBe(true)
})
