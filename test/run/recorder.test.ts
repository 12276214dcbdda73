import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { thisMachine } from '../../src/host/host.ts'
import { exitPlaceholder, parseExit, readTraces } from '../../src/run/directory.ts'
import { recorderVariables, scriptArguments } from '../../src/run/recorder-script.ts'

const shells = ['dash', 'bash', 'busybox'].filter(
  (name) => spawnSync(name, ['--help']).error === undefined,
)
describe.each(shells)('the recorder in %s', (shell) => {
  const words = shell === 'busybox' ? ['busybox', 'sh'] : [shell]
  const dash = execFileSync('sh', ['-c', 'command -v dash || command -v sh']).toString().trim()
  /** Runs a command as torch does, in this directory. */
  const record = (directory: string, command: string) => {
    const variables = recorderVariables({
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
      isBusybox: shell === 'busybox',
    })
    const args = [...words, ...scriptArguments('TORCH_RECORDER', ['job'])]
    return spawnSync('/usr/bin/setsid', ['-w', ...args], {
      input: `${path.basename(directory)} slot 1\n`,
      cwd: directory,
      env: { PATH: '/usr/bin:/bin', ...variables },
    })
  }

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
})
