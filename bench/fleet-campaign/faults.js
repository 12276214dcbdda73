import fs from 'node:fs'
import { isAlive, until } from '../campaign/site.js'
import { pause } from '../daemon.js'
import { isReady } from './servers.js'
import { fakeTime, uptime } from './world.js'

const fenceMs = 15_000

/**
 * What goes wrong, by its kind and name. Each gets the round and ends when all is as before. `hostOf` picks a
 * machine; in half of the cases it is the one that runs the task `keep`.
 */
export const faults = {
  'daemon kill': async ({ host, random }) => {
    await host.kill()
    await pause(random.pick([0, 2_000, fenceMs * 1.7]))
    await host.start()
  },
  'daemon stop 1x': (round) => stopped(round, fenceMs),
  'daemon stop 2x': (round) => stopped(round, 2 * fenceMs),
  'daemon restart': ({ host }) => host.restart(),
  'daemon upgrade': async ({ host }) => {
    const file = host.tasks.replace('.json', '-next.json')
    fs.copyFileSync(host.tasks, file)
    await host.torch('stop', '--leave')
    await host.start({ file })
  },
  'server leader kill': async (round) => {
    const leader = await leaderOf(round)
    await leader.end('SIGKILL')
    await pause(2_500)
    leader.start()
  },
  'server all kill': async ({ world }) => {
    await Promise.all(world.servers.all.map((server) => server.end('SIGKILL')))
    await pause(3_000)
    for (const server of world.servers.all) server.start()
  },
  'server stop': async (round) => {
    const leader = await leaderOf(round)
    leader.signal('SIGSTOP')
    await pause(7_000)
    leader.signal('SIGCONT')
  },
  'server rolling': async ({ world }) => {
    for (const server of world.servers.all) {
      await server.end('SIGTERM')
      server.start()
      await until(() => isReady(server), `the server ${server.name}`, 40_000)
    }
  },
  'net hole': (round) => network(round, 'hole', 25_000),
  'net hole short': (round) => network(round, 'hole', 8_000),
  'net ack loss': (round) => network(round, 'acks', 12_000),
  'net delay': (round) => network(round, 'delay', 12_000),
  'file drift': async ({ host }) => {
    await host.write({ other: true })
    await pause(15_000)
    await host.write()
  },
  'file removal': async ({ host }) => {
    await host.write({ without: 'keep' })
    await pause(10_000)
    await host.write()
  },
  ...(fakeTime !== undefined && {
    'clock +3 s': (round) => clockOff(round, '+3s'),
    'clock -3 s': (round) => clockOff(round, '-3s'),
    'clock +1 h': (round) => clockOff(round, '+1h'),
  }),
}

async function stopped({ host }, ms) {
  host.signal('SIGSTOP')
  await pause(ms)
  host.signal('SIGCONT')
}

async function network({ host }, mode, ms) {
  host.proxy.set(mode)
  await pause(ms)
  host.proxy.set('pass')
}

async function clockOff({ host }, faketime) {
  await host.kill()
  await host.start({ faketime })
  await pause(20_000)
  await host.kill()
  await host.start()
}

function leaderOf({ world }) {
  return until(() => world.servers.leader(), 'a leader', 60_000)
}

/** The fault could not be made as it should: that is a breach, and the fleet is set right again. */
async function broken({ failed, host, world }, name, error) {
  failed.push(`a fault failed: ${name}: ${error.message}`)
  host.proxy.set('pass')
  for (const server of world.servers.all) server.revive()
  if (isAlive(host.pid)) host.signal('SIGCONT')
  else await host.start().catch(() => {})
}

/** Makes one thing go wrong, or several at a time, and waits until all is as before. */
export async function disturb(round, names) {
  await Promise.all(
    names.map((name) => {
      const isServers = name.startsWith('server')
      round.say(`${name}: ${isServers ? 'servers' : round.host.name}`)
      round.count(name)
      const made = isServers ? withoutServers(round, name) : faults[name](round)
      return made.catch((error) => broken(round, name, error))
    }),
  )
}

/** The time until the servers are complete again, with a leader, counts as one without an engine. */
async function withoutServers(round, name) {
  const { servers } = round.world
  const from = uptime()
  await faults[name](round)
  await until(
    async () =>
      (await Promise.all(servers.all.map(isReady))).every(Boolean) && (await servers.leader()),
    'the servers',
    60_000,
  )
  round.away.push({ from, to: uptime() })
}
