import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { askDaemon } from '../../src/control/client.ts'
import { newHome, plainAnswers, serve } from '../support/control.ts'

/** A daemon that treats every connection in an odd way. */
async function oddDaemon(treat: (client: net.Socket) => void): Promise<string> {
  const socket = path.join(newHome(), 'torch.sock')
  const clients = new Set<net.Socket>()
  const server = net.createServer((client) => {
    clients.add(client)
    client.on('error', () => undefined)
    treat(client)
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  onTestFinished(() => {
    for (const client of clients) client.destroy()
    server.close()
  })
  return socket
}

test('an answer gets the fields of the request, and the client gets its reply', async () => {
  const got: unknown[] = []
  const { socket } = await serve({
    stop: (request) => (got.push(request), { pid: 7 }),
    run: (request) => (got.push(request), plainAnswers.run(request)),
  })
  expect(await askDaemon(socket, 'stop', { graceMs: 1500, leave: true })).toEqual({ pid: 7 })
  expect(await askDaemon(socket, 'run', { task: 'größe 🔥', force: true })).toEqual({
    run: 'r1',
    task: 'größe 🔥',
    directory: '/runs/r1',
    elsewhere: false,
  })
  expect(got).toEqual([
    { graceMs: 1500, leave: true },
    { task: 'größe 🔥', force: true },
  ])
  expect(await askDaemon(socket, 'status', {})).toEqual(await plainAnswers.status({}))
  expect(await askDaemon(socket, 'reload', {})).toEqual(await plainAnswers.reload({}))
  expect(await askDaemon(socket, 'kill', { target: 'a', signal: 'SIGHUP' })).toEqual({
    runs: [{ run: 'r1', task: 'a' }],
  })
})

test('a reply of several megabytes arrives whole', async () => {
  const addresses = Array.from({ length: 200_000 }, (_, n) => `10.0.${n >> 8}.${n & 255}`)
  const status = await plainAnswers.status({})
  const { socket } = await serve({ status: () => ({ ...status, host: { name: 'a', addresses } }) })
  expect((await askDaemon(socket, 'status', {})).host.addresses).toEqual(addresses)
})

describe('no daemon', () => {
  const noDaemon = (home: string) => ({
    code: 'no-daemon',
    exit: 3,
    message: `no torch daemon is running for ${home}`,
    hint: `start one: torch start --home ${home}`,
  })

  test('the hint for a missing daemon names the tasks file of the last one, quoted for the shell', async () => {
    const home = newHome('my home')
    fs.writeFileSync(path.join(home, 'tasks-path'), '/srv/the tasks.yaml\n')
    await expect(askDaemon(path.join(home, 'torch.sock'), 'status', {})).rejects.toMatchObject({
      hint: `start one: torch start --home '${home}' --tasks '/srv/the tasks.yaml'`,
    })
    fs.writeFileSync(path.join(home, 'tasks-path'), `${path.resolve('tasks.yaml')}\n`)
    await expect(askDaemon(path.join(home, 'torch.sock'), 'status', {})).rejects.toMatchObject({
      hint: `start one: torch start --home '${home}'`,
    })
  })

  test.each([
    ['no home', 'gone/torch.sock'],
    ['no socket', 'torch.sock'],
    ['a file of that name', 'plain'],
    ['a directory that is a file', 'plain/torch.sock'],
    ['a long path', `${'x'.repeat(200)}/torch.sock`],
  ])('%s means that there is no daemon', async (_, name) => {
    const root = newHome()
    fs.writeFileSync(path.join(root, 'plain'), '')
    const socket = path.join(root, name)
    await expect(askDaemon(socket, 'flush', {})).rejects.toMatchObject(
      noDaemon(path.dirname(socket)),
    )
  })

  test('a socket that nobody listens on means that there is no daemon', async () => {
    const home = newHome()
    const left = net.createServer()
    await new Promise<void>((resolve) => left.listen(path.join(home, 'left'), resolve))
    fs.renameSync(path.join(home, 'left'), path.join(home, 'torch.sock'))
    await new Promise((resolve) => left.close(resolve))
    const socket = path.join(home, 'torch.sock')
    await expect(askDaemon(socket, 'flush', {})).rejects.toMatchObject(noDaemon(home))
  })
})

describe('a daemon that fails', () => {
  test.each([
    ['says nothing', ''],
    ['sends half a head', 'HTTP/1.1 200'],
    ['sends half a body', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"pid":'],
  ])('a client gives up in time on a daemon that %s', async (_, text) => {
    const socket = await oddDaemon((client) => client.write(text))
    const asked = askDaemon(socket, 'flush', {}, { timeoutMs: 100 })
    await expect(asked).rejects.toMatchObject({
      code: 'daemon-silent',
      exit: 1,
      message: `the torch daemon of ${path.dirname(socket)} did not answer within 100 ms`,
    })
  })

  test.each([
    ['nothing', ''],
    ['half a reply', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"pid":'],
    ['no JSON', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine'],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['an error of another kind', 'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\n{}'],
  ])('a daemon that ends after %s has not replied', async (_, text) => {
    const socket = await oddDaemon((client) => client.end(text))
    await expect(askDaemon(socket, 'flush', {})).rejects.toMatchObject({
      code: 'daemon-gone',
      exit: 1,
      message: expect.stringContaining(
        `the torch daemon of ${path.dirname(socket)} did not reply: `,
      ),
    })
  })
})

test('asking a daemon leaves no descriptor open', async () => {
  const { socket, server } = await serve({}, newHome('x'.repeat(150)))
  const before = fs.readdirSync('/proc/self/fd').length
  for (let n = 0; n < 10; n += 1) await askDaemon(socket, 'flush', {})
  await server.close()
  expect(fs.readdirSync('/proc/self/fd').length).toBeLessThan(before)
})

describe('a home that this user may not enter', () => {
  const isRoot = process.getuid?.() === 0

  /** Root may enter any directory, so root becomes another user for a moment. */
  async function askedByAnother(socket: string): Promise<unknown> {
    if (isRoot) process.seteuid?.(65_533)
    const asked = askDaemon(socket, 'flush', {})
    if (isRoot) process.seteuid?.(0)
    return asked
  }

  test('the error for a closed home of this user says which mode it has', async () => {
    const home = newHome()
    const { socket } = await serve({}, home)
    fs.chmodSync(home, 0)
    await expect(askedByAnother(socket)).rejects.toMatchObject({
      code: 'daemon-denied',
      exit: 1,
      message: `the home ${home} cannot be entered (mode 0)`,
      hint: `chmod 700 ${home}`,
    })
    fs.chmodSync(home, 0o700)
  })

  test.skipIf(!isRoot)('the error for the home of another user says whose it is', async () => {
    const home = newHome()
    const { socket } = await serve({}, home)
    fs.chownSync(home, 65_534, 65_534)
    await expect(askedByAnother(socket)).rejects.toMatchObject({
      code: 'daemon-denied',
      exit: 1,
      message: `the home ${home} belongs to another user (uid 65534)`,
      hint: 'run torch as that user, or as root',
    })
  })
})
