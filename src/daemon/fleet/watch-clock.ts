import type { Link } from '../../fleet/nats/connect.ts'
import type { Clock } from '../../host/clock.ts'
import { maxOffsetMs, medianOf, warnOffsetMs } from '../../plan/fleet/windows.ts'

/** How far the clock of this machine is from the engine's. */
export interface ClockOffset {
  /** Milliseconds ahead; negative: behind; null: not measured. */
  now(): number | null
  /** Since when it is bad, in milliseconds since the epoch; undefined: it is good. */
  badSinceMs(): number | undefined
  /** Notes one measurement. */
  note(ms: number): void
  close(): void
}

interface OffsetParts {
  readonly clock: Clock
  readonly link: () => Link
  readonly measure: () => Promise<number | undefined>
}

/** How many of the last measurements count. */
const maxMeasured = 5
const lookMs = 5_000
/** How often a clock is measured that is good, and one that is not. */
const againMs = 5 * 60_000
const soonMs = 30_000
/** More than this, and the clock was set. */
const jumpMs = 1_000

/** Measures the clock when the engine is there, from time to time, and after the clock was set. */
export function watchOffset({ clock, link, measure }: OffsetParts): ClockOffset {
  const measured: number[] = []
  let upSinceMs: number | undefined
  let nextMs = 0
  let bootMs = clock.now() - clock.monotonic()
  let isBusy = false
  let badSinceMs: number | undefined
  let cancel = (): void => {}

  const now = (): number | null => (measured.length === 0 ? null : Math.round(medianOf(measured)))
  function note(ms: number): void {
    measured.push(ms)
    if (measured.length > maxMeasured) measured.shift()
    const isBad = Math.abs(now() ?? 0) > warnOffsetMs
    badSinceMs = isBad ? (badSinceMs ?? clock.now()) : undefined
  }

  function isDue(): boolean {
    const state = link()
    if (state.state !== 'up') return false
    const isNew = state.sinceMs !== upSinceMs
    upSinceMs = state.sinceMs
    return isNew || clock.monotonic() >= nextMs
  }

  async function look(): Promise<void> {
    const before = bootMs
    bootMs = clock.now() - clock.monotonic()
    if (Math.abs(bootMs - before) > jumpMs) {
      measured.length = 0
      nextMs = 0
    }
    if (isBusy || !isDue()) return
    isBusy = true
    const ms = await measure().catch(() => undefined)
    isBusy = false
    if (ms !== undefined) note(ms)
    const isGood = ms !== undefined && Math.abs(now() ?? 0) <= maxOffsetMs
    nextMs = clock.monotonic() + (isGood ? againMs : soonMs)
  }

  function lookAgain(): void {
    void look()
    cancel = clock.after(lookMs, lookAgain)
  }
  lookAgain()
  return { now, badSinceMs: () => badSinceMs, note, close: () => cancel() }
}
