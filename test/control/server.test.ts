import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { askDaemon } from '../../src/control/client.ts'
import { maxConnections } from '../../src/control/crowd.ts'
import type { TaskStatus } from '../../src/control/protocol.ts'
import { maxBodyBytes } from '../../src/control/read-body.ts'
import { serveControl } from '../../src/control/server.ts'
import { exitStatus, TorchError } from '../../src/errors.ts'
import { newHome, plainAnswers, requestText, sendRaw, serve } from './support.ts'

async function refused(socket: string, ...parts: string[]) {
  const text = await sendRaw(socket, ...parts)
  const status = Number(/^HTTP\/1.1 (\d+)/.exec(text)?.[1])
  return { status, ...JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)).error }
}

describe('what is refused, and how', () => {
  test.each([
    ['an unknown name', requestText('POST', '/explode', '{}'), 404, 'unknown request "explode"'],
    ['no name', requestText('POST', '/', '{}'), 404, 'unknown request ""'],
    [
      'a name of Object',
      requestText('POST', '/constructor', '{}'),
      404,
      'unknown request "constructor"',
    ],
    ['another method', requestText('GET', '/status', ''), 405, 'GET /status'],
    ['a missing key', requestText('POST', '/run', '{"task":"a"}'), 400, /^run: force: .*boolean/],
    ['an unknown key', requestText('POST', '/flush', '{"a":1}'), 400, /^flush: a: /],
    ['an empty name', requestText('POST', '/run', '{"task":"","force":true}'), 400, /^run: task: /],
    [
      'a signal that is none',
      requestText('POST', '/kill', '{"target":"a","signal":"9; rm"}'),
      400,
      /^kill: signal: expected one of SIGHUP, SIGINT, .*SIGTERM, .*SIGSYS$/,
    ],
    [
      'a signal that the machine does not have',
      requestText('POST', '/kill', '{"target":"a","signal":"SIGFOO"}'),
      400,
      /^kill: signal: expected one of SIGHUP, /,
    ],
    [
      'a negative grace',
      requestText('POST', '/stop', '{"graceMs":-1,"leave":false}'),
      400,
      /^stop: graceMs: /,
    ],
    ['a list', requestText('POST', '/run', '[]'), 400, /^run: /],
    ['broken JSON', requestText('POST', '/run', '{"task":'), 400, /^the request is not JSON: /],
    ['no HTTP', 'hello?\r\n\r\n', 400, /^no request: Parse Error/],
    ['binary junk', '\u0000\u0001\u0002\u00ff\u0016\u0003\u0001\n\n', 400, /^no request: /],
    ['a huge head', `POST /run HTTP/1.1\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`, 431, /^no request: /],
    [
      'a huge body',
      requestText('POST', '/run', 'a'.repeat(maxBodyBytes + 1)),
      413,
      'the request is over 65536 bytes',
    ],
  ])('%s', async (_, text, status, message) => {
    const { socket, troubles } = await serve()
    const answer = await refused(socket, text)
    expect(answer.status).toBe(status)
    expect(answer.message).toEqual(
      typeof message === 'string' ? message : expect.stringMatching(message),
    )
    expect(answer.exit).toBe(exitStatus.failed)
    // And it lives on.
    await expect(askDaemon(socket, 'flush', {})).resolves.toEqual({})
    expect(troubles).toEqual([])
  })

  test('an unknown name is told the known ones', async () => {
    const { socket } = await serve()
    const answer = await refused(socket, requestText('POST', '/explode', '{}'))
    expect(answer.hint).toBe('it knows status, reload, stop, restart, run, kill, flush')
  })

  test('a body without its length, sent bit by bit, is bounded too', async () => {
    const { socket } = await serve()
    const chunk = `4000\r\n${'a'.repeat(0x4000)}\r\n`
    const head = 'POST /run HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
    expect(await refused(socket, head, chunk, chunk, chunk, chunk, chunk)).toMatchObject({
      status: 413,
    })
  })

  test('an empty body says nothing, as {} does', async () => {
    const { socket } = await serve()
    expect(await sendRaw(socket, requestText('POST', '/stop', ''))).toContain('400')
    expect(await sendRaw(socket, requestText('POST', '/flush', ''))).toMatch(
      /^HTTP\/1.1 200 OK[^]*\{\}$/,
    )
  })
})

