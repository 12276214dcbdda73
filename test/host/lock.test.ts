import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { TorchError } from '../../src/errors.ts'
import { type Host, thisMachine } from '../../src/host/host.ts'
import { takeLock } from '../../src/host/lock.ts'
import { realProcesses } from '../../src/host/processes.ts'

let folder = ''
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-lock-'))
})
afterEach(() => fs.rmSync(folder, { recursive: true }))
const at = (name: string) => path.join(folder, name)

const holder = `
  const { takeLock } = await import(process.argv[1] + '/dist/host/lock.js')
  const { thisMachine } = await import(process.argv[1] + '/dist/host/host.js')
  const lock = await takeLock(thisMachine(), process.argv[2])
  process.stdout.write(lock === undefined ? 'no' : 'yes')
  setInterval(() => {}, 1000)
`
/** Starts another process that takes the lock; `said` is `yes` if it got it. */
const hold = async (file: string) => {
  const words = ['--input-type=module', '-e', holder, process.cwd(), file]
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  const said = await new Promise<string>((resolve) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()))
  })
  const end = async () => {
    child.kill('SIGKILL')
    await new Promise((resolve) => child.once('exit', resolve))
  }
  return { said, end }
}
const withoutFlock: Host = {
  ...thisMachine(),
  processes: {
    ...realProcesses,
    runProgramSync: () => ({ status: null, missing: true, stdout: '' }),
  },
}

test('only one process holds the lock of a home, and it is free as soon as that process is killed', async () => {
  const other = await hold(at('lock'))
  expect(other.said).toBe('yes')
  expect(await takeLock(thisMachine(), at('lock'))).toBeUndefined()
  await other.end()
  const lock = await takeLock(thisMachine(), at('lock'))
  expect(lock).toBeDefined()
  const second = await hold(at('lock'))
  expect(second.said).toBe('no')
  await second.end()
  lock?.release()
  const third = await hold(at('lock'))
  expect(third.said).toBe('yes')
  await third.end()
})

test('a child of the process that holds the lock does not inherit it', async () => {
  const lock = await takeLock(thisMachine(), at('lock'))
  const child = spawn('/bin/sleep', ['60'])
  lock?.release()
  const again = await takeLock(thisMachine(), at('lock'))
  child.kill('SIGKILL')
  expect(again).toBeDefined()
  again?.release()
})

test('without the program flock the library koffi locks the same file', async ({ skip }) => {
  const lock = await takeLock(withoutFlock, at('lock')).catch((error: unknown) => {
    if (error instanceof TorchError && error.code === 'no-lock') skip()
    throw error
  })
  expect(lock).toBeDefined()
  // The program sees the lock of the library, and the library the lock of the program.
  expect(await takeLock(thisMachine(), at('lock'))).toBeUndefined()
  expect(await takeLock(withoutFlock, at('lock'))).toBeUndefined()
  expect(await takeLock(withoutFlock, at('other'))).toBeDefined()
  lock?.release()
  const other = await hold(at('lock'))
  expect(other.said).toBe('yes')
  expect(await takeLock(withoutFlock, at('lock'))).toBeUndefined()
  await other.end()
})

test('without flock and koffi no lock is taken', async () => {
  const files = { ...withoutFlock.files, tryLock: () => undefined }
  await expect(takeLock({ ...withoutFlock, files }, at('lock'))).rejects.toThrow(
    expect.objectContaining({ code: 'no-lock', hint: 'install util-linux' }),
  )
})

test.each(['removed', 'replaced'])('a lock whose file was %s can be renewed', async (how) => {
  const lock = await takeLock(thisMachine(), at('lock'))
  expect(lock?.renew()).toBe('held')
  fs.rmSync(at('lock'))
  if (how === 'replaced') fs.writeFileSync(at('lock'), '')
  expect(lock?.renew()).toBe('renewed')
  expect(lock?.renew()).toBe('held')
  expect(await takeLock(thisMachine(), at('lock'))).toBeUndefined()
  lock?.release()
})

test('a lock cannot be renewed if another process has locked the new file', async () => {
  const lock = await takeLock(thisMachine(), at('lock'))
  fs.rmSync(at('lock'))
  const other = await takeLock(thisMachine(), at('lock'))
  expect(other).toBeDefined()
  expect(lock?.renew()).toBe('taken')
  other?.release()
  expect(lock?.renew()).toBe('renewed')
  lock?.release()
})
