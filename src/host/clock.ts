import type { Clock } from './host.ts'

/** setTimeout takes at most this; longer waits are made of several. */
const maxTimerMs = 2 ** 31 - 1

/** The machine's clocks. The only place that reads the time or sets a timer. */
export const wallClock: Clock = {
  now: () => Date.now(),
  zone: () => Intl.DateTimeFormat().resolvedOptions().timeZone,
  monotonic: () => Number(process.hrtime.bigint() / 1000n) / 1000,
  after(ms, callback) {
    let timer: NodeJS.Timeout
    const arm = (left: number): void => {
      const part = Math.min(Math.max(left, 0), maxTimerMs)
      timer = setTimeout(() => (left > part ? arm(left - part) : callback()), part)
    }
    arm(ms)
    return () => clearTimeout(timer)
  },
}
