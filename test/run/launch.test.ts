import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { thisMachine } from '../../src/host/host.ts'
import { defaultPath } from '../../src/run/environment.ts'
import { newBench } from './support.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-launch-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))
const notAnEnvFile = path.resolve('package.json')

test.each([
  {
    name: 'a program that does not exist',
    task: { command: ['/no/such', 'x'] },
    why: '/no/such does not exist',
  },
  {
    name: 'a program that is not in PATH',
    task: { command: ['no-such-word'] },
    why: `no-such-word was not found in its PATH (${defaultPath})`,
  },
  {
    name: 'a shell that does not exist',
    task: { shell: '/no/shell' },
    why: expect.stringMatching(/^its shell.* (was not found|does not exist)/),
  },
  {
    name: 'a file that is not executable',
    task: { command: ['/etc/passwd'] },
    why: 'its user may not execute /etc/passwd: chmod +x it, or put its interpreter in front',
  },
  {
    name: 'a cwd that does not exist',
    task: { cwd: '/no/such/folder' },
    why: 'its cwd /no/such/folder does not exist',
  },
  {
    name: 'a user that does not exist',
    task: { user: 'nosuchuser' },
    why: 'there is no user "nosuchuser" on this machine',
  },
  {
    name: 'a group that does not exist',
    task: { group: 'nosuchgroup' },
    why: 'there is no group "nosuchgroup" on this machine',
  },
  {
    name: 'an env_file that does not exist',
    task: { envFile: path.join(folder, 'gone') },
    why: `env_file ${folder}/gone does not exist`,
  },
  {
    name: 'a file that is not an env_file',
    task: { envFile: notAnEnvFile },
    why: `env_file ${notAnEnvFile}:1: expected KEY=VALUE`,
  },
  {
    name: 'an argument that is too long',
    task: { command: ['/bin/echo', 'x'.repeat(200_000)] },
    why: 'its command and variables are longer than the system allows (E2BIG)',
  },
])('a run with $name is spawn-failed, and the reason says why', async ({ task, why }) => {
  const bench = newBench()
  const conclusion = await bench.ended(bench.start(task))
  expect(conclusion).toMatchObject({ outcome: 'spawn-failed', reason: why, exitCode: null })
})

test.skipIf(process.getuid?.() !== 0)(
  "a run of another user whose env_file leads to root's own file is spawn-failed",
  async () => {
    const secret = path.join(folder, 'secret')
    fs.writeFileSync(secret, 'KEY=secret\n', { mode: 0o600 })
    const envFile = path.join(folder, 'linked.env')
    fs.symlinkSync(secret, envFile)
    fs.chmodSync(folder, 0o755)
    const bench = newBench()
    const conclusion = await bench.ended(bench.start({ user: 'nobody', envFile }))
    expect(conclusion).toMatchObject({
      outcome: 'spawn-failed',
      reason: `env_file ${envFile}: cannot be read as user nobody: Permission denied`,
    })
  },
)

test.skipIf(process.getuid?.() !== 0)(
  'a run as root does not take an env_file that others may write',
  async () => {
    const envFile = path.join(folder, 'open.env')
    fs.writeFileSync(envFile, 'KEY=1\n')
    fs.chmodSync(envFile, 0o666)
    const bench = newBench()
    const conclusion = await bench.ended(bench.start({ envFile }))
    expect(conclusion.outcome).toBe('spawn-failed')
    expect(conclusion.reason).toContain(`other users can change it by writing ${envFile}`)
  },
)

test('a run in a home that is gone is spawn-failed, and the home is not made again', async () => {
  const bench = newBench()
  fs.rmSync(bench.home, { recursive: true })
  const conclusion = await bench.ended(bench.start({}))
  expect(conclusion.outcome).toBe('spawn-failed')
  expect(conclusion.reason).toContain('ENOENT')
  expect(bench.troubles).toEqual([])
  expect(fs.existsSync(bench.home)).toBe(false)
})

test('a run for which no process can be made is spawn-failed', async () => {
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
  expect(conclusion).toMatchObject({
    outcome: 'spawn-failed',
    reason: 'no more processes are allowed, see ulimit -u and TasksMax= (EAGAIN)',
  })
})
