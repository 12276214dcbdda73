import type { Clock } from '../host/clock.ts'
import type { HistoryRow } from '../plan/history-row.ts'
import { isFailure } from '../plan/run-outcome.ts'
import type { Start } from '../plan/admit.ts'
import type { PausedSlots } from '../plan/pauses.ts'
import type { Miss } from '../plan/tick.ts'
import type { RunConclusion, RunDescription } from '../run/directory.ts'
import { counted } from '../text/plural.ts'
import { type FullPool, fullPoolText, whyNotStarted } from '../text/why-not-started.ts'
import type { Counters } from './counters.ts'
import type { History } from './history/write-history.ts'
import { latenessOf, missRow, type Origin, pausedRow, runRow, skipRow } from './history/rows.ts'
import type { Log } from './log.ts'
import type { Totals } from './totals.ts'

/** Puts what happens on record: a row of the history, a line of the log and the counters together. */
export interface Journal {
  /** `group` is the process group of the run. */
  started(run: RunDescription, group: number | undefined): void
  /** A run that an earlier daemon started still runs, and this daemon watches it. */
  adopted(run: RunDescription, group: number | undefined): void
  ended(run: RunDescription, conclusion: RunConclusion): void
  /** A start that was due does not happen. `full`: the pool that has no room, for the log. */
  skipped(start: Start, reason: string, full?: FullPool): void
  /** Slots of a paused task pass: they are counted now, and their row comes when the pause is over. */
  passed(task: string, count: number): void
  /** One row for the slots of each pause that is over. They are in the history when this returns. */
  paused(slots: readonly PausedSlots[]): void
  /** Slots that passed without a start. They are in the history when this returns. */
  missed(misses: readonly Miss[]): void
}

export interface JournalParts {
  readonly clock: Clock
  readonly history: History
  readonly log: Log
  readonly counters: Counters
  readonly totals: Totals
  /** This host, and the revision of its tasks file at the moment. */
  readonly origin: () => Origin
  /** The place in order of what happens now (run/order.ts). */
  readonly nextPlace: () => number
  /** Gets every start that does not happen, once that is on record. */
  readonly onSkip?: (start: Start) => void
  /** Gets every row. */
  readonly onRow: (row: HistoryRow) => void
}

export function newJournal(parts: JournalParts): Journal {
  const { clock, history, log, counters, totals, origin, nextPlace, onRow, onSkip } = parts
  const record = (row: HistoryRow, orderMs: number): HistoryRow => {
    history.add(row, orderMs)
    onRow(row)
    return row
  }
  const recordRun = (run: RunDescription, conclusion?: RunConclusion): HistoryRow =>
    record(runRow(run, conclusion), run.orderMs ?? run.startedMs)
  return {
    started(run, group) {
      const { task, trigger, attempt } = run
      const { slot } = recordRun(run)
      const lateMs = latenessOf(run)
      counters.count('started')
      if (lateMs !== null && trigger === 'schedule') {
        counters.late(lateMs)
        totals.started(lateMs)
      }
      const facts = { task, run: run.run, slot, trigger, attempt, lateMs, group }
      log.info('start', facts, `${task} started`)
    },
    adopted(run, group) {
      recordRun(run)
      log.info('adopt', { task: run.task, run: run.run, group }, `${run.task} still runs, adopted`)
    },
    ended(run, conclusion) {
      const row = recordRun(run, conclusion)
      if (isFailure(conclusion)) counters.count('failed')
      totals.ended(run.task, conclusion.outcome, lengthOf(row))
      logEnd(log, run, conclusion, row)
    },
    skipped(start, reason, full) {
      const row = record(skipRow(start, reason, clock.now(), origin()), nextPlace())
      counters.count('skipped')
      // Only the kind: `max: runs on web1` would be a series for each machine.
      totals.skipped(start.task, reason.split(':', 1)[0] ?? reason)
      logSkip(log, start, reason, row, full)
      onSkip?.(start)
    },
    passed(task, count) {
      counters.count('skipped', count)
      totals.skipped(task, 'paused', count)
    },
    paused(slots) {
      for (const each of slots) {
        const { task, count } = each
        const { slot, lastSlot } = record(pausedRow(each, clock.now(), origin()), nextPlace())
        const facts = { task, slot, lastSlot, count, reason: 'paused' }
        log.info('skip', facts, `${task} was paused: ${counted(count, 'slot')} passed`)
      }
      if (slots.length > 0) history.flush()
    },
    missed(misses) {
      for (const miss of misses) {
        const row = record(missRow(miss, clock.now(), origin()), nextPlace())
        counters.count('missed', miss.count)
        totals.missed(miss.task, miss.reason, miss.count)
        logMiss(log, miss, row)
      }
      if (misses.length > 0) history.flush()
    },
  }
}

function logSkip(
  log: Log,
  { task, trigger }: Start,
  reason: string,
  { slot }: HistoryRow,
  full: FullPool | undefined,
): void {
  const { pool, runs = [], more = 0 } = full ?? {}
  const facts = {
    ...{ task, slot, trigger, reason },
    ...(full !== undefined && { pool, runs: runs.map(({ run }) => run) }),
    ...(more > 0 && { more }),
  }
  const why = full === undefined ? whyNotStarted(reason) : fullPoolText(full)
  log.info('skip', facts, `${task} did not start: ${why}`)
}

function logMiss(log: Log, { task, count, reason }: Miss, { slot, lastSlot }: HistoryRow): void {
  const facts = { task, slot, lastSlot, count, reason }
  const missed = `${task} missed ${counted(count, 'slot')}`
  log.warn('miss', facts, `${missed}: ${whyNotStarted(reason, 'missed')}`)
}

/** A run that did not begin has no length, and nobody knows when one with an unknown end ended. */
function lengthOf({ outcome, durationMs }: HistoryRow): number | null {
  return outcome === 'spawn-failed' || outcome === 'unknown' ? null : durationMs
}

function logEnd(
  log: Log,
  { task, run }: RunDescription,
  { outcome, exitCode, signal, reason, stragglers, unread }: RunConclusion,
  { slot, durationMs }: HistoryRow,
): void {
  const facts = {
    ...{ task, run, slot, outcome, exitCode, signal, reason, durationMs },
    ...(stragglers > 0 ? { stragglers } : {}),
    ...(unread === undefined ? {} : { unread }),
  }
  const words = `${task} ended: ${outcome}${reason === null ? '' : ` (${reason})`}`
  if (outcome === 'ok') log.info('end', facts, words)
  else log.warn('end', facts, words)
}
