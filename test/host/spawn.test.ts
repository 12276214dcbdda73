import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { realProcesses } from '../../src/host/processes.ts'
import { giveAway, type Launch, spawnByFork, type StartedProgram } from '../../src/host/spawn.ts'

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

/**
 * Starts a program and waits for its end. It writes its output into the file OUTPUT of its environment.
 * Without a `line` it is dismissed.
 */
function start(
  launch: Launch,
  [program = '', ...args]: readonly string[],
  { env = {}, line }: { env?: Record<string, string>; line?: string } = {},
): Promise<Launched> {
  const OUTPUT = path.join(fs.mkdtempSync(path.join(folder, 'run-')), 'output')
  fs.writeFileSync(OUTPUT, '')
  return new Promise((resolve) => {
    let started: StartedProgram | undefined
    const tell = (ended: Omit<Launched, 'pid' | 'output'>): void => {
      // What comes before this has returned has no pid.
      queueMicrotask(() =>
        resolve({ pid: started?.pid, output: fs.readFileSync(OUTPUT, 'utf8'), ...ended }),
      )
    }
    started = launch({
      program,
      args,
      env: { ...env, OUTPUT },
      cwd: '/',
      stdin: 'line',
      onExit: (status) => tell({ status }),
      onFailure: (error) => tell({ error }),
    })
    if (line === undefined) started?.dismiss()
    else started?.send(line)
  })
}

const sh = (text: string): string[] => ['/bin/sh', '-c', `exec >>"$OUTPUT" 2>&1; ${text}`]

