import type { Clock } from '../../src/host/clock.ts'

/** A clock that stands still until the test moves it; timers fire as it moves. */
export interface HandClock extends Clock {
  /** Moves forward and fires each timer on the way, at its own time. */
  advance(ms: number): void
  /** Sets only the wall clock: timers and monotonic time do not change. */
  set(ms: number): void
}

interface Timer {
  readonly due: number
  readonly callback: () => void
}

/** A clock moved by hand that starts at this ISO time. */
export function handClock(iso: string): HandClock {
  let wall = Date.parse(iso)
  let steady = 0
  const timers = new Set<Timer>()
  const nextBy = (limit: number): Timer | undefined =>
    [...timers].filter((timer) => timer.due <= limit).toSorted((a, b) => a.due - b.due)[0]
  const moveTo = (time: number): void => {
    wall += time - steady
    steady = time
  }
  return {
    now: () => wall,
    zone: () => 'UTC',
    ignoredZone: () => undefined,
    monotonic: () => steady,
    after(ms, callback) {
      const timer = { due: steady + Math.max(ms, 0), callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    turn: () => Promise.resolve(),
    advance(ms) {
      const end = steady + ms
      for (let timer = nextBy(end); timer !== undefined; timer = nextBy(end)) {
        timers.delete(timer)
        moveTo(timer.due)
        timer.callback()
      }
      moveTo(end)
    },
    set(ms) {
      wall = ms
    },
  }
}
