import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { isAlive, until } from '../campaign/site.js'
import { marked, pause, program } from '../daemon.js'
import { newProxy } from './proxy.js'
import { newServers } from './servers.js'
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
 * MARK in their environment; `close` ends every one of them.
 */
export async function newWorld(natsServer) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-fleet-'))
  const world = { folder, witness: path.join(folder, 'witness'), hosts: [], servers: undefined }
  process.on('exit', () => killAll(folder))
  try {
    writeWitness(folder)
    world.servers = await newServers(folder, folder, natsServer)
    const targets = world.servers.all.map(({ port }) => ({ host: '127.0.0.1', port }))
    for (const name of hostNames) world.hosts.push(await newHost(folder, name, targets))
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

async function newHost(folder, name, targets) {
  const proxy = await newProxy(targets)
  const home = path.join(folder, name)
  const tasks = path.join(folder, `${name}.json`)
  const config = path.join(folder, `${name}.yaml`)
  const servers = proxy.ports.map((port) => `nats://127.0.0.1:${port}`)
  fs.writeFileSync(tasks, tasksText(folder))
  fs.writeFileSync(config, JSON.stringify({ fleet: { name: 'campaign', servers, host: name } }))
  const env = { PATH: process.env.PATH, HOME: folder, TZ: 'UTC', MARK: folder }
  const torch = async (words, more = {}) => {
    const all = [program, ...words, '--home', home, '--config', config]
    const { stdout } = await execute(process.execPath, all, {
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

/** Ends all processes of a world, and removes its folder unless `keep`. */
export async function closeWorld({ folder, hosts }, keep) {
  for (const { proxy } of hosts) proxy.close()
  await until(() => killAll(folder), 'the end of all processes', 30_000)
  if (!keep) fs.rmSync(folder, { recursive: true, force: true })
}

/** Returns whether none was left. */
function killAll(folder) {
  const left = marked(folder).filter(isAlive)
  for (const pid of left) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has already ended.
    }
  }
  return left.length === 0
}
