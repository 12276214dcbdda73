import { spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { until } from '../campaign/site.js'

/** nats-server: NATS_SERVER, the first of TORCH_TEST_NATS_SERVERS, or where Debian has it. */
export function natsProgram() {
  const { NATS_SERVER, TORCH_TEST_NATS_SERVERS = '', PATH = '' } = process.env
  const named = [NATS_SERVER, ...TORCH_TEST_NATS_SERVERS.split(':')].filter(Boolean)
  const found = [...PATH.split(':'), '/usr/sbin'].map((folder) => path.join(folder, 'nats-server'))
  return [...named, ...found].find((file) => fs.existsSync(file))
}

export const serverNames = ['s1', 's2', 's3']

/** Three servers in a cluster, in `folder`. They have MARK in their environment, like all of a round. */
export async function newServers({ folder, program, spaces }) {
  const ports = await freePorts(9)
  const routes = serverNames.map(
    (name, index) => `nats-route://${spaces.addressOf(name)}:${ports[index * 3 + 1]}`,
  )
  const servers = serverNames.map((name, index) => {
    const [port, route, monitor] = ports.slice(index * 3, index * 3 + 3)
    const address = spaces.addressOf(name)
    const config = path.join(folder, `${name}.conf`)
    fs.writeFileSync(
      config,
      `server_name: ${name}\nlisten: "${address}:${port}"\nhttp: "${address}:${monitor}"\n` +
        `jetstream { store_dir: ${JSON.stringify(path.join(folder, name))} }\n` +
        `cluster { name: campaign, listen: "${address}:${route}", routes: [${routes.map((each) => JSON.stringify(each)).join(', ')}] }\n`,
    )
    const words = [...spaces.enter(name), program, '-c', config, '-l', `${config}.log`]
    return newServer({ name, words, address, port, monitor, mark: folder })
  })
  for (const server of servers) server.start()
  await until(async () => (await Promise.all(servers.map(isReady))).every(Boolean), 'the servers')

  /** The server that leads the stream of claims, as the leader itself says; undefined: none does. */
  async function leader() {
    for (const server of servers) {
      const text = await look(server, '/jsz?streams=1&accounts=1')
      const streams = text?.account_details?.flatMap((account) => account.stream_detail ?? []) ?? []
      const claims = streams.find(({ name }) => name.endsWith('_CLAIMS'))
      if (claims?.cluster?.leader === server.name) return server
    }
    return undefined
  }
  return { all: servers, leader }
}

function newServer({ name, words: [program, ...args], address, port, monitor, mark }) {
  let child
  const server = {
    ...{ name, address, port, monitor },
    start() {
      child = spawn(program, args, {
        stdio: 'ignore',
        env: { PATH: process.env.PATH, MARK: mark },
      })
    },
    /** Starts it if it has ended, and lets it continue if it was stopped. */
    revive() {
      if (child.exitCode !== null || child.signalCode !== null) server.start()
      else child.kill('SIGCONT')
    },
    signal: (signal) => child.kill(signal),
    async end(signal) {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill(signal)
      await ended
    },
  }
  return server
}

/** Whether a server answers, and has all that the others have. */
export async function isReady(server) {
  return (await look(server, '/healthz'))?.status === 'ok'
}

async function look({ address, monitor }, what) {
  try {
    const response = await fetch(`http://${address}:${monitor}${what}`, {
      signal: AbortSignal.timeout(1_000),
    })
    return await response.json()
  } catch {
    return undefined
  }
}

async function freePorts(count) {
  const probes = await Promise.all(
    Array.from({ length: count }, async () => {
      const probe = net.createServer()
      await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve))
      return probe
    }),
  )
  const ports = probes.map((probe) => probe.address().port)
  for (const probe of probes) probe.close()
  return ports
}
