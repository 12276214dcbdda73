import { once } from 'node:events'
import net from 'node:net'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { askDaemon } from '../../src/control/client.ts'
import { requestNames } from '../../src/control/protocol.ts'
import { maxIdleConnections, maxUnreadBytes } from '../../src/control/idle-connections.ts'
import { maxBodyBytes } from '../../src/control/server.ts'
import { exitStatus, TorchError } from '../../src/errors.ts'
import { requestText, sendRaw, serve, taskStatus } from '../support/control.ts'

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
      'the name of a method of Object',
      requestText('POST', '/constructor', '{}'),
      404,
      'unknown request "constructor"',
    ],
    [
      'another method than POST',
      requestText('GET', '/status', ''),
      405,
      '/status takes POST, not GET',
    ],
    ['a missing field', requestText('POST', '/run', '{"task":"a"}'), 400, /^run: force: .*boolean/],
    ['an unknown field', requestText('POST', '/flush', '{"a":1}'), 400, /^flush: a: /],
    [
      'an empty task name',
      requestText('POST', '/run', '{"task":"","force":true}'),
      400,
      /^run: task: /,
    ],
    [
      'a signal that does not exist',
      requestText('POST', '/kill', '{"target":"a","signal":"9; rm"}'),
      400,
      /^kill: signal: expected one of SIGHUP, SIGINT, .*SIGTERM, .*SIGSYS$/,
    ],
    [
      'a signal that this machine does not have',
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
    ['a list for a body', requestText('POST', '/run', '[]'), 400, /^run: /],
    ['broken JSON', requestText('POST', '/run', '{"task":'), 400, /^the request is not JSON: /],
    ['text that is not HTTP', 'hello?\r\n\r\n', 400, /^not a request: Parse Error/],
    ['binary junk', '\u0000\u0001\u0002\u00ff\u0016\u0003\u0001\n\n', 400, /^not a request: /],
    [
      'a huge head',
      `POST /run HTTP/1.1\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`,
      431,
      /^not a request: /,
    ],
    [
      'a huge body',
      requestText('POST', '/run', 'a'.repeat(maxBodyBytes + 1)),
      413,
      'the request is over 65536 bytes',
    ],
  ])('a request with %s is refused', async (_, text, status, message) => {
    const { socket, troubles } = await serve()
    const answer = await refused(socket, text)
    expect(answer.status).toBe(status)
    expect(answer.message).toEqual(
      typeof message === 'string' ? message : expect.stringMatching(message),
    )
    expect(answer.exit).toBe(exitStatus.failed)
    // The server still answers.
    await expect(askDaemon(socket, 'flush', {})).resolves.toEqual({})
    expect(troubles).toEqual([])
  })

  test('the refusal of an unknown request names the known ones', async () => {
    const { socket } = await serve()
    const answer = await refused(socket, requestText('POST', '/explode', '{}'))
    expect(answer.hint).toBe(`the requests are ${requestNames.join(', ')}, events, fleetLog`)
  })

  test('a body that is sent in chunks has the same limit', async () => {
    const { socket } = await serve()
    const chunk = `4000\r\n${'a'.repeat(0x4000)}\r\n`
    const head = 'POST /run HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
    expect(await refused(socket, head, chunk, chunk, chunk, chunk, chunk)).toMatchObject({
      status: 413,
    })
  })

  test('an empty body is the same as {}', async () => {
    const { socket } = await serve()
    expect(await sendRaw(socket, requestText('POST', '/stop', ''))).toContain('400')
    expect(await sendRaw(socket, requestText('POST', '/flush', ''))).toMatch(
      /^HTTP\/1.1 200 OK[^]*\{\}$/,
    )
  })
})

