/** What the `stat` line of the log counts. */
type Counted = 'started' | 'failed' | 'skipped' | 'missed'

/** All since the one before. Lateness is in milliseconds, null where nothing was started by the clock. */
interface Stat {
  readonly started: number
  readonly failed: number
  readonly skipped: number
  readonly missed: number
  readonly lateness: { readonly p50: number | null; readonly max: number | null }
}

export interface Counters {
  /** `times` is for a miss of many slots. */
  count(what: Counted, times?: number): void
  /** How many milliseconds after its slot something was started. */
  late(ms: number): void
  /** What was counted since the last call; begins anew. */
  takeStat(): Stat
}

/** Enough for a median within a hundredth of the ranks; at 8 bytes each, 32 KB. */
export const maxSamples = 4096

export function newCounters(): Counters {
  let counts = noCounts()
  let lateness = newSamples()
  return {
    count(what, times = 1) {
      counts[what] += times
    },
    late: (ms) => lateness.add(ms),
    takeStat() {
      const stat = { ...counts, lateness: { p50: lateness.median(), max: lateness.max() } }
      counts = noCounts()
      lateness = newSamples()
      return stat
    },
  }
}

function noCounts(): Record<Counted, number> {
  return { started: 0, failed: 0, skipped: 0, missed: 0 }
}

/**
 * A bounded sample of a stream: every one until it is full, then every second, every fourth ...
 * Evenly spread over the stream and without chance, so that the same input gives the same stat.
 */
function newSamples() {
  let kept: number[] = []
  let stride = 1
  let seen = 0
  let max: number | null = null
  return {
    add(ms: number): void {
      max = Math.max(max ?? ms, ms)
      if (seen % stride === 0) kept.push(ms)
      seen += 1
      if (kept.length < maxSamples) return
      kept = kept.filter((_, index) => index % 2 === 0)
      stride *= 2
    },
    max: () => max,
    median: () => kept.toSorted((a, b) => a - b)[Math.floor((kept.length - 1) / 2)] ?? null,
  }
}
