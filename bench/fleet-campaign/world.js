import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { isAlive, until } from '../campaign/site.js'
import { marked, pause, program, readProc } from '../daemon.js'
import { newNamespaces, noNamespaces } from './namespaces.js'
import { newProxy } from './proxy.js'
import { newServers, serverNames } from './servers.js'
import { tasksText, writeWitness } from './tasks.js'

const execute = promisify(execFile)
const hostNames = ['web1', 'web2', 'web3', 'web4', 'web5']
const maxCallMs = 60_000
/** From Debian's package faketime. */
export const fakeTime = ['x86_64', 'aarch64']
  .map((cpu) => `/usr/lib/${cpu}-linux-gnu/faketime/libfaketimeMT.so.1`)
  .find((file) => fs.existsSync(file))

/**
 * Five machines with a home, a daemon and a network of their own, and three servers. All of their processes have
 * MARK in their environment; `close` ends every one of them. `isSeparate`: each is in a network namespace of its own.
 */
export async function newWorld({ natsServer, isSeparate }) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-fleet-'))
  const spaces = isSeparate ? newNamespaces([...serverNames, ...hostNames]) : noNamespaces
  const world = { folder, witness: path.join(folder, 'witness'), hosts: [], spaces }
  process.on('exit', () => killAll(folder))
  try {
    writeWitness(folder)
    world.servers = await newServers({ folder, program: natsServer, spaces })
    for (const name of hostNames) world.hosts.push(await newHost(world, name))
    const [first] = world.hosts
    await until(
      () =>
        first.torch('fleet', 'init').then(
          () => true,
          () => pause(500),
        ),
      'the streams',
      60_000,
    )
    await Promise.all(world.hosts.map((host) => host.start()))
    return world
  } catch (error) {
    await closeWorld(world, true)
    throw error
  }
}

async function newHost({ folder, servers: { all }, spaces }, name) {
  const targets = all.map(({ address, port }) => ({ host: address, port }))
  const proxy = await newProxy(spaces.hub, targets)
  const home = path.join(folder, name)
  const tasks = path.join(folder, `${name}.json`)
  const config = path.join(folder, `${name}.yaml`)
  const servers = proxy.ports.map((port) => `nats://${spaces.hub}:${port}`)
  fs.writeFileSync(tasks, tasksText(folder))
  fs.writeFileSync(config, JSON.stringify({ fleet: { name: 'campaign', servers, host: name } }))
  const env = { PATH: process.env.PATH, HOME: folder, TZ: 'UTC', MARK: folder }
  const torch = async (words, more = {}) => {
    const whole = [process.execPath, program, ...words, '--home', home, '--config', config]
    const [first, ...rest] = [...spaces.enter(name), ...whole]
    const { stdout } = await execute(first, rest, {
      ...{ env: { ...env, ...more }, maxBuffer: 2 ** 28, timeout: maxCallMs },
    })
    return stdout
  }
  const host = {
    ...{ name, home, tasks, proxy },
    pid: undefined,
    torch: (...words) => torch(words),
    /** `faketime` is how far its clock is wrong, such as `+3s`; `file` is another path of the tasks file. */
    async start({ faketime, file = tasks } = {}) {
      const fake = faketime && {
        LD_PRELOAD: fakeTime,
        FAKETIME: faketime,
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      }
      const said = await torch(['start', '--tasks', file, '--address', '10.0.0.1', '--json'], fake)
      host.pid = JSON.parse(said).pid
    },
    async restart() {
      await torch(['restart'])
      host.pid = Number(fs.readFileSync(path.join(home, 'torch.pid'), 'utf8').trim())
    },
    signal: (signal) => process.kill(host.pid, signal),
    async kill() {
      process.kill(host.pid, 'SIGKILL')
      await until(() => !isAlive(host.pid), `the end of the daemon of ${name}`)
    },
    /** As a power failure: of everything that the machine did, nothing is left. Its disk is. */
    async crash() {
      const isOwn = (pid) =>
        (readProc(pid, 'environ') ?? '').split('\0').includes(`TORCH_HOST=${name}`)
      const groups = marked(folder).filter(isOwn).map(groupOf)
      const guard = Number.parseInt(readFile(path.join(home, 'fence', 'guard')), 10)
      for (const pid of [host.pid, guard, ...groups.map((group) => -group)]) killNow(pid)
      await until(() => !isAlive(host.pid), `the end of the daemon of ${name}`)
    },
    async write(options) {
      fs.writeFileSync(`${tasks}.new`, tasksText(folder, options))
      fs.renameSync(`${tasks}.new`, tasks)
      await torch(['reload'])
    },
    rows: async () => JSON.parse(await torch(['history', '-n', '1000000', '--json'])),
  }
  return host
}

/** Seconds since the machine started: the clock of the witness. */
export function uptime() {
  return Number(fs.readFileSync('/proc/uptime', 'utf8').split(' ')[0])
}

/** The process group of a process; NaN if it is gone. */
function groupOf(pid) {
  const stat = readProc(pid, 'stat') ?? ''
  return Number(stat.slice(stat.lastIndexOf(')')).split(' ')[3])
}

function readFile(file) {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function killNow(pid) {
  try {
    if (!Number.isNaN(pid)) process.kill(pid, 'SIGKILL')
  } catch {
    // It has already ended.
  }
}

/** Ends all processes of a world, and removes its folder unless `keep`. */
export async function closeWorld({ folder, hosts, spaces }, keep) {
  for (const { proxy } of hosts) proxy.close()
  await until(() => killAll(folder), 'the end of all processes', 30_000)
  spaces.close()
  if (!keep) fs.rmSync(folder, { recursive: true, force: true })
}

/** Returns whether none was left. */
function killAll(folder) {
  const left = marked(folder).filter(isAlive)
  for (const pid of left) killNow(pid)
  return left.length === 0
}
