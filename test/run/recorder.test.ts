import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { thisMachine } from '../../src/host/host.ts'
import { exitPlaceholder, parseExit, readTraces } from '../../src/run/directory.ts'
import { recorderScript } from '../../src/run/recorder.ts'

const shells = ['dash', 'bash', 'busybox'].filter(
  (name) => spawnSync(name, ['--help']).error === undefined,
)
describe.each(shells)('the recorder in %s', (shell) => {
  const words = shell === 'busybox' ? ['busybox', 'sh'] : [shell]
  const dash = execFileSync('sh', ['-c', 'command -v dash || command -v sh']).toString().trim()
  /** What torch executes, for a run in this directory. */
  const recorderWords = (directory: string, command: string) => {
    const folders = [path.dirname(directory), path.join(directory, 'active')]
    return [...words, '-c', recorderScript, 'torch', ...folders, '/', '22', dash, '-c', command]
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
    const [program = '', ...args] = recorderWords(folder, command)
    const input = `${path.basename(folder)} slot 1\n`
    spawnSync('setsid', ['-w', program, ...args], { input })
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
    const [program = '', ...args] = recorderWords(folder, 'touch started')
    const input = `${path.basename(folder)} slot 1\n`
    const result = spawnSync(program, args, { input })
    const left = fs.readdirSync(folder)
    fs.rmSync(folder, { recursive: true })
    expect(result.status).toBe(125)
    expect(left).toEqual(['claim'])
  })
})
