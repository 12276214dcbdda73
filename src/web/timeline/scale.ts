import { offsetAt } from '../../schedule/timezone.ts'
import { dayName, shortTime } from '../model/words.ts'

/** The part of the time that is in view, in ms since the epoch, and its width in px. */
export interface Scale {
  readonly from: number
  readonly to: number
  readonly width: number
}

/** The scale around a moment. It moves in steps of one px, so that what is drawn stays the same in between. */
export function scaleAround(centre: number, halfMs: number, width: number): Scale {
  const step = Math.max(1, (2 * halfMs) / Math.max(1, width))
  const from = Math.floor((centre - halfMs) / step) * step
  return { from, to: from + 2 * halfMs, width }
}

/** In px from the left edge, to a tenth. */
export function xOf({ from, to, width }: Scale, ms: number): number {
  return Math.round(((ms - from) / (to - from)) * width * 10) / 10
}

export interface Tick {
  readonly x: number
  readonly label: string
  readonly isDay: boolean
}

const minute = 60_000
const hour = 60 * minute
const steps = [
  ...[5 * minute, 10 * minute, 15 * minute, 30 * minute],
  ...[hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour],
  ...[24 * hour, 48 * hour],
]

/** Round moments on the clock of a zone, at least `minGap` px apart. */
export function ticksOf(scale: Scale, zone: string, minGap: number): Tick[] {
  const msPerPx = (scale.to - scale.from) / Math.max(1, scale.width)
  const step = steps.find((each) => each / msPerPx >= minGap) ?? 168 * hour
  const offsetMs = (ms: number): number => offsetAt(zone, Math.floor(ms / 1000)) * 1000
  const ticks: Tick[] = []
  const first = Math.ceil((scale.from + offsetMs(scale.from)) / step) * step
  // On the clock of the zone. At a change of the clock an hour may come twice, or not at all.
  for (let local = first; local <= scale.to + 24 * hour; local += step) {
    const guess = local - offsetMs(local)
    const ms = local - offsetMs(guess)
    if (ms > scale.to) break
    if (ms < scale.from || ms + offsetMs(ms) !== local) continue
    const isDay = local % (24 * hour) === 0
    const label = isDay ? dayName(zone, ms) : shortTime(zone, ms, ms)
    ticks.push({ x: xOf(scale, ms), label, isDay })
  }
  return ticks
}
