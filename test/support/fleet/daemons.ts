import fs from 'node:fs'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import type { FleetSettings } from '../../../src/fleet/settings.ts'
import type { Host } from '../../../src/host/host.ts'
import { thisMachine } from '../../../src/host/host.ts'
import { parseStat } from '../../../src/host/processes.ts'
import { type HandClock, handClock } from '../clock.ts'
import { newSite } from '../daemon-here.ts'
import { newFakeEngine } from './engine.ts'
import { newFakeTalk } from './talk.ts'
import { newMachine, newWorld, type World } from './world.ts'

const noon = '2026-03-10T12:00:00.000Z'

/**
 * Machines of a fleet with one tasks file: a home and daemons for each, one clock that the test moves, and an
 * engine in memory. Runs are real processes.
 */
export function newFleetSite(
  yaml: string,
  names: readonly string[],
  settings: Partial<FleetSettings> = {},
) {
  const clock = handClock(noon)
  const world = worldOf(clock)
  const engine = newFakeEngine(world)
  const talk = newFakeTalk(world)
  const bootedMs = Number(fs.readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000
  const machines = names.map((name) => {
    const machine = newMachine(world, name, 0)
    const site = newSite(yaml, {
      ...{ clock, engine: engine.of(machine), talk: talk.of(name) },
      fleet: { ...section, host: name, ...settings },
      host: machineOf(name, () => bootedMs + clock.monotonic()),
    })
    onTestFinished(() => killGuard(site.home))
    return { name, machine, site, daemon: site.daemon }
  })

  /** Time passes in steps, and everybody does what is due. */
  async function pass(ms: number, stepMs = 10): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      clock.advance(Math.min(stepMs, left))
      await new Promise((done) => setImmediate(done))
    }
  }

  /** What the promise gives, while time passes. */
  async function during<T>(promise: Promise<T>): Promise<T> {
    let isOver = false
    const settled = promise.finally(() => (isOver = true))
    settled.catch(() => {})
    for (let count = 0; count < 600 && !isOver; count += 1) await pass(50, 50)
    return settled
  }

  return { clock, engine, talk, machines, pass, during }
}

const section: Omit<FleetSettings, 'host'> = {
  ...{ name: 'prod', servers: [], login: { kind: 'none' }, tls: undefined, monitor: undefined },
  ...{ accept: ['run', 'kill', 'reload'], share: 'problems' },
}

/** Machines whose daemons run. */
export async function runningFleet(yaml: string, names = ['web1', 'web2', 'web3']) {
  const site = newFleetSite(`timezone: UTC\ntasks: ${yaml}`, names)
  const daemons: Awaited<ReturnType<(typeof site.machines)[number]['daemon']>>[] = []
  for (const { daemon } of site.machines) daemons.push(await daemon())
  const rows = () => daemons.flatMap((daemon) => daemon.rows())
  return {
    ...site,
    daemons,
    /** All rows of the fleet as `second outcome reason`, in the order of the slots. */
    history: () =>
      rows()
        .map(({ slot, outcome, reason }) => `${slot?.slice(17, 19)} ${outcome} ${reason ?? ''}`)
        .map((text) => text.trim())
        .toSorted((a, b) => (a < b ? -1 : 1)),
    ended: async (task: string) => {
      for (const daemon of daemons) await daemon.runs(task, 0)
    },
  }
}

/** A world whose time is that of a clock. Nobody can set it: it is the time of the engine. */
function worldOf(clock: HandClock): World {
  const { random, between } = newWorld(1)
  const startMs = clock.now()
  return {
    ...{ random, between, after: clock.after },
    now: () => startMs + clock.monotonic(),
    runTo: () => Promise.reject(new Error('the clock is moved by hand')),
  }
}

function machineOf(name: string, uptimeMs: () => number): Partial<Host> {
  const { files, network } = thisMachine()
  return {
    network: { ...network, name: () => name },
    files: {
      ...files,
      readText: (file) =>
        file === '/proc/uptime' ? `${uptimeMs() / 1000} 0\n` : files.readText(file),
    },
  }
}

/** It would end by itself after a minute. */
function killGuard(home: string): void {
  try {
    const guard = parseStat(fs.readFileSync(path.join(home, 'fence', 'guard'), 'utf8'))
    if (guard !== undefined) process.kill(guard.pid, 'SIGKILL')
  } catch {
    // No run had a fence.
  }
}
