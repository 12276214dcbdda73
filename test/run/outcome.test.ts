import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { thisMachine } from '../../src/host/host.ts'
import { activeFolder, parseExit } from '../../src/run/directory.ts'
import { endRun } from '../../src/run/end.ts'
import { recorderScript } from '../../src/run/recorder.ts'
import { newBench, until } from './support.ts'

describe('how a run ends', () => {
  test.each([
    { command: 'exit 0', says: { outcome: 'ok', exitCode: 0 } },
    { command: 'exit 42', says: { outcome: 'failed', exitCode: 42 } },
    { command: 'exit 143', says: { outcome: 'failed', exitCode: 143, signal: null } },
    {
      command: 'kill -TERM $$',
      says: { outcome: 'killed', signal: 'SIGTERM', reason: 'not by torch' },
    },
    { command: 'kill -KILL $$', says: { outcome: 'killed', signal: 'SIGKILL' } },
    { command: 'kill -SEGV $$', says: { outcome: 'killed', signal: 'SIGSEGV' } },
    { command: 'kill -INT $$', says: { outcome: 'killed', signal: 'SIGINT' } },
    { command: 'kill -TERM 0', says: { outcome: 'killed', signal: 'SIGTERM' } },
    { command: 'no-such-program-anywhere', says: { outcome: 'failed', exitCode: 127 } },
  ])('$command', async ({ command, says }) => {
    const bench = newBench()
    const run = bench.start({ command })
    const conclusion = await bench.ended(run)
    expect(conclusion).toMatchObject(says)
    const written = fs.readFileSync(path.join(run.directory, 'outcome.json'), 'utf8')
    expect(JSON.parse(written)).toEqual(conclusion)
  })

  test('it is not listed anew where it is on record before its recorder is done', async () => {
    const bench = newBench()
    const active = activeFolder(bench.home)
    await bench.ended(bench.start({ command: `rm ${active}/"$TORCH_RUN_ID"` }))
    expect(fs.readdirSync(active)).toEqual([])
  })

  test('its times are those of the wall clock, and it took as long as it did', async () => {
    const bench = newBench()
    const before = Date.now()
    const conclusion = await bench.ended(bench.start({ command: 'exec sleep 0.2' }))
    expect(conclusion.startedMs).toBeGreaterThanOrEqual(before)
    expect(conclusion.endedMs - conclusion.startedMs).toBeGreaterThanOrEqual(200)
    expect(conclusion.endedMs).toBeLessThanOrEqual(Date.now())
  })

  test('it ends when its command does, though a child holds the output open; that one is counted', async () => {
    const bench = newBench()
    const conclusion = await bench.ended(bench.start({ command: 'sleep 30 & echo done' }))
    expect(conclusion).toMatchObject({ outcome: 'ok', stragglers: 1 })
    expect(conclusion.endedMs - conclusion.startedMs).toBeLessThan(20_000)
  })
})

