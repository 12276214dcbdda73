import type { Outcome } from '../plan/history-row.ts'

/** Counts of everything that happened to the tasks of this host, for Prometheus. They only grow. */
export interface Totals {
  /**
   * The tasks of this host. The first `maxCounted` get counts of their own, for as long as they are among
   * these; the others share one. Counts of a task that is no longer among them are dropped.
   */
  setTasks(names: Iterable<string>): void
  /** How many milliseconds a start by the schedule came after its time. */
  started(lateMs: number): void
  /** `durationMs`: null if the run did not begin, or if nobody knows when it ended. */
  ended(task: string, outcome: Outcome, durationMs: number | null): void
  skipped(task: string, reason: string, slots?: number): void
  /** One miss may stand for many slots. */
  missed(task: string, reason: string, slots: number): void
  /** In the order of the tasks. */
  readonly counted: ReadonlyMap<string, TaskTotals>
  /** The tasks that share `shared`. */
  readonly others: ReadonlySet<string>
  readonly shared: TaskTotals
  /** In seconds, by `latenessBounds`. */
  readonly lateness: Spread
  /** All counts as text, for restore(). */
  saved(): string
  /**
   * Continues with the counts of the previous daemon: for a Prometheus that asks once a minute, slots that
   * were missed between two daemons must not vanish in counts that begin again. Ignores what it cannot read.
   */
  restore(saved: string): void
}

export interface TaskTotals {
  readonly runs: Counts
  readonly skipped: Counts
  readonly missed: Counts
  /** In seconds, by `durationBounds`. */
  readonly durations: Spread
}

type Counts = Readonly<Record<string, number>>

/** How many values are at most each bound and over the one before it; the last count is of those over all bounds. */
interface Spread {
  readonly counts: readonly number[]
  readonly sum: number
}

/** In seconds: from a script of a moment to a backup of half a day. */
export const durationBounds = [0.1, 0.5, 2, 10, 30, 60, 300, 900, 1800, 3600, 10_800, 43_200]
/** In seconds: a start within 10 ms is the rule, and one after more than a minute is a missed slot. */
export const latenessBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** The most tasks with counts of their own: each of them is some 30 series in Prometheus. */
export const maxCounted = 1_000

/** `onOthers` gets the number of tasks that share their counts, whenever it has changed. */
export function newTotals(onOthers: (others: number) => void = () => {}): Totals {
  const counted = new Map<string, MutableTotals>()
  let others = new Set<string>()
  const shared = noTotals()
  const lateness = noSpread(latenessBounds)
  const add = (task: string, count: (totals: MutableTotals) => void): void => {
    const totals = counted.get(task) ?? (others.has(task) ? shared : undefined)
    if (totals !== undefined) count(totals)
  }
  return {
    setTasks(names) {
      const all = new Set(names)
      for (const task of counted.keys()) if (!all.has(task)) counted.delete(task)
      const before = others.size
      others = new Set()
      for (const task of all) {
        if (counted.has(task)) continue
        if (counted.size < maxCounted) counted.set(task, noTotals())
        else others.add(task)
      }
      if (others.size !== before) onOthers(others.size)
    },
    started: (lateMs) => addTo(lateness, latenessBounds, lateMs / 1000),
    ended(task, outcome, durationMs) {
      add(task, ({ runs, durations }) => {
        increase(runs, outcome, 1)
        if (durationMs !== null) addTo(durations, durationBounds, durationMs / 1000)
      })
    },
    skipped: (task, reason, slots = 1) =>
      add(task, ({ skipped }) => increase(skipped, reason, slots)),
    missed: (task, reason, slots) => add(task, ({ missed }) => increase(missed, reason, slots)),
    counted,
    get others() {
      return others
    },
    shared,
    lateness,
    saved: () => JSON.stringify({ tasks: Object.fromEntries(counted), shared, lateness }),
    restore(saved) {
      const from = parseSaved(saved)
      addSpread(lateness, from.lateness)
      addTotals(shared, from.shared)
      for (const [task, totals] of counted)
        if (Object.hasOwn(from.tasks ?? {}, task)) addTotals(totals, from.tasks?.[task])
    },
  }
}

/** What a previous daemon, perhaps of another version, has saved. Nothing in it is certain. */
interface Saved {
  readonly tasks?: Readonly<Record<string, SavedTotals | undefined>> | null
  readonly shared?: SavedTotals
  readonly lateness?: SavedSpread
}
type SavedTotals = { readonly [K in keyof TaskTotals]?: unknown } & { durations?: SavedSpread }
type SavedSpread = { readonly counts?: unknown; readonly sum?: unknown } | null

function parseSaved(text: string): Saved {
  try {
    const saved: unknown = JSON.parse(text)
    return typeof saved === 'object' && saved !== null ? saved : {}
  } catch {
    return {}
  }
}

function addTotals(totals: MutableTotals, saved: SavedTotals | undefined): void {
  if (typeof saved !== 'object' || saved === null) return
  for (const what of ['runs', 'skipped', 'missed'] as const)
    for (const [key, count] of Object.entries(saved[what] ?? {}))
      if (isCount(count)) increase(totals[what], key, count)
  addSpread(totals.durations, saved.durations)
}

/** A version with other bounds has another number of counts, and its values cannot be told apart. */
function addSpread(spread: MutableSpread, saved: SavedSpread | undefined): void {
  const { counts, sum } = saved ?? {}
  if (!Array.isArray(counts) || counts.length !== spread.counts.length) return
  if (!counts.every(isCount) || !isCount(sum)) return
  for (const [at, count] of counts.entries()) spread.counts[at] = (spread.counts[at] ?? 0) + count
  spread.sum += sum
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

interface MutableTotals extends TaskTotals {
  readonly runs: Record<string, number>
  readonly skipped: Record<string, number>
  readonly missed: Record<string, number>
  readonly durations: MutableSpread
}

interface MutableSpread {
  readonly counts: number[]
  sum: number
}

/**
 * What may be counted begins at 0. Prometheus must have seen the 0: a count that first appears as 1 has not
 * increased in its eyes, and the first failure of a task would raise no alarm.
 */
function noTotals(): MutableTotals {
  return {
    runs: { ok: 0, failed: 0, timeout: 0, killed: 0, 'spawn-failed': 0, unknown: 0 },
    skipped: { max: 0 },
    missed: { down: 0, clock: 0 },
    durations: noSpread(durationBounds),
  }
}

/** No values yet. */
export function noSpread(bounds: readonly number[]): MutableSpread {
  return { counts: Array.from({ length: bounds.length + 1 }, () => 0), sum: 0 }
}

/** Adds a value to those of the same bounds. */
export function addTo(spread: MutableSpread, bounds: readonly number[], value: number): void {
  const found = bounds.findIndex((bound) => value <= bound)
  const at = found === -1 ? bounds.length : found
  spread.counts[at] = (spread.counts[at] ?? 0) + 1
  spread.sum += value
}

function increase(counts: Record<string, number>, key: string, by: number): void {
  counts[key] = (counts[key] ?? 0) + by
}
