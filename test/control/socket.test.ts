import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { askDaemon } from '../../src/control/client.ts'
import { serveControl } from '../../src/control/server.ts'
import { newHome, plainAnswers, serve } from '../support/control.ts'

test('the socket is for its owner only, and no other file is left beside it', async () => {
  const before = process.umask(0)
  onTestFinished(() => void process.umask(before))
  const { socket } = await serve()
  expect(fs.statSync(socket).mode & 0o777).toBe(0o600)
  expect(fs.readdirSync(path.dirname(socket))).toEqual(['torch.sock'])
  expect(process.umask()).toBe(0)
})

test('close removes the socket', async () => {
  const { socket, server } = await serve()
  await server.close()
  expect(fs.readdirSync(path.dirname(socket))).toEqual([])
  await server.close()
})

test('close reports a socket that it cannot remove, and closes everything else', async () => {
  const { socket, server, troubles } = await serve()
  const home = path.dirname(socket)
  fs.renameSync(home, `${home}.aside`)
  fs.symlinkSync(home, home)
  onTestFinished(() => fs.rmSync(`${home}.aside`, { recursive: true }))
  await server.close()
  expect(troubles).toEqual([
    expect.stringMatching(/^cannot remove the control socket .*torch\.sock: ELOOP/),
  ])
})

test('close leaves the socket of another daemon in place', async () => {
  const home = newHome()
  const first = await serve({}, home)
  const second = await serve({ stop: () => ({ pid: 2 }) }, home)
  await first.server.close()
  const request = { graceMs: null, leave: false }
  await expect(askDaemon(second.socket, 'stop', request)).resolves.toEqual({ pid: 2 })
})

test.each(['torch.sock', 'torch.sock.new'])(
  'a file %s that a crash left is replaced',
  async (name) => {
    const home = newHome()
    const left = net.createServer()
    await new Promise<void>((resolve) => left.listen(path.join(home, 'left'), resolve))
    fs.renameSync(path.join(home, 'left'), path.join(home, name))
    await new Promise((resolve) => left.close(resolve))
    expect(fs.readdirSync(home)).toEqual([name])
    const { socket } = await serve({}, home)
    await expect(askDaemon(socket, 'flush', {})).resolves.toEqual({})
  },
)

test('the path of a socket may be longer than the system allows', async () => {
  const { socket, server } = await serve({}, newHome('ü'.repeat(60) + '/' + 'x'.repeat(120)))
  expect(Buffer.byteLength(socket)).toBeGreaterThan(240)
  await expect(askDaemon(socket, 'kill', { target: 'a', signal: null })).resolves.toEqual({
    runs: [{ run: 'r1', task: 'a' }],
  })
  await server.close()
  await expect(askDaemon(socket, 'flush', {})).rejects.toMatchObject({ code: 'no-daemon' })
})

test('a socket that cannot be made is an error that names its path and the reason', async () => {
  const home = newHome()
  fs.mkdirSync(path.join(home, 'torch.sock/full'), { recursive: true })
  const missing = path.join(home, 'missing/torch.sock')
  await expect(serveControl(missing, plainAnswers, () => undefined)).rejects.toMatchObject({
    code: 'socket-unusable',
    message: expect.stringContaining(`cannot listen at ${missing}: `),
  })
  const taken = path.join(home, 'torch.sock')
  await expect(serveControl(taken, plainAnswers, () => undefined)).rejects.toMatchObject({
    code: 'socket-unusable',
    message: expect.stringContaining('EISDIR'),
  })
  expect(fs.readdirSync(home)).toEqual(['torch.sock'])
})

test.each([
  ['removed', (socket: string) => fs.rmSync(socket)],
  ['replaced by a file', (socket: string) => fs.writeFileSync(`${socket}.x`, '')],
])('a socket that is %s is made again, and reported once', async (_, spoil) => {
  const { socket, server, troubles } = await serve()
  spoil(socket)
  if (fs.existsSync(`${socket}.x`)) fs.renameSync(`${socket}.x`, socket)
  await vi.waitUntil(() => fs.statSync(socket, { throwIfNoEntry: false })?.isSocket(), 5_000)
  await expect(askDaemon(socket, 'flush', {})).resolves.toEqual({})
  expect(troubles).toEqual([`the control socket ${socket} was missing and has been made again`])
  expect(server.descriptor).toBeGreaterThan(0)
  await server.close()
  expect(fs.existsSync(socket)).toBe(false)
})

test('a socket that cannot be made again is reported once, and made as soon as possible', async () => {
  const { socket, troubles } = await serve()
  fs.rmSync(socket)
  fs.mkdirSync(path.join(socket, 'full'), { recursive: true })
  // Each try makes a socket of that name, and removes it.
  let steps = 0
  const watcher = fs.watch(path.dirname(socket), (_, name) => {
    if (name === 'torch.sock.new') steps += 1
  })
  onTestFinished(() => watcher.close())
  await vi.waitUntil(() => steps > 4, 10_000)
  expect(troubles).toEqual([expect.stringMatching(/^cannot listen at .*EISDIR/)])
  fs.rmSync(socket, { recursive: true })
  await vi.waitUntil(() => troubles.length > 1, 5_000)
  await expect(askDaemon(socket, 'flush', {})).resolves.toEqual({})
})
