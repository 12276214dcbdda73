import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { realSockets, type SocketAddress } from '../../src/host/listening-sockets.ts'
import { realProcesses } from '../../src/host/processes.ts'
import { spawnByFork } from '../../src/host/spawn.ts'
import { root } from '../support/torch.ts'
import { until } from '../support/until.ts'

const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
const isRoot = me.uid === 0
const cannot = realSockets.whyNot() !== undefined

function newFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-sockets-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = net.createServer().listen(0)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

function open(address: SocketAddress, owner = me) {
  const opened = realSockets.open(address, owner)
  onTestFinished(() => close(opened.descriptor))
  return opened
}

function close(descriptor: number): void {
  try {
    fs.closeSync(descriptor)
  } catch {
    // The test has closed it.
  }
}

/** Whether a connection is accepted or waits; the code of the error otherwise. */
async function knock(where: net.NetConnectOpts): Promise<string> {
  const connection = net.connect(where)
  onTestFinished(() => void connection.destroy())
  return new Promise((resolve) => {
    connection.once('connect', () => resolve('connected'))
    connection.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
  })
}

/** The flags of a descriptor, as proc(5) shows them. */
function flagsOf(descriptor: number): number {
  const info = fs.readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8')
  return Number.parseInt(/^flags:\s+(\d+)/m.exec(info)?.[1] ?? '0', 8)
}

describe.skipIf(cannot)('a socket that listens', () => {
  test('a bare port listens for IPv4 and IPv6, and connections wait until a program accepts', async () => {
    const port = await freePort()
    open({ kind: 'tcp', host: undefined, port })
    expect(await knock({ host: '127.0.0.1', port })).toBe('connected')
    const hasIpv6 = fs.existsSync('/proc/net/if_inet6')
    if (hasIpv6) expect(await knock({ host: '::1', port })).toBe('connected')
  })

  test('a burst of connections waits, more than the usual 128', async ({ skip }) => {
    const limit = Number(fs.readFileSync('/proc/sys/net/core/somaxconn', 'utf8'))
    if (limit < 300) skip(`net.core.somaxconn is ${limit}`)
    const port = await freePort()
    open({ kind: 'tcp', host: '127.0.0.1', port })
    const all = await Promise.all(
      Array.from({ length: 300 }, () => knock({ host: '127.0.0.1', port })),
    )
    expect(new Set(all)).toEqual(new Set(['connected']))
  })

  test('an address listens there and nowhere else, so that two families can share a port', async () => {
    const port = await freePort()
    open({ kind: 'tcp', host: '127.0.0.1', port })
    expect(await knock({ host: '127.0.0.2', port })).toBe('ECONNREFUSED')
    open({ kind: 'tcp', host: '::', port })
    expect(await knock({ host: '127.0.0.2', port })).toBe('ECONNREFUSED')
  })

  test('its descriptor is above 9, blocks, and no program inherits it by accident', async () => {
    const { descriptor } = open({ kind: 'tcp', host: '127.0.0.1', port: await freePort() })
    expect(descriptor).toBeGreaterThan(9)
    expect(flagsOf(descriptor) & fs.constants.O_NONBLOCK).toBe(0)
    expect(flagsOf(descriptor) & 0o2000000).not.toBe(0)
  })

  test('an address in use, one that is not here, and one that is not allowed are errors by name', async () => {
    const port = await freePort()
    open({ kind: 'tcp', host: '127.0.0.1', port })
    expect(() => open({ kind: 'tcp', host: undefined, port })).toThrow('address already in use')
    expect(() => open({ kind: 'tcp', host: '192.0.2.1', port })).toThrow('address not available')
    expect(() => open({ kind: 'unix', path: '/nowhere/at/all.sock' }, me)).toThrow(
      'no such file or directory',
    )
    expect(() => open({ kind: 'unix', path: `/tmp/${'x'.repeat(120)}` }, me)).toThrow('longer than')
  })
})

describe.skipIf(cannot)('a Unix socket', () => {
  test('has mode 0660, and takes the place of a socket on which nobody listens', async () => {
    const file = path.join(newFolder(), 'a.sock')
    const first = open({ kind: 'unix', path: file })
    expect(fs.statSync(file).mode & 0o7777).toBe(0o660)
    expect(await knock({ path: file })).toBe('connected')
    expect(() => open({ kind: 'unix', path: file })).toThrow('address already in use')
    fs.closeSync(first.descriptor)
    const second = open({ kind: 'unix', path: file })
    expect(second.file).not.toBe(first.file)
    expect(await knock({ path: file })).toBe('connected')
    expect(fs.readdirSync(path.dirname(file))).toEqual(['a.sock'])
  })

  test('leaves a file alone that is not a socket', () => {
    const file = path.join(newFolder(), 'a.sock')
    fs.writeFileSync(file, 'precious')
    expect(() => open({ kind: 'unix', path: file })).toThrow('exists and is not a socket')
    expect(fs.readFileSync(file, 'utf8')).toBe('precious')
  })

  test.skipIf(!isRoot)('belongs to the user of the task', () => {
    const file = path.join(newFolder(), 'a.sock')
    open({ kind: 'unix', path: file }, { uid: 65534, gid: 65534 })
    expect(fs.statSync(file)).toMatchObject({ uid: 65534, gid: 65534 })
  })
})