describe('what an answer throws', () => {
  test('a TorchError is passed on whole', async () => {
    const thrown = new TorchError('no-task', 'there is no task "bakcup"', {
      exit: exitStatus.usage,
      hint: 'did you mean "backup"?',
      details: ['one', 'two'],
    })
    const { socket, troubles } = await serve({ run: () => Promise.reject(thrown) })
    const caught = await askDaemon(socket, 'run', { task: 'bakcup', force: false }).catch(
      (error: unknown) => error,
    )
    expect(caught).toBeInstanceOf(TorchError)
    const { code, message, exit, hint, details } = thrown
    expect(caught).toMatchObject({ code, message, exit, hint, details })
    expect(troubles).toEqual([])
  })

  test.each([
    [exitStatus.usage, 400],
    [exitStatus.failed, 409],
  ])('exit %i is status %i', async (exit, status) => {
    const { socket } = await serve({
      flush() {
        throw new TorchError('refused', 'words', { exit })
      },
    })
    const answer = await refused(socket, requestText('POST', '/flush', '{}'))
    expect(answer).toEqual({
      status,
      code: 'refused',
      message: 'words',
      hint: null,
      exit,
      details: [],
    })
  })

  test('a fault of the daemon is a 500, and on record with its stack', async () => {
    const { socket, troubles } = await serve({
      flush() {
        throw new RangeError('index 7 of 3')
      },
    })
    await expect(askDaemon(socket, 'flush', {})).rejects.toMatchObject({
      code: 'internal',
      message: 'the daemon failed at /flush: index 7 of 3',
      hint: 'its log says more',
      exit: 1,
    })
    expect(troubles).toHaveLength(1)
    expect(troubles[0]).toMatch(/^control request \/flush failed: RangeError: index 7 of 3\n +at /)
  })
})

describe('clients that hang', () => {
  test('half a request, an idle connection and a lost answer do not hold up close', async () => {
    let asked = (): void => undefined
    const isAsked = new Promise<void>((resolve) => (asked = resolve))
    const { socket, server } = await serve({
      flush() {
        asked()
        return new Promise(() => undefined)
      },
    })
    const idle = sendRaw(socket)
    const half = sendRaw(socket, 'POST /run HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"ta')
    const lost = expect(askDaemon(socket, 'flush', {})).rejects.toMatchObject({
      code: 'daemon-gone',
    })
    await isAsked
    const before = performance.now()
    await server.close()
    expect(performance.now() - before).toBeLessThan(500)
    expect(await Promise.all([idle, half])).toEqual(['', ''])
    await lost
  })

  test('who is being answered when it closes still gets the reply', async () => {
    const served = await serve({ stop: () => (void served.server.close(), { pid: 7 }) })
    const request = { graceMs: null, leave: false }
    await expect(askDaemon(served.socket, 'stop', request)).resolves.toEqual({ pid: 7 })
  })

  test('a client that leaves in the middle is not heard of again', async () => {
    const { socket, troubles } = await serve()
    for (let n = 0; n < 20; n += 1) {
      const client = net.connect(socket)
      client.on('error', () => undefined)
      client.write('POST /run HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"ta')
      client.destroySoon()
    }
    await expect(askDaemon(socket, 'flush', {})).resolves.toEqual({})
    expect(troubles).toEqual([])
  })

  test('a connection is not kept after its reply', async () => {
    const { socket } = await serve()
    const keep =
      'POST /flush HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}'
    expect(await sendRaw(socket, keep)).toMatch(/connection: close/i)
  })

  test('a crowd that says nothing gives way, the oldest first; it is told once', async () => {
    const { socket, troubles } = await serve()
    const ended: number[] = []
    const crowd = Array.from({ length: maxConnections + 40 }, (_, index) =>
      net
        .connect(socket)
        .on('error', () => undefined)
        .on('close', () => ended.push(index)),
    )
    onTestFinished(() => crowd.forEach((client) => client.destroy()))
    const firsts = Array.from({ length: 40 }, (_, index) => index)
    await vi.waitUntil(() => ended.length >= firsts.length)
    await expect(askDaemon(socket, 'flush', {})).resolves.toEqual({})
    await vi.waitUntil(() => ended.length > firsts.length)
    expect(ended.toSorted((a, b) => a - b)).toEqual([...firsts, 40])
    expect(troubles).toEqual(['more than 256 connections to the control socket: idle ones end'])
  })

  test('what follows a request on its connection is not even looked at', async () => {
    let asked = 0
    const { socket } = await serve({ flush: () => (asked++, {}) })
    const got = await sendRaw(socket, requestText('POST', '/flush', '{}').repeat(1000))
    expect(got).toMatch(/^HTTP\/1.1 200 OK/)
    expect(asked).toBe(1)
  })

  test('who gives up before its turn has not asked', async () => {
    let asked = 0
    const { socket } = await serve({ stop: () => ({ pid: asked++ }) })
    const request = requestText('POST', '/stop', '{"graceMs":null,"leave":false}')
    const client = net.connect(socket)
    await once(client, 'connect')
    client.write(request)
    client.destroy()
    await askDaemon(socket, 'flush', {})
    expect(asked).toBe(0)
  })
})

