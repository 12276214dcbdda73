import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { connectFleet } from '../dist/fleet/nats/connect.js'
import { claimSlot } from '../dist/fleet/claim-slot.js'
import { thisMachine } from '../dist/host/host.js'
import { holdBackMs } from '../dist/plan/fleet/ranks.js'
import { nextSecond, pause, program } from './daemon.js'
import { natsProgram, newServers } from './fleet-campaign/servers.js'
import { round, spread } from './figures.js'
import { until } from './campaign/site.js'

const hostCount = 20
const taskCount = 200
const goalMs = 3_000
/** No slot may start that is older than the streams, or nearly. */
const streamsAgeMs = 6_000

/**
 * Machines of a fleet in this process, each with a connection of its own to three real servers, and many tasks
 * that are due in one second: how long until each of them has the right to start on one machine.
 */
export async function fleetBurst({ runs = 3 }, say) {
  const nats = natsProgram()
  if (nats === undefined)
    throw new Error('nats-server is missing: install it, or name it in NATS_SERVER')
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-bench-'))
  let servers
  const links = []
  try {
    servers = await newServers(folder, folder, nats)
    const urls = servers.all.map(({ port }) => `nats://127.0.0.1:${port}`)
    await initStreams(folder, urls)
    const host = thisMachine()
    const names = Array.from({ length: hostCount }, (_, index) => `web${index + 1}`)
    for (const name of names) links.push(joined(host, name, urls))
    await until(
      () => links.every(({ link }) => link.link().state === 'up'),
      'all connections',
      30_000,
    )
    await pause(streamsAgeMs)
    const rows = []
    const breaches = []
    for (let turn = 0; turn < runs; turn++) {
      say(`${hostCount} machines, ${taskCount} tasks, ${turn + 1} of ${runs} ...`)
      const won = await burst(host, links, turn)
      const each = [...won.values()]
      const late = each.map((times) => Math.min(...times))
      if (won.size < taskCount) breaches.push(`only ${won.size} of ${taskCount} tasks had an owner`)
      const doubled = each.filter((times) => times.length > 1).length
      if (doubled > 0) breaches.push(`${doubled} tasks had two owners`)
      const last = Math.max(...late)
      if (last > goalMs)
        breaches.push(`the last task had its owner after ${round(last)} ms, not ${goalMs}`)
      rows.push({ round: turn + 1, ...spread(late) })
    }
    const title = `${taskCount} fleet tasks in one second, ${hostCount} machines: ms until a task may start`
    return { tables: [{ title, rows }], breaches }
  } finally {
    for (const { link } of links) await link.close().catch(() => {})
    for (const server of servers?.all ?? []) await server.end('SIGKILL')
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** A machine with its connection, and the tasks that others have by their own words. */
function joined(host, name, urls) {
  const link = connectFleet({ host, settings: settingsOf(name, urls) })
  const heard = new Set()
  link.engine.hear((hint) => hint.kind === 'won' && heard.add(hint.task))
  return { name, link, heard }
}

function settingsOf(host, servers) {
  const nothing = { tls: undefined, monitor: undefined, login: { kind: 'none' } }
  return { name: 'bench', servers, host, accept: [], share: 'none', ...nothing }
}

async function initStreams(folder, servers) {
  const config = path.join(folder, 'torch.yaml')
  fs.writeFileSync(config, JSON.stringify({ fleet: { name: 'bench', servers, host: 'web1' } }))
  await until(
    () => init(config).then((status) => status === 0 || pause(500).then(() => false)),
    'the streams',
    60_000,
  )
}

function init(config) {
  const words = [program, 'fleet', 'init', '--config', config]
  const child = spawn(process.execPath, words, { stdio: 'ignore' })
  return new Promise((resolve) => child.once('exit', resolve))
}

/** The times at which a machine had the right to each task, in milliseconds after its second. */
async function burst({ clock }, links, turn) {
  const slot = (await nextSecond(0)) + 2
  const dueMonotonicMs = clock.monotonic() + slot * 1000 - clock.now()
  await pause(slot * 1000 - Date.now())
  const won = new Map()
  const candidates = links.map(({ name }) => ({ host: name, tier: 0 }))
  const window = { slotMs: slot * 1000, startWithinMs: 60_000, nextSlotMs: undefined }
  const tasks = Array.from({ length: taskCount }, (_, index) => `task-${turn}-${index}`)
  await Promise.all(
    links.flatMap(({ name, link, heard }) => {
      return tasks.map(async (task) => {
        await pause(holdBackMs({ task, slot, host: name, aheadMs: 0 }, candidates))
        if (heard.has(task)) return
        const claim = {
          ...{ v: 1, attempt: randomUUID(), host: name, session: name, slot, revision: null },
          definition: 'd1:bench',
        }
        const result = await claimSlot(
          { engine: link.engine, clock, random: Math.random },
          {
            ...{ key: { task, slot, tryNumber: 1 }, claim, window, dueMonotonicMs },
            signal: new AbortController().signal,
          },
        )
        if (result.kind !== 'won') return
        won.set(task, [...(won.get(task) ?? []), Date.now() - slot * 1000])
        link.engine.tell({ kind: 'won', task, slot, host: name })
      })
    }),
  )
  return won
}