describe('errors of an answer', () => {
  test('the client gets every part of a TorchError that an answer throws', async () => {
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
  ])('an error with exit status %i has the HTTP status %i', async (exit, status) => {
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

  test('a fault of the daemon has the HTTP status 500 and is reported with its stack', async () => {
    const { socket, troubles } = await serve({
      flush() {
        throw new RangeError('index 7 of 3')
      },
    })
    await expect(askDaemon(socket, 'flush', {})).rejects.toMatchObject({
      code: 'internal',
      message: 'the daemon failed at /flush: index 7 of 3',
      hint: 'its log has the details',
      exit: 1,
    })
    expect(troubles).toHaveLength(1)
    expect(troubles[0]).toMatch(/^control request \/flush failed: RangeError: index 7 of 3\n +at /)
  })
})

const tooManyIdle = 'more than 256 idle connections to the control socket: closing the oldest'

describe('the end of a server', () => {
  const flush = requestText('POST', '/flush', '{}')

  /** A client that has connected and said nothing yet. */
  async function silent(socket: string) {
    const client = net.connect(socket)
    let got = ''
    client.on('data', (chunk) => (got += chunk.toString()))
    const ended = once(client, 'close').then(() => got)
    await once(client, 'connect')
    // Connections are accepted in their order: this answer shows that the client was.
    await askDaemon(socket, 'flush', {})
    return { client, ended }
  }

  test.each(['close', 'handOver'] as const)(
    'a client that has connected before %s and asks afterwards gets its answer',
    async (end) => {
      const { socket, server } = await serve()
      const { client, ended } = await silent(socket)
      const over = server[end]()
      await expect(askDaemon(socket, 'flush', {})).rejects.toMatchObject({ code: 'no-daemon' })
      client.write(flush)
      expect(await ended).toMatch(/^HTTP\/1.1 200 OK/)
      await over
    },
  )

  test.each(['close', 'handOver'] as const)(
    'a client that reads its long reply only after %s gets all of it',
    async (end) => {
      const long = 'x'.repeat(4_000_000)
      const { socket, server } = await serve({
        flush() {
          throw new TorchError('refused', long)
        },
      })
      const client = net.connect(socket)
      client.pause().write(flush)
      await once(client, 'readable')
      const over = server[end]()
      let size = 0
      client.on('data', (chunk) => (size += chunk.length))
      await once(client.resume(), 'close')
      expect(size).toBeGreaterThan(long.length)
      await over
    },
  )

  test('a handover ends a silent client with an error, and does not cut it', async () => {
    const { socket, server } = await serve()
    const { ended } = await silent(socket)
    await server.handOver()
    expect(await ended).toMatch(/^HTTP\/1.1 408 /)
  })
})

describe('rude clients', () => {
  test('close does not wait for half a request, an idle connection or an answer that never comes', async () => {
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
    await server.close()
    expect(await Promise.all([idle, half])).toEqual(['', ''])
    await lost
  })

  test('a reply that is being made during close still reaches its client', async () => {
    const served = await serve({ stop: () => (void served.server.close(), { pid: 7 }) })
    const request = { graceMs: null, leave: false }
    await expect(askDaemon(served.socket, 'stop', request)).resolves.toEqual({ pid: 7 })
  })

  test('a client that leaves in the middle of a request is not reported', async () => {
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

  test('the server closes a connection after its reply, even if the client wants to keep it', async () => {
    const { socket } = await serve()
    const keep =
      'POST /flush HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}'
    expect(await sendRaw(socket, keep)).toMatch(/connection: close/i)
  })

  test('the oldest idle connections end if there are too many, and this is reported once', async () => {
    const { socket, troubles } = await serve()
    const ended: number[] = []
    const clients = Array.from({ length: maxIdleConnections + 40 }, (_, index) =>
      net
        .connect(socket)
        .on('error', () => undefined)
        .on('close', () => ended.push(index)),
    )
    onTestFinished(() => clients.forEach((client) => client.destroy()))
    const oldest = Array.from({ length: 40 }, (_, index) => index)
    await vi.waitUntil(() => ended.length >= oldest.length)
    await expect(askDaemon(socket, 'flush', {})).resolves.toEqual({})
    await vi.waitUntil(() => ended.length > oldest.length)
    expect(ended.toSorted((a, b) => a - b)).toEqual([...oldest, 40])
    expect(troubles).toEqual([tooManyIdle])
  })

  test('too many idle connections are reported again after there was room', async () => {
    const { socket, troubles } = await serve()
    for (let round = 1; round <= 2; round += 1) {
      let open = maxIdleConnections + 1
      const clients = Array.from({ length: open }, () =>
        net
          .connect(socket)
          .on('error', () => undefined)
          .on('close', () => (open -= 1)),
      )
      await vi.waitUntil(() => troubles.length === round)
      clients.forEach((client) => client.destroy())
      await vi.waitUntil(() => open === 0)
      await askDaemon(socket, 'flush', {})
    }
    expect(troubles).toEqual([tooManyIdle, tooManyIdle])
  })

  test('a connection that waits for its answer does not end to make room', async () => {
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => (release = resolve))
    let asked = 0
    const { socket } = await serve({
      stop: async () => {
        asked += 1
        await released
        return { pid: 7 }
      },
    })
    const stop = askDaemon(socket, 'stop', { graceMs: null, leave: false })
    await vi.waitUntil(() => asked === 1)
    const idle = Array.from({ length: maxIdleConnections + 1 }, () =>
      net.connect(socket).on('error', () => undefined),
    )
    onTestFinished(() => idle.forEach((client) => client.destroy()))
    await Promise.race(idle.map((client) => once(client, 'close')))
    release()
    await expect(stop).resolves.toEqual({ pid: 7 })
  })

  test('only the first request on a connection is answered', async () => {
    let asked = 0
    const { socket } = await serve({ flush: () => (asked++, {}) })
    const got = await sendRaw(socket, requestText('POST', '/flush', '{}').repeat(1000))
    expect(got).toMatch(/^HTTP\/1.1 200 OK/)
    expect(asked).toBe(1)
  })

  test('a request of a client that gives up early is not answered', async () => {
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

describe('a long reply', () => {
  const task = taskStatus({ name: 'näme' })
  const report = (tasks: number) => ({
    daemon: null,
    host: { name: 'web-1', addresses: [] },
    file: { path: '/t.yaml', revision: null, loadedAt: null, ok: true, problems: [] },
    tasks: Array.from({ length: tasks }, (_, at) => ({ ...task, name: `${task.name}-${at}` })),
  })

  test('a long reply arrives whole', async () => {
    const { socket } = await serve({ status: () => report(2_000) })
    expect(await askDaemon(socket, 'status', {})).toEqual(report(2_000))
  })

  test('many clients that do not read a long reply keep nobody else out', async () => {
    const { socket } = await serve({ status: () => report(2_000) })
    const clients = Array.from({ length: maxIdleConnections }, () => {
      const client = net.connect(socket).on('error', () => undefined)
      client.pause().write(requestText('POST', '/status', '{}'))
      return client
    })
    onTestFinished(() => clients.forEach((client) => client.destroy()))
    await Promise.all(clients.map((client) => once(client, 'readable')))
    await expect(askDaemon(socket, 'flush', {})).resolves.toEqual({})
  })

  test('the clients that read nothing for longest end before their replies fill the memory', async () => {
    const long = report(40_000)
    const { socket } = await serve({ status: () => long })
    const clients = Array.from({ length: 12 }, () =>
      net.connect(socket).on('error', () => undefined),
    )
    onTestFinished(() => clients.forEach((client) => client.destroy()))
    for (const client of clients) {
      client.pause().write(requestText('POST', '/status', '{}'))
      await once(client, 'readable')
    }
    const ends = clients.map((client) => once(client.resume(), 'close'))
    await Promise.all(ends)
    const received = clients.map((client) => client.bytesRead)
    const whole = Math.max(...received)
    expect(whole).toBeGreaterThan(Buffer.byteLength(JSON.stringify(long)))
    expect(received.map((bytes) => bytes === whole)).toEqual(
      received.map((_, index) => index >= clients.length - Math.floor(maxUnreadBytes / whole)),
    )
  })

  test('a client that goes away before it has read the reply does not hold up close', async () => {
    const { socket, server } = await serve({ status: () => report(50_000) })
    const client = net.connect(socket)
    client.pause().write(requestText('POST', '/status', '{}'))
    await once(client, 'readable')
    client.destroy()
    await server.close()
    await expect(askDaemon(socket, 'flush', {})).rejects.toMatchObject({ code: 'no-daemon' })
  })
})