describe('the socket file', () => {
  test('is for its owner only, and no other file is left beside it', async () => {
    const before = process.umask(0)
    onTestFinished(() => void process.umask(before))
    const { socket } = await serve()
    expect(fs.statSync(socket).mode & 0o777).toBe(0o600)
    expect(fs.readdirSync(path.dirname(socket))).toEqual(['torch.sock'])
    expect(process.umask()).toBe(0)
  })

  test('is removed by close', async () => {
    const { socket, server } = await serve()
    await server.close()
    expect(fs.readdirSync(path.dirname(socket))).toEqual([])
    await server.close()
  })

  test('that cannot be removed is told of, and all else is closed', async () => {
    const { socket, server, troubles } = await serve()
    const home = path.dirname(socket)
    fs.renameSync(home, `${home}.aside`)
    fs.symlinkSync(home, home)
    onTestFinished(() => fs.rmSync(`${home}.aside`, { recursive: true }))
    await server.close()
    expect(troubles).toEqual([
      expect.stringMatching(/^the control socket .*torch\.sock could not be removed: ELOOP/),
    ])
  })

  test('stays where it is another one by then', async () => {
    const home = newHome()
    const first = await serve({}, home)
    const second = await serve({ stop: () => ({ pid: 2 }) }, home)
    await first.server.close()
    const request = { graceMs: null, leave: false }
    await expect(askDaemon(second.socket, 'stop', request)).resolves.toEqual({ pid: 2 })
  })

  test.each(['torch.sock', 'torch.sock.new'])('%s left by a crash is replaced', async (name) => {
    const home = newHome()
    const left = net.createServer()
    await new Promise<void>((resolve) => left.listen(path.join(home, 'left'), resolve))
    fs.renameSync(path.join(home, 'left'), path.join(home, name))
    await new Promise((resolve) => left.close(resolve))
    expect(fs.readdirSync(home)).toEqual([name])
    const { socket } = await serve({}, home)
    await expect(askDaemon(socket, 'flush', {})).resolves.toEqual({})
  })

  test('a path longer than the system allows is no obstacle', async () => {
    const { socket, server } = await serve({}, newHome('ü'.repeat(60) + '/' + 'x'.repeat(120)))
    expect(Buffer.byteLength(socket)).toBeGreaterThan(240)
    await expect(askDaemon(socket, 'kill', { target: 'a', signal: null })).resolves.toEqual({
      runs: [{ run: 'r1', task: 'a' }],
    })
    await server.close()
    await expect(askDaemon(socket, 'flush', {})).rejects.toMatchObject({ code: 'no-daemon' })
  })

  test('one that cannot be made is an error for a person', async () => {
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
  ])('is made again where it is %s, and told once', async (_, spoil) => {
    const { socket, server, troubles } = await serve()
    spoil(socket)
    if (fs.existsSync(`${socket}.x`)) fs.renameSync(`${socket}.x`, socket)
    await vi.waitUntil(() => fs.statSync(socket, { throwIfNoEntry: false })?.isSocket(), 5_000)
    await expect(askDaemon(socket, 'flush', {})).resolves.toEqual({})
    expect(troubles).toEqual([`the control socket ${socket} was gone: it is made again`])
    expect(server.descriptor).toBeGreaterThan(0)
    await server.close()
    expect(fs.existsSync(socket)).toBe(false)
  })

  test('that cannot be made again is told once, and made when it can', async () => {
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
})

describe('a long answer', () => {
  const task = (at: number) => ({ ...emptyTask, name: `task-${at} ä` })
  const emptyTask: Omit<TaskStatus, 'name'> = {
    type: 'common',
    description: null,
    labels: {},
    here: true,
    reason: null,
    next: null,
    jitterMs: 0,
    running: [],
    last: null,
  }
  const many = Array.from({ length: 5_000 }, (_, at) => task(at))
  const status = () => ({ ...statusReport, tasks: many })
  const statusReport = {
    daemon: null,
    host: { name: 'web-1', addresses: [] },
    file: { path: '/t.yaml', revision: null, loadedAt: null, ok: true, problems: [] },
  }

  test('comes whole, though it is sent in parts', async () => {
    const { socket } = await serve({ status })
    expect(await askDaemon(socket, 'status', {})).toEqual(status())
  })

  test('leaves the loop to others between its parts', async () => {
    const { socket } = await serve({ status })
    let turns = 0
    const count = (): void => {
      turns++
      timer = setImmediate(count)
    }
    let timer = setImmediate(count)
    const got = await sendRaw(socket, requestText('POST', '/status', '{}'))
    clearImmediate(timer)
    expect(got).toContain('task-4999')
    expect(turns).toBeGreaterThan(9)
  })

  test('that a whole crowd does not read keeps nobody else out', async () => {
    const { socket } = await serve({ status })
    const crowd = Array.from({ length: maxConnections }, () => {
      const client = net.connect(socket).on('error', () => undefined)
      client.pause().write(requestText('POST', '/status', '{}'))
      return client
    })
    onTestFinished(() => crowd.forEach((client) => client.destroy()))
    await Promise.all(crowd.map((client) => once(client, 'readable')))
    await expect(askDaemon(socket, 'flush', {})).resolves.toEqual({})
  })

  test('that is not read does not go on, and ends with the connection', async () => {
    const { socket, server } = await serve({
      status: () => ({ ...status(), tasks: Array.from({ length: 100 }, () => many).flat() }),
    })
    const client = net.connect(socket)
    client.pause().write(requestText('POST', '/status', '{}'))
    await once(client, 'readable')
    client.destroy()
    await server.close()
    expect(await askDaemon(socket, 'flush', {}).catch((error: Error) => error.message)).toMatch(
      'no torch daemon runs',
    )
  })
})
