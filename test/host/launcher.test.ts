import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bestLauncher, type Launch, launchByFork } from '../../src/host/launcher.ts'

let folder = ''
beforeEach(() => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'torch-launch-')))
})
afterEach(() => fs.rmSync(folder, { recursive: true }))

interface Launched {
  readonly pid: number | undefined
  readonly output: string
  readonly status?: { code: number | null; signal: string | null }
  readonly error?: NodeJS.ErrnoException
}

/** Starts a program and waits for its end; the file `output` has what it says. */
function start(launch: Launch, words: readonly string[], env = {}): Promise<Launched> {
  const file = path.join(fs.mkdtempSync(path.join(folder, 'run-')), 'output')
  const descriptor = fs.openSync(file, 'a')
  const [program = '', ...args] = words
  return new Promise((resolve) => {
    let pid: number | undefined
    const tell = (ended: Omit<Launched, 'pid' | 'output'>): void => {
      // What comes before this has returned has no pid.
      queueMicrotask(() => resolve({ pid, output: fs.readFileSync(file, 'utf8'), ...ended }))
    }
    pid = launch({
      program,
      args,
      env,
      cwd: folder,
      output: descriptor,
      onExit: (status) => tell({ status }),
      onFailure: (error) => tell({ error }),
    })
    fs.closeSync(descriptor)
  })
}

const sh = (text: string): string[] => ['/bin/sh', '-c', text]

test('this machine has the better one', () => {
  expect(bestLauncher()).toMatchObject({ name: 'posix_spawn', why: undefined })
})

describe.each([
  ['posix_spawn', bestLauncher().launch],
  ['spawn', launchByFork],
])('by %s', (_name, launch) => {
  test('a program has its own session and group, its folder, its variables and nothing else', async () => {
    const text = 'read -r stat </proc/self/stat; echo "$stat"; pwd; /usr/bin/env; echo sorry >&2'
    const { pid, output, status } = await start(launch, sh(text), { A: 'a b', B: '' })
    expect(status).toEqual({ code: 0, signal: null })
    const [stat = '', cwd, ...said] = output.trimEnd().split('\n')
    const [self, , , , group, session] = stat.split(' ').map(Number)
    expect([self, group, session]).toEqual([pid, pid, pid])
    expect(cwd).toBe(folder)
    expect(said.filter((line) => !/^(PWD|_|OLDPWD|SHLVL)=/.test(line)).toSorted()).toEqual(
      ['A=a b', 'B=', 'sorry'].toSorted(),
    )
  })

  test('what holds a NUL is refused, not cut there', async () => {
    for (const [words, env] of [
      [['/bin/echo', 'a\0b'], {}],
      [['/bin/echo'], { A: 'a\0b' }],
    ] as const) {
      const { pid, output, error } = await start(launch, words, env)
      expect({ pid, output }).toEqual({ pid: undefined, output: '' })
      expect(error?.code).toBe('ERR_INVALID_ARG_VALUE')
    }
  })

  test('it reads nothing, has no descriptor of ours, and no signal is blocked or ignored', async () => {
    const kept = fs.openSync(path.join(folder, 'kept'), 'w')
    const text =
      'for fd in /proc/$$/fd/*; do readlink "$fd"; done; exec grep -E "^Sig(Blk|Ign)" /proc/self/status'
    const { output } = await start(launch, sh(text), { PATH: process.env['PATH'] })
    fs.closeSync(kept)
    const lines = output.trimEnd().split('\n')
    expect(lines[0]).toBe('/dev/null')
    expect(lines.slice(-2)).toEqual(['SigBlk:\t0000000000000000', 'SigIgn:\t0000000000000000'])
    expect(
      lines.filter((line) => line.startsWith(folder)).map((line) => path.basename(line)),
    ).toEqual(['output', 'output'])
  })

  test.each([
    ['exit 3', { code: 3, signal: null }],
    ['exit 255', { code: 255, signal: null }],
    ['kill -TERM $$', { code: null, signal: 'SIGTERM' }],
    ['kill -KILL $$', { code: null, signal: 'SIGKILL' }],
  ])('its end is told: %s', async (text, status) => {
    expect((await start(launch, sh(text))).status).toEqual(status)
  })

  test.each([
    ['ENOENT', ['/no/such/program']],
    ['EACCES', ['/etc/passwd']],
    ['E2BIG', sh('x'.repeat(3_000_000))],
  ])('what cannot be started is a failure: %s', async (code, words) => {
    const { pid, status, error } = await start(launch, words)
    expect([pid, status, error?.code]).toEqual([undefined, undefined, code])
  })

  test('a hundred at a time are each told once, beside programs that Node waits for', async () => {
    const count = 100
    const own = Array.from({ length: count }, (_, code) => start(launch, sh(`exit ${code}`)))
    const others = Array.from({ length: 10 }, (_, each) =>
      promisify(execFile)('/bin/sh', ['-c', `echo ${each}`]),
    )
    const codes = (await Promise.all(own)).map(({ status }) => status?.code)
    expect(codes).toEqual(Array.from({ length: count }, (_, code) => code))
    const said = (await Promise.all(others)).map(({ stdout }) => stdout)
    expect(said).toEqual(Array.from({ length: 10 }, (_, each) => `${each}\n`))
  })

  test('none is left as a zombie', async () => {
    const { pid } = await start(launch, sh('exit 0'))
    expect(fs.existsSync(`/proc/${pid}`)).toBe(false)
  })
})
