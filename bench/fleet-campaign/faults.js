import fs from 'node:fs'
import { isAlive, until } from '../campaign/site.js'
import { pause } from '../daemon.js'
import { isReady } from './servers.js'
import { fakeTime, uptime } from './world.js'

const fenceMs = 15_000
/** Others have started again by then what the machine ran. */
const crashMs = 50_000
/** A machine whose tasks differ may start them for that long; the rest is for what it still has to hear. */
const graceMs = 5 * 60_000 + 20_000

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
  'machine crash': async (round) => {
    await round.host.crash()
    await pause(crashMs)
    await round.host.start()
  },
  'daemon restart': ({ host }) => host.restart(),
  'claim restart': (round) => duringClaims(round, ({ host }) => host.restart()),
  'claim reload': (round) => duringClaims(round, ({ host }) => host.write({ other: true })),
  'claim kill': (round) =>
    duringClaims(round, async ({ host }) => {
      await host.kill()
      await host.start()
    }),
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
  'server cut': async (round) => {
    const { name } = await leaderOf(round)
    round.world.spaces.cut(name)
    await pause(20_000)
    round.world.spaces.heal(name)
  },
  'server rolling': async ({ world }) => {
    for (const server of world.servers.all) {
      await server.end('SIGTERM')
      server.start()
      await until(() => isReady(server), `the server ${server.name}`, 40_000)
    }
  },
  'net cut': async ({ host, world, random }) => {
    world.spaces.cut(host.name)
    await pause(random.pick([8_000, 25_000]))
    world.spaces.heal(host.name)
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

/** Those that need namespaces. */
export const cuts = ['server cut', 'net cut']

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

/** Something changes while claims are stored whose answers do not come back. */
async function duringClaims(round, change) {
  const { host, random } = round
  host.proxy.set('acks')
  await pause(random.between(2_500, 4_500))
  await change(round)
  await pause(random.pick([0, 3_000]))
  host.proxy.set('pass')
  await host.write()
}

/**
 * One machine has an old file for longer than it may start what is in it. What it may not start any more is noted.
 * Meanwhile nothing else happens to it.
 */
export async function driftLong(round, tasks) {
  const { reserved: host, barred, say, count } = round
  say(`long drift: ${host.name}`)
  count('long drift')
  await host.write({ other: true })
  await pause(graceMs)
  const from = uptime()
  await pause(40_000)
  for (const task of tasks) barred.push({ task, host: host.name, from, to: uptime() })
  await host.write()
  round.reserved = undefined
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
  for (const each of [...world.servers.all, host]) world.spaces.heal(each.name)
  for (const server of world.servers.all) server.revive()
  if (isAlive(host.pid)) host.signal('SIGCONT')
  else await host.start().catch(() => {})
}

/** Makes one thing go wrong, or several at a time, and waits until all is as before. */
export async function disturb(round, names) {
  await Promise.all(
    names.map((name) => {
      const isServers = isOfServers(name)
      round.say(`${name}: ${isServers ? 'servers' : round.host.name}`)
      round.count(name)
      const made = isServers ? withoutServers(round, name) : onMachine(round, name)
      return made.catch((error) => broken(round, name, error))
    }),
  )
}

export function isOfServers(name) {
  return name.startsWith('server')
}

/** The time is noted, and some seconds in which others may still not hear the machine. */
async function onMachine(round, name) {
  const { host, disturbed } = round
  const entry = {
    ...{ host: host.name, from: uptime(), to: Infinity },
    ...{ isCrash: name === 'machine crash', isClock: name.startsWith('clock ') },
  }
  disturbed.push(entry)
  await faults[name](round)
  entry.to = uptime() + 5
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
