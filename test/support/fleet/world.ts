import type { Clock } from '../../../src/host/clock.ts'

/** A world with a time of its own, in which everything happens in an order that a seed decides. */
export interface World {
  /** The true time, in milliseconds. */
  now(): number
  /** A number from 0 to below 1. */
  random(): number
  /** An integer from `low` to `high`. */
  between(low: number, high: number): number
  /** Calls back that much later. */
  after(ms: number, callback: () => void): () => void
  /** Lets time pass up to that moment. */
  runTo(ms: number): Promise<void>
}

interface Event {
  readonly atMs: number
  readonly callback: () => void
}

export function newWorld(seed: number): World {
  let nowMs = 0
  let state = seed >>> 0
  const events: Event[] = []
  // mulberry32
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    now: () => nowMs,
    random,
    between: (low, high) => low + Math.floor(random() * (high - low + 1)),
    after(ms, callback) {
      const event = { atMs: nowMs + Math.max(ms, 0), callback }
      const index = events.findIndex(({ atMs }) => atMs > event.atMs)
      events.splice(index === -1 ? events.length : index, 0, event)
      return () => {
        const at = events.indexOf(event)
        if (at !== -1) events.splice(at, 1)
      }
    },
    async runTo(ms) {
      for (let next = events[0]; next !== undefined && next.atMs <= ms; next = events[0]) {
        events.shift()
        nowMs = next.atMs
        next.callback()
        // Everything that waits for a promise continues before time passes.
        await new Promise((done) => setImmediate(done))
      }
      nowMs = ms
    },
  }
}

/** A machine of the world. It can be killed, or frozen for a while. */
export interface Machine {
  readonly name: string
  /** Its clock. What waits for it stops when the machine is killed, and is late when it is frozen. */
  readonly clock: Clock
  /** Its clock is that much ahead, in milliseconds. */
  offsetMs: number
  /** Calls back unless the machine is killed meanwhile; if it is frozen, when it thaws. */
  after(ms: number, callback: () => void): () => void
  kill(): void
  freeze(ms: number): void
  /** How often it was killed: what an earlier life waited for never comes. */
  life(): number
}

export function newMachine(world: World, name: string, offsetMs: number): Machine {
  let life = 0
  let thawsMs = 0
  const after = (ms: number, callback: () => void): (() => void) => {
    const born = life
    let cancel = world.after(ms, function begin() {
      if (life !== born) return
      if (thawsMs > world.now()) cancel = world.after(thawsMs - world.now(), begin)
      else callback()
    })
    return () => cancel()
  }
  const machine: Machine = {
    name,
    offsetMs,
    after,
    clock: {
      now: () => world.now() + machine.offsetMs,
      zone: () => 'UTC',
      ignoredZone: () => undefined,
      monotonic: () => world.now(),
      after,
      turn: () => Promise.resolve(),
    },
    kill() {
      life += 1
      thawsMs = 0
    },
    freeze(ms) {
      thawsMs = Math.max(thawsMs, world.now() + ms)
    },
    life: () => life,
  }
  return machine
}