describe('what cannot be started is an outcome', () => {
  const folder = os.tmpdir()
  test.each([
    {
      name: 'no such program',
      task: { command: ['/no/such', 'x'] },
      why: '/no/such was not found (check PATH and cwd)',
    },
    {
      name: 'not in PATH',
      task: { command: ['no-such-word'] },
      why: 'no-such-word was not found (check PATH and cwd)',
    },
    {
      name: 'no such shell',
      task: { shell: '/no/shell' },
      why: 'its shell was not found (check PATH and cwd)',
    },
    {
      name: 'not executable',
      task: { command: ['/etc/passwd'] },
      why: '/etc/passwd cannot be executed (is it an executable program?)',
    },
    {
      name: 'a cwd that is not there',
      task: { cwd: '/no/such/folder' },
      why: 'cannot enter its cwd; its output says why',
    },
    {
      name: 'a user that is not there',
      task: { user: 'nosuchuser' },
      why: 'there is no user "nosuchuser" on this machine',
    },
    {
      name: 'a group that is not there',
      task: { group: 'nosuchgroup' },
      why: 'there is no group "nosuchgroup" on this machine',
    },
    {
      name: 'an env_file that is gone',
      task: { envFile: path.join(folder, 'gone') },
      why: `env_file ${folder}/gone does not exist`,
    },
    {
      name: 'an argument too long',
      task: { command: ['/bin/echo', 'x'.repeat(200_000)] },
      why: 'spawn /bin/sh E2BIG',
    },
  ])('$name', async ({ task, why }) => {
    const bench = newBench()
    const conclusion = await bench.ended(bench.start(task))
    expect(conclusion).toMatchObject({ outcome: 'spawn-failed', reason: why, exitCode: null })
  })

  test('a home that is full, or gone', async () => {
    const bench = newBench()
    fs.rmSync(bench.home, { recursive: true })
    const conclusion = await bench.ended(bench.start({}))
    expect(conclusion.outcome).toBe('spawn-failed')
    expect(conclusion.reason).toContain('ENOENT')
    expect(bench.troubles).toEqual([])
    expect(fs.existsSync(bench.home)).toBe(false)
  })

  test('no process to be had', async () => {
    const host = thisMachine()
    const bench = newBench({
      ...host,
      processes: {
        ...host.processes,
        spawnGroup(request) {
          request.onFailure(Object.assign(new Error('spawn /bin/sh EAGAIN'), { code: 'EAGAIN' }))
          return undefined
        },
      },
    })
    const conclusion = await bench.ended(bench.start({}))
    expect(conclusion).toMatchObject({ outcome: 'spawn-failed', reason: 'spawn /bin/sh EAGAIN' })
  })
})

describe('torch ends a run', () => {
  test('at its timeout, by TERM', async () => {
    const bench = newBench()
    const conclusion = await bench.ended(bench.start({ command: 'exec sleep 60', timeoutMs: 100 }))
    expect(conclusion).toMatchObject({ outcome: 'timeout', signal: 'SIGTERM', reason: 'timeout' })
  })

  test('by KILL after kill_after, where TERM is ignored; also its children', async () => {
    const bench = newBench()
    const command = 'trap "" TERM; echo deaf; sleep 60 & sleep 60; sleep 60'
    const run = bench.start({ command, killAfterMs: 100 })
    await until(() => bench.output(run) === 'deaf\n', 'it to be deaf')
    endRun(bench.room, run, 'timeout')
    const conclusion = await bench.ended(run)
    expect(conclusion).toMatchObject({ outcome: 'timeout', signal: 'SIGKILL' })
    await until(() => groupOf(run.recorder?.pid).length === 0, 'the group to be gone')
  })

  test('where the machine does not say whether it is at its command yet', async () => {
    const host = thisMachine()
    const answers = [() => undefined, () => raise('i/o error')]
    const facts = (file: string) =>
      path.basename(file) === 'command'
        ? (answers.shift() ?? (() => host.files.facts(file)))()
        : host.files.facts(file)
    const bench = newBench({ ...host, files: { ...host.files, facts } })
    const run = bench.start({ command: 'trap "" TERM; echo deaf; sleep 60', killAfterMs: 300 })
    await until(() => bench.output(run) === 'deaf\n', 'it to be deaf')
    endRun(bench.room, run, 'kill')
    expect(await bench.ended(run)).toMatchObject({ outcome: 'killed', signal: 'SIGKILL' })
    expect(bench.troubles).toEqual(['could not end runs: i/o error', 'could end runs again'])
  })

  test('a child that ignores TERM and outlives its command is killed as well', async () => {
    const bench = newBench()
    const command = '(trap "" TERM; echo deaf; exec sleep 60) & exec sleep 60'
    const run = bench.start({ command, killAfterMs: 200 })
    await until(() => bench.output(run) === 'deaf\n', 'the child to be deaf')
    endRun(bench.room, run, 'kill')
    expect(await bench.ended(run)).toMatchObject({
      outcome: 'killed',
      reason: 'kill',
      stragglers: 1,
    })
    await until(() => groupOf(run.recorder?.pid).length === 0, 'the child to be killed')
  })

  test('a second order changes nothing', async () => {
    const bench = newBench()
    const run = bench.start({ command: 'exec sleep 60' })
    await until(() => fs.existsSync(path.join(run.directory, 'command')), 'the command')
    endRun(bench.room, run, 'replace')
    endRun(bench.room, run, 'stop')
    expect(await bench.ended(run)).toMatchObject({ outcome: 'killed', reason: 'replace' })
  })

  test('somebody kills the recorder: the run goes on, and nobody makes up a status', async () => {
    const bench = newBench()
    const run = bench.start({ command: 'sleep 0.5; echo over' })
    await until(() => fs.existsSync(path.join(run.directory, 'command')), 'the command')
    process.kill(run.recorder?.pid ?? 0, 'SIGKILL')
    const conclusion = await bench.ended(run)
    expect(conclusion).toMatchObject({ outcome: 'unknown', exitCode: null })
    expect(conclusion.endedMs - conclusion.startedMs).toBeGreaterThanOrEqual(400)
    expect(bench.output(run)).toBe('over\n')
  })
})