describe.each([
  ['posix_spawn', realProcesses.spawnGroup],
  ['spawn', spawnByFork],
])('by %s', (name, launch) => {
  test(`a program started by ${name} has its own session and group, and only its own variables`, async () => {
    const text = 'read -r stat </proc/self/stat; echo "$stat"; pwd; /usr/bin/env; echo sorry >&2'
    const env = { A: 'a b', B: '' }
    const { pid, output, status } = await start(launch, sh(text), { env })
    expect(status).toEqual({ code: 0, signal: null })
    const [stat = '', cwd, ...said] = output.trimEnd().split('\n')
    const [self, , , , group, session] = stat.split(' ').map(Number)
    expect([self, group, session]).toEqual([pid, pid, pid])
    expect(cwd).toBe('/')
    expect(said.filter((line) => !/^(PWD|_|OLDPWD|SHLVL|OUTPUT)=/.test(line)).toSorted()).toEqual(
      ['A=a b', 'B=', 'sorry'].toSorted(),
    )
  })

  test(`${name} refuses an argument or a variable that contains a NUL`, async () => {
    for (const [words, env] of [
      [['/bin/echo', 'a\0b'], {}],
      [['/bin/echo'], { A: 'a\0b' }],
    ] as const) {
      const { pid, output, error } = await start(launch, words, { env })
      expect({ pid, output }).toEqual({ pid: undefined, output: '' })
      expect(error?.code).toBe('ERR_INVALID_ARG_VALUE')
    }
  })

  test(`a program started by ${name} inherits no descriptor and no signal settings, and its output goes to /dev/null`, async () => {
    const kept = fs.openSync(path.join(folder, 'kept'), 'w')
    const text =
      'for fd in /proc/$$/fd/*; do readlink "$fd"; done | cat >>"$OUTPUT"; exec grep -E "^Sig(Blk|Ign)" /proc/self/status >>"$OUTPUT"'
    const { PATH = '' } = process.env
    const { output } = await start(launch, ['/bin/sh', '-c', text], { env: { PATH } })
    fs.closeSync(kept)
    const lines = output.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^(pipe|socket):/)
    expect(lines.slice(1, 3)).toEqual(['/dev/null', '/dev/null'])
    expect(lines.slice(-2)).toEqual(['SigBlk:\t0000000000000000', 'SigIgn:\t0000000000000000'])
    expect(lines.filter((line) => line.startsWith(folder))).toEqual([])
  })

  test(`a program started by ${name} reads the line that it is sent`, async () => {
    const text = 'read -r a b; echo "$? $a, $b"'
    const { output } = await start(launch, sh(text), { line: 'one two three\n' })
    expect(output).toBe('0 one, two three\n')
  })

  test(`a program started by ${name} reads the end of its input when it is dismissed`, async () => {
    const { output } = await start(launch, sh('read -r a; echo "$?$a"'))
    expect(output).toBe('1\n')
  })

  test(`programs started by ${name} that never read their line do not keep others from theirs`, async () => {
    const deaf = Array.from({ length: 20 }, () =>
      start(launch, sh('sleep 1 </dev/null; exit 1'), { line: 'unread\n' }),
    )
    const text = 'read -r a; exec </dev/null; echo "$a"'
    const own = Array.from({ length: 20 }, (_, each) =>
      start(launch, sh(text), { line: `${each}\n` }),
    )
    const heard = (await Promise.all(own)).map(({ output }) => output)
    expect(heard).toEqual(Array.from({ length: 20 }, (_, each) => `${each}\n`))
    expect((await Promise.all(deaf)).map(({ status }) => status?.code)).toEqual(
      Array.from({ length: 20 }, () => 1),
    )
  })

  test(`${name} keeps no descriptor of a program that is gone`, async () => {
    const held = () => fs.readdirSync('/proc/self/fd').length
    await start(launch, sh('exit 0'), { line: 'first\n' })
    const before = held()
    const count = 20
    await Promise.all(
      Array.from({ length: count }, () => start(launch, sh('read -r a'), { line: 'x\n' })),
    )
    expect(held()).toBeLessThanOrEqual(before)
  })

  test(`${name} cannot send a line to a program that is gone`, async () => {
    let tellGone = (): void => {}
    const gone = new Promise<void>((resolve) => {
      tellGone = resolve
    })
    const started = launch({
      program: '/bin/sh',
      args: ['-c', 'exit 0'],
      env: {},
      cwd: '/',
      stdin: 'line',
      onExit: () => tellGone(),
      onFailure: tellGone,
    })
    await gone
    expect(started?.send('too late\n')).toBe(false)
  })

  test.each([
    ['exit 3', { code: 3, signal: null }],
    ['exit 255', { code: 255, signal: null }],
    ['kill -TERM $$', { code: null, signal: 'SIGTERM' }],
    ['kill -KILL $$', { code: null, signal: 'SIGKILL' }],
  ])(`${name} reports how a program ended: %s`, async (text, status) => {
    expect((await start(launch, sh(text))).status).toEqual(status)
  })

  test.each([
    ['ENOENT', ['/no/such/program']],
    ['EACCES', ['/etc/passwd']],
    ['E2BIG', sh('x'.repeat(3_000_000))],
  ])(`${name} reports a program that cannot be started by onFailure: %s`, async (code, words) => {
    const { pid, status, error } = await start(launch, words)
    expect([pid, status, error?.code]).toEqual([undefined, undefined, code])
  })

  test(`${name} reports each of a hundred ends once, beside programs that Node waits for`, async () => {
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

  test(`a program started by ${name} does not stay as a zombie`, async () => {
    const { pid } = await start(launch, sh('exit 0'))
    expect(fs.existsSync(`/proc/${pid}`)).toBe(false)
  })
})

test.runIf(process.getuid?.() === 0)(
  'a container that does not let root give away the pipe of a run does not keep the run from starting',
  () => {
    const refuse = (code: string) => () => {
      throw Object.assign(new Error(code), { code })
    }
    expect(() => giveAway(refuse('EPERM'))).not.toThrow()
    expect(() => giveAway(refuse('EINVAL'))).not.toThrow()
    expect(() => giveAway(refuse('EMFILE'))).toThrow('EMFILE')
  },
)