const launchers = { posix_spawn: realProcesses.spawnGroup, 'spawn of Node': spawnByFork }

describe.skipIf(cannot).each(Object.entries(launchers))('a program started by %s', (_, launch) => {
  /** What a program with these descriptors says of its own: the target of 3, 4 and 5. */
  async function targetsIn(descriptors: readonly number[]): Promise<string[]> {
    const file = path.join(newFolder(), 'out')
    const out = fs.openSync(file, 'w')
    const ended = new Promise<void>((resolve, reject) => {
      launch({
        program: '/bin/sh',
        args: [
          '-c',
          'for n in 3 4 5; do readlink /proc/$$/fd/$n || echo none; done; ls /proc/$$/fd',
        ],
        env: { PATH: '/usr/bin:/bin' },
        cwd: '/',
        stdin: 'line',
        stdout: out,
        descriptors,
        onExit: () => resolve(),
        onFailure: reject,
      })
    })
    await ended
    fs.closeSync(out)
    // Above 9 there may be what this process got from its own parent.
    const lines = fs.readFileSync(file, 'utf8').trim().split('\n')
    return lines.filter((line) => !/^\d\d/.test(line))
  }

  test('gets each socket under its number, and no other descriptor', async () => {
    const port = await freePort()
    const sockets = [
      open({ kind: 'tcp', host: '127.0.0.1', port }),
      open({ kind: 'tcp', host: '127.0.0.2', port }),
      open({ kind: 'unix', path: path.join(newFolder(), 'a.sock') }),
    ].map(({ descriptor }) => descriptor)
    const names = sockets.map((each) => fs.readlinkSync(`/proc/self/fd/${each}`))
    expect(await targetsIn(sockets)).toEqual([...names, '0', '1', '2', '3', '4', '5'])
    const turned = sockets.toReversed()
    expect((await targetsIn(turned)).slice(0, 3)).toEqual(names.toReversed())
    expect(await targetsIn([])).toEqual(['none', 'none', 'none', '0', '1', '2'])
  })
})

test('without koffi no socket can be opened, and the error says what is missing', () => {
  const hide = path.join(root, 'test/fixtures/hide-koffi.cjs')
  const program = `import { realSockets } from ${JSON.stringify(path.join(root, 'dist/host/listening-sockets.js'))}
    console.log(realSockets.whyNot())
    try { realSockets.open({ kind: 'tcp', host: undefined, port: 1 }, { uid: 0, gid: 0 }) }
    catch (error) { console.log(error.code, error.message) }`
  const words = ['--require', hide, '--input-type=module', '-e', program]
  expect(execFileSync(process.execPath, words).toString()).toBe(
    "Cannot find module 'koffi'\nENOSYS listen needs koffi\n",
  )
})

describe.skipIf(cannot)('a socket that another process has open', () => {
  test('can be taken out of it, and is the same socket', async ({ skip }) => {
    try {
      realSockets.probeTake(process.pid)
    } catch {
      skip('this machine does not allow pidfd_getfd')
    }
    const port = await freePort()
    const address = { kind: 'tcp', host: '127.0.0.1', port } as const
    const { descriptor } = open(address)
    const name = fs.readlinkSync(`/proc/self/fd/${descriptor}`)
    const holder = spawn('sleep', ['60'], { stdio: ['ignore', 'ignore', 'ignore', descriptor] })
    onTestFinished(() => void holder.kill('SIGKILL'))
    const { pid = 0 } = holder
    await until(() => fs.existsSync(`/proc/${pid}/fd/3`), 'the socket in the other process')
    fs.closeSync(descriptor)
    expect(() => open(address)).toThrow('address already in use')
    const other = { ...address, port: port + 1 }
    expect(() => realSockets.takeFrom(pid, 3, other)).toThrow('socket')
    expect(() => realSockets.takeFrom(pid, 0, address)).toThrow('socket')
    const taken = realSockets.takeFrom(pid, 3, address)
    onTestFinished(() => close(taken))
    expect(fs.readlinkSync(`/proc/self/fd/${taken}`)).toBe(name)
    expect(taken).toBeGreaterThan(9)
  })
})