function groupOf(pid: number | undefined): number[] {
  return pid === undefined ? [] : thisMachine().processes.groupMembers(pid)
}

const shells = ['dash', 'bash', 'busybox'].filter(
  (name) => spawnSync(name, ['--help']).error === undefined,
)
describe.each(shells)('the recorder in %s', (shell) => {
  const words = shell === 'busybox' ? ['busybox', 'sh'] : [shell]
  const dash = execFileSync('sh', ['-c', 'command -v dash || command -v sh']).toString().trim()
  test.each([
    { command: 'exit 0', status: 0, signalled: false },
    { command: 'exit 1', status: 1, signalled: false },
    { command: 'exit 42', status: 42, signalled: false },
    { command: 'exit 126', status: 126, signalled: false },
    { command: 'exit 127', status: 127, signalled: false },
    { command: 'exit 143', status: 143, signalled: false },
    { command: 'kill -TERM $$', status: 143, signalled: true },
    { command: 'kill -KILL $$', status: 137, signalled: true },
    { command: 'kill -INT $$', status: 130, signalled: false },
    { command: 'kill -PIPE $$', status: 141, signalled: false },
    { command: 'kill -HUP $$', status: 129, signalled: true },
    { command: 'kill -SEGV $$', status: 139, signalled: true },
    { command: 'kill -TERM 0', status: 143, signalled: true },
  ])('$command', ({ command, status, signalled }) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-recorder-'))
    fs.writeFileSync(path.join(folder, 'run.json'), '{}')
    const [program, ...args] = [
      ...words,
      '-c',
      recorderScript,
      'torch',
      path.dirname(folder),
      path.join(folder, 'active'),
      '/',
      '22',
      dash,
      '-c',
      command,
    ]
    const input = `${path.basename(folder)} slot 1\n`
    spawnSync('setsid', ['-w', program, ...args], { input })
    const text = fs.readFileSync(path.join(folder, 'exit'), 'utf8')
    const claimed = fs.existsSync(path.join(folder, 'claim'))
    fs.rmSync(folder, { recursive: true })
    expect(parseExit(text)).toEqual({ status, signalled })
    expect(claimed).toBe(true)
  })

  test('a claim that is taken is an end before anything is started', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-recorder-'))
    fs.symlinkSync('void', path.join(folder, 'claim'))
    const [program, ...args] = [
      ...words,
      '-c',
      recorderScript,
      'torch',
      path.dirname(folder),
      path.join(folder, 'active'),
      '/',
      '22',
      dash,
      '-c',
      'touch started',
    ]
    const input = `${path.basename(folder)} slot 1\n`
    const result = spawnSync(program, args, { input })
    const left = fs.readdirSync(folder)
    fs.rmSync(folder, { recursive: true })
    expect(result.status).toBe(125)
    expect(left).toEqual(['claim'])
  })
})

test.each([
  ['', undefined],
  ['0\n', { status: 0, signalled: false }],
  ['14', undefined],
  ['Terminated\n', undefined],
  ['Terminated\n143\n', { status: 143, signalled: true }],
])('the text %j of exit', (text, says) => {
  expect(parseExit(text)).toEqual(says)
})

function raise(words: string): never {
  throw new Error(words)
}
