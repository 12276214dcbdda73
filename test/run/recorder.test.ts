import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { wallClock } from '../../src/host/clock.ts'
import { thisMachine } from '../../src/host/host.ts'
import { namedPipes } from '../../src/host/named-pipes.ts'
import { parseStat, realProcesses } from '../../src/host/processes.ts'
import { exitPlaceholder, parseExit, readTraces } from '../../src/run/directory.ts'
import { recorderVariables, scriptArguments } from '../../src/run/recorder-script.ts'
import { until } from '../support/until.ts'

/** For each shell. */
const terms = Number(process.env['TORCH_TEST_STARTS'] ?? 8)
const shells = ['dash', 'bash', 'busybox'].filter(
  (name) => spawnSync(name, ['--help']).error === undefined,
)
describe.each(shells)('the recorder in %s', (shell) => {
  const words = shell === 'busybox' ? ['busybox', 'sh'] : [shell]
  const dash = execFileSync('sh', ['-c', 'command -v dash || command -v sh']).toString().trim()
  const variablesOf = (
    directory: string,
    command: string,
    { hasInput = false, listens = false } = {},
  ) =>
    recorderVariables({
      runs: path.dirname(directory),
      active: path.join(directory, 'active'),
      task: 'job',
      shell: '/bin/sh',
      sleep: '/bin/sleep',
      wrappers: [],
      cwd: '/',
      umask: '22',
      variables: { PATH: '/usr/bin:/bin' },
      command: [dash, '-c', command],
      isScript: true,
      stdin: '/dev/null',
      isBusybox: shell === 'busybox',
      input: hasInput ? { cat: '/bin/cat', timeout: '/usr/bin/timeout' } : undefined,
      listens,
      isShared: false,
      isAfter: false,
    })
  const args = ['-w', ...words, ...scriptArguments('TORCH_RECORDER', ['job'])]
  /** Runs a command as torch does, in this directory. */
  const record = (directory: string, command: string, listens = false) =>
    spawnSync('/usr/bin/setsid', args, {
      input: `${path.basename(directory)} slot 1\n`,
      cwd: directory,
      env: { PATH: '/usr/bin:/bin', ...variablesOf(directory, command, { listens }) },
    })

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
  ])(`the recorder in ${shell} records the end of $command`, ({ command, status, signalled }) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-recorder-'))
    fs.writeFileSync(path.join(folder, 'run.json'), '{}')
    fs.writeFileSync(path.join(folder, 'exit'), exitPlaceholder)
    record(folder, command)
    const text = fs.readFileSync(path.join(folder, 'exit'), 'utf8')
    const { cpuSeconds } = readTraces(thisMachine(), folder)
    const claimed = fs.existsSync(path.join(folder, 'claim'))
    fs.rmSync(folder, { recursive: true })
    // bash quotes its whole script when a signal ends a command.
    if (shell !== 'bash') expect(text).toHaveLength(exitPlaceholder.length)
    expect(parseExit(text)).toEqual({ status, signalled })
    expect(claimed).toBe(true)
    expect(cpuSeconds).toEqual(status === 137 ? expect.any(Number) : undefined)
  })

  test(`the recorder in ${shell} starts nothing if the claim is taken`, () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-recorder-'))
    fs.symlinkSync('void', path.join(folder, 'claim'))
    const result = record(folder, 'touch started')
    const left = fs.readdirSync(folder)
    fs.rmSync(folder, { recursive: true })
    expect(result.status).toBe(125)
    expect(left).toEqual(['claim'])
  })

  test(`the recorder in ${shell} gives the pid of the command as LISTEN_PID, only to one that listens`, () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-recorder-'))
    fs.writeFileSync(path.join(folder, 'run.json'), '{}')
    fs.writeFileSync(path.join(folder, 'exit'), exitPlaceholder)
    const command = '[ "$LISTEN_PID" = $$ ]'
    const codes = [true, false].map((listens) => {
      const { status } = record(folder, command, listens)
      fs.rmSync(path.join(folder, 'claim'))
      return status
    })
    fs.rmSync(folder, { recursive: true })
    expect(codes).toEqual([0, 1])
  })

  /** A run that reads from the pipe of its input. `end` and `feed` write to the pipes as the daemon does. */
  const start = (command: string) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-recorder-'))
    fs.writeFileSync(path.join(folder, 'run.json'), '{}')
    fs.writeFileSync(path.join(folder, 'exit'), exitPlaceholder)
    for (const name of ['in', 'eof'])
      namedPipes.make(path.join(folder, name), { uid: process.getuid?.() ?? 0, gid: 0 })
    const output = fs.openSync(path.join(folder, 'output'), 'w')
    const child = spawn('/usr/bin/setsid', args, {
      cwd: folder,
      env: { PATH: '/usr/bin:/bin', ...variablesOf(folder, command, { hasInput: true }) },
      stdio: ['pipe', output, 'ignore'],
    })
    fs.closeSync(output)
    const ended = once(child, 'close')
    child.stdin?.end(`${path.basename(folder)} slot 1\n`)
    onTestFinished(async () => {
      signalAll('SIGKILL')
      await ended
      fs.rmSync(folder, { recursive: true })
    })
    const read = (name: string) => fs.readFileSync(path.join(folder, name), 'utf8')
    const members = () =>
      realProcesses.groupMembers(parseStat(read('claim'))?.pid ?? 0).map(({ pid }) => pid)
    const signalAll = (signal: NodeJS.Signals) => {
      const pid = fs.existsSync(path.join(folder, 'claim'))
        ? parseStat(read('claim'))?.pid
        : undefined
      if (pid !== undefined) realProcesses.signalGroup(pid, signal)
    }
    return {
      read,
      members,
      signalAll,
      ended,
      claimed: () => until(() => isThere(path.join(folder, 'claim')), 'the claim'),
      reads: () =>
        until(
          () => isThere(path.join(folder, 'holder')) && isThere(path.join(folder, 'command')),
          'the command',
        ),
      feed: (text: string) => namedPipes.write(path.join(folder, 'in'), Buffer.from(text)),
      end: () => namedPipes.write(path.join(folder, 'eof'), Buffer.from('\n')),
    }
  }

  test(`a run with an input in ${shell} reads lines until its input is ended`, async () => {
    const run = start('while read -r line; do echo "got $line"; done; echo end')
    await run.reads()
    expect(run.feed('one\n')).toBe('written')
    await until(() => run.read('output') === 'got one\n', 'the first line')
    run.feed('two\nthree\n')
    await until(() => run.end() === 'written', 'the holder')
    await run.ended
    expect(run.read('output')).toBe('got one\ngot two\ngot three\nend\n')
    expect(run.read('unread')).toBe('')
    expect(parseExit(run.read('exit'))).toEqual({ status: 0, signalled: false })
    expect(run.members()).toEqual([])
  })

  test(`a run in ${shell} leaves what it did not read in a file`, async () => {
    const run = start('read -r line; echo "got $line"; read -r line; exit 7')
    await run.reads()
    run.feed('one\n')
    await until(() => run.read('output') === 'got one\n', 'the first line')
    run.feed('two\nthree\nfour\n')
    await run.ended
    expect(run.read('unread')).toBe('three\nfour\n')
    expect(parseExit(run.read('exit'))).toEqual({ status: 7, signalled: false })
  })

  test(`only TERM ends the input of a run in ${shell}, no other signal`, async () => {
    const run = start("trap '' HUP USR1 TERM INT ALRM; cat; echo end")
    await run.reads()
    run.feed('one\n')
    await until(() => run.read('output') === 'one\n', 'the first line')
    for (const signal of ['SIGUSR1', 'SIGHUP', 'SIGINT', 'SIGALRM'] as const) run.signalAll(signal)
    run.feed('two\n')
    await until(() => run.read('output') !== 'one\n', 'the second line, or the end')
    expect(run.read('output')).toBe('one\ntwo\n')
    run.signalAll('SIGTERM')
    await run.ended
    expect(run.read('output')).toBe('one\ntwo\nend\n')
    expect(run.members()).toEqual([])
  })

  test(`runs in ${shell} that get TERM at any moment end, and leave no process behind`, async () => {
    for (let count = 0; count < terms; count++) {
      const run = start('while read -r line; do :; done')
      await run.claimed()
      const turns = Math.floor(Math.random() * 100)
      for (let turn = 0; turn < turns; turn++) await wallClock.turn()
      // The signal is lost on a subshell that was just forked, so torch repeats it too.
      let isOver = false
      void run.ended.then(() => (isOver = true))
      await until(() => {
        run.signalAll('SIGTERM')
        return isOver
      }, 'the end')
      expect(run.members()).toEqual([])
    }
  })
})

function isThere(file: string): boolean {
  return fs.existsSync(file) && fs.statSync(file).size > 0
}
