import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { thisMachine } from '../../src/host/host.ts'
import { readTraces } from '../../src/run/directory.ts'
import { startFailure } from '../../src/run/start-failure.ts'
import { liveRunIn } from '../support/live-run.ts'
import { newBench } from './support.ts'

const { description } = liveRunIn({ kind: 'running' })

interface Case {
  /** What the recorder wrote into `failed`. */
  readonly failed?: string
  readonly status?: number
  readonly run?: object
}

function failureOf({ failed = '', status = 127, run = {} }: Case): string | undefined {
  const traces = readTraces(thisMachine(), '/nowhere')
  const command = { pid: 1, startTicks: 1 }
  const given = { ...traces, command, failure: failed, description: { ...description, ...run } }
  return startFailure(thisMachine(), given, status)
}

/** A program with this first line. */
function programOf(text: string | Buffer): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-program-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'program')
  fs.writeFileSync(file, text, { mode: 0o755 })
  return file
}

describe('why a command could not be started', () => {
  test.each<Case & { says: string | undefined }>([
    { failed: 'record', says: 'the recorder could not write into the run directory' },
    { failed: 'cwd missing /srv/app', says: 'its cwd /srv/app does not exist' },
    { failed: 'cwd not-a-folder /etc/hosts', says: 'its cwd /etc/hosts is not a folder' },
    { failed: 'cwd denied /root', says: 'its user may not enter its cwd /root' },
    { failed: 'program missing /no/x', run: { command: ['/no/x'] }, says: '/no/x does not exist' },
    { failed: 'program missing /no/sh', says: 'its shell /no/sh does not exist' },
    {
      failed: 'program not-found /bin:/opt/my bin',
      run: { command: ['x'] },
      says: 'x was not found in its PATH (/bin:/opt/my bin)',
    },
    {
      failed: 'program folder /usr',
      run: { command: ['/usr'] },
      says: '/usr is a folder, not a program',
    },
    {
      failed: 'exec',
      status: 126,
      run: { command: ['/usr'] },
      says: '/usr is a folder, not a program',
    },
    { failed: 'exec', run: { command: ['./no'], cwd: '/usr' }, says: '/usr/no does not exist' },
    {
      failed: 'exec',
      run: { command: ['x'], path: '/bin' },
      says: 'x was not found in its PATH (/bin)',
    },
    {
      failed: 'nice: cannot set niceness: Permission denied',
      says: 'its nice cannot be set: Permission denied; only root may lower it',
    },
    {
      failed: 'setpriv: setresuid failed: Operation not permitted',
      says: 'its user or group cannot be set: setpriv: setresuid failed: Operation not permitted',
    },
    { failed: 'entered /usr/bin/env', says: undefined },
    { failed: '', run: { command: 'exit 127' }, says: undefined },
    { failed: '', run: { command: ['/usr/bin/env', 'false'] }, says: undefined },
  ])('$failed of $run is: $says', ({ says, ...given }) => {
    expect(failureOf(given)).toBe(says)
  })

  test('a limit that cannot be set is named with its value and the bound of the machine', () => {
    const failed = 'prlimit: failed to set the NOFILE resource limit: Operation not permitted'
    const most = fs.readFileSync('/proc/sys/fs/nr_open', 'utf8').trim()
    expect(failureOf({ failed, run: { limits: { nofile: 9e15 } } })).toMatch(
      new RegExp(
        `^limits.nofile cannot be set to 9000000000000000: Operation not permitted; this machine allows at most (${most} \\(fs.nr_open\\)|\\d+ \\(ulimit -H, LimitNOFILE=\\))$`,
      ),
    )
  })

  test.each([
    ['#!/opt/none/python3\nprint(1)\n', '/opt/none/python3'],
    ['#! /opt/none/python3 -u\n', '/opt/none/python3'],
    ['#!/bin/sh\r\necho\r\n', '/bin/sh\\r (its lines end in CR LF; convert the file to LF)'],
    ['#!/usr/bin/env no-such-pythn\n', 'no-such-pythn'],
    ['#!/usr/bin/env -S A=1 no-such-pythn -u\n', 'no-such-pythn'],
    ['#!/usr/bin/env sh\r\n', 'sh\\r (its lines end in CR LF; convert the file to LF)'],
  ])('the missing interpreter of %j is named', (text, interpreter) => {
    const file = programOf(text)
    const says = `the interpreter of ${file} is missing: ${interpreter}`
    expect(failureOf({ run: { command: [file], path: '/usr/bin:/bin' } })).toBe(says)
  })

  test('a program that exits 127 by itself was started', () => {
    const file = programOf('#!/bin/sh\nexit 127\n')
    expect(failureOf({ run: { command: [file] } })).toBeUndefined()
    expect(failureOf({ failed: `entered ${file}` })).toBeUndefined()
  })

  test('a program for another kind of machine is named', () => {
    const head = Buffer.alloc(64)
    head.write('\x7fELF\x02\x01', 'latin1')
    head.writeUInt16LE(22, 18)
    const file = programOf(head)
    const says = `${file} is a program for another kind of machine (s390; this one is ${process.arch})`
    expect([says, undefined]).toContain(failureOf({ status: 2, run: { command: [file] } }))
  })
})

test('a run of a script whose interpreter is missing is spawn-failed, with its name and no output', async () => {
  const file = programOf('#! /opt/none/python3 -u\n')
  const bench = newBench()
  const reason = `the interpreter of ${file} is missing: /opt/none/python3`
  for (const nice of [0, 1]) {
    const run = bench.start({ command: [file], nice })
    expect(await bench.ended(run)).toMatchObject({ outcome: 'spawn-failed', reason })
    expect(bench.output(run)).toBe('')
  }
})

test('a script is found in the PATH of the run, and started with its words', async () => {
  const file = programOf('#!\t/bin/sh -e\necho "$0 $1"\n')
  const env = { PATH: `/nowhere:${path.dirname(file)}:/bin`, torch_line: 'kept' }
  const bench = newBench()
  const run = bench.start({ command: [path.basename(file), 'a  b'], env })
  expect(await bench.ended(run)).toMatchObject({ outcome: 'ok' })
  expect(bench.output(run)).toBe(`${file} a  b\n`)
})

test('torch does not wait for a named pipe that is taken for a program', async () => {
  const folder = path.dirname(programOf(''))
  const file = path.join(folder, 'pipe')
  execFileSync('mkfifo', ['-m', '755', file])
  const bench = newBench()
  const reason = `its user may not execute ${file}`
  const ended = await bench.ended(bench.start({ command: [file] }))
  expect(ended).toMatchObject({ outcome: 'spawn-failed', reason })
})

test('a limit that the machine refuses is spawn-failed, even if its status is a success code', async () => {
  const bench = newBench()
  const task = { command: 'exit 0', limits: { nofile: 2 ** 40 }, successCodes: [0, 1] }
  const ended = await bench.ended(bench.start(task))
  expect(ended).toMatchObject({ outcome: 'spawn-failed', exitCode: null })
})
