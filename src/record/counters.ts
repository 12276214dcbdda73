/** What the `stat` line of the log counts. */
type Counted = 'started' | 'failed' | 'skipped' | 'missed'

/** Everything since the last one. Lateness is in milliseconds; null if the clock started nothing. */
interface Stat {
  readonly started: number
  readonly failed: number
  readonly skipped: number
  readonly missed: number
  readonly lateness: { readonly p50: number | null; readonly max: number | null }
}

export interface Counters {
  /** `times`: one miss may stand for many slots. */
  count(what: Counted, times?: number): void
  /** Something started this many milliseconds after its slot. */
  late(ms: number): void
  /** Returns the counts since the last call and sets them back to 0. */
  takeStat(): Stat
}

/** Enough for a median that is right within 1 % of the ranks. 8 bytes each: 32 KB. */
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
 * A bounded sample of a stream: it keeps every value until it is full, then every second one, every
 * fourth and so on. It is spread evenly over the stream, and the same input gives the same result.
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
