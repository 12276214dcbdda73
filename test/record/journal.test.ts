import { expect, test } from 'vitest'
import type { HistoryRow } from '../../src/plan/history-row.ts'
import { newCounters } from '../../src/record/counters.ts'
import { newJournal } from '../../src/record/journal.ts'
import { newTotals } from '../../src/record/totals.ts'
import type { RunConclusion, RunDescription } from '../../src/run/directory.ts'
import { handClock } from '../support/clock.ts'

const slot = Date.parse('2026-03-10T12:00:00Z') / 1000

const run: RunDescription = {
  run: '20260310T120000.005-abcdef',
  task: 'backup',
  type: 'common',
  slot,
  dueMs: slot * 1000,
  trigger: 'schedule',
  attempt: 1,
  attempts: 1,
  definition: 'hash',
  revision: 'abc',
  host: 'web1',
  bootId: 'boot',
  startedMs: slot * 1000 + 5,
  command: 'true',
  timeoutMs: null,
  killAfterMs: 10_000,
  successCodes: [0],
  maxOutputBytes: 1000,
  restartDelayMs: 0,
}

const ended: RunConclusion = {
  run: run.run,
  outcome: 'ok',
  exitCode: 0,
  signal: null,
  reason: null,
  startedMs: run.startedMs,
  endedMs: run.startedMs + 250,
  stragglers: 0,
}

/** A journal, and all that it writes. */
function aJournal() {
  const lines: string[] = []
  const rows: HistoryRow[] = []
  const seen: HistoryRow[] = []
  const say = (level: string) => (event: string, _facts: object, words: string) =>
    void lines.push(`${level} ${event}: ${words}`)
  const counters = newCounters()
  const totals = newTotals()
  totals.setTasks(['backup'])
  let flushes = 0
  const journal = newJournal({
    clock: handClock('2026-03-10T12:00:01Z'),
    history: {
      add: (row) => void rows.push(row),
      takeBack() {},
      flush: () => void (flushes += 1),
      prune: () => 0,
      trouble: () => undefined,
      close() {},
    },
    log: { info: say('info'), warn: say('warn'), error: say('error'), reopen() {}, close() {} },
    counters,
    totals,
    origin: () => ({ host: 'web1', revision: 'abc' }),
    nextPlace: () => 0,
    onRow: (row) => void seen.push(row),
  })
  const stat = () => counters.takeStat()
  return { journal, lines, rows, seen, stat, totals, flushes: () => flushes }
}

test('a start and an end are each a row of the history, a line of the log and a count', () => {
  const { journal, lines, rows, seen, stat, totals } = aJournal()
  journal.started(run, 4711)
  journal.ended(run, { ...ended, outcome: 'failed', exitCode: 3 })
  expect(rows.map(({ outcome, exitCode, durationMs }) => [outcome, exitCode, durationMs])).toEqual([
    ['running', null, null],
    ['failed', 3, 250],
  ])
  expect(seen).toEqual(rows)
  expect(lines).toEqual(['info start: backup started', 'warn end: backup ended: failed'])
  expect(stat()).toMatchObject({ started: 1, failed: 1, lateness: { p50: 5, max: 5 } })
  const { runs, durations } = totals.counted.get('backup')!
  expect([runs['failed'], durations.sum, totals.lateness.sum]).toEqual([1, 0.25, 0.005])
})

test.each([
  { outcome: 'ok', reason: null, failed: 0 },
  { outcome: 'timeout', reason: 'timeout', failed: 1 },
  { outcome: 'killed', reason: 'stop', failed: 0 },
  { outcome: 'killed', reason: 'not by torch', failed: 1 },
] as const)('a run that ends as $outcome ($reason) counts as $failed failed', (end) => {
  const { journal, stat } = aJournal()
  journal.ended(run, { ...ended, outcome: end.outcome, reason: end.reason })
  expect(stat().failed).toBe(end.failed)
})

test.each(['spawn-failed', 'unknown'] as const)(
  'a run that ends as %s has no length that counts',
  (outcome) => {
    const { journal, totals } = aJournal()
    journal.ended(run, { ...ended, outcome })
    const { runs, durations } = totals.counted.get('backup')!
    expect([runs[outcome], durations.sum]).toEqual([1, 0])
  },
)

test('an adopted run is on record again, but does not count as started', () => {
  const { journal, lines, rows, stat, totals } = aJournal()
  journal.adopted(run, 4711)
  expect(rows).toMatchObject([{ run: run.run, outcome: 'running' }])
  expect(lines).toEqual(['info adopt: backup still runs, adopted'])
  expect(stat().started).toBe(0)
  expect(totals.lateness.sum).toBe(0)
})

test('a skip is on record with its reason', () => {
  const { journal, lines, rows, stat, totals } = aJournal()
  const start = { task: 'backup', slot, trigger: 'schedule', attempt: 1, dueMs: undefined } as const
  journal.skipped(start, 'max')
  expect(rows).toMatchObject([{ run: null, outcome: 'skipped', reason: 'max', host: 'web1' }])
  expect(lines).toEqual(['info skip: backup did not start: at its max'])
  expect(stat().skipped).toBe(1)
  expect(totals.counted.get('backup')?.skipped).toEqual({ max: 1 })
})

test('missed slots count by their number and are in the history at once', () => {
  const { journal, lines, rows, stat, totals, flushes } = aJournal()
  journal.missed([])
  expect(flushes()).toBe(0)
  journal.missed([{ task: 'backup', first: slot, last: slot + 60, count: 7, reason: 'down' }])
  expect(rows).toMatchObject([{ outcome: 'missed', count: 7, lastSlot: '2026-03-10T12:01:00Z' }])
  expect(lines).toEqual(['warn miss: backup missed 7 slots: torch was down'])
  expect(stat().missed).toBe(7)
  expect(totals.counted.get('backup')?.missed).toEqual({ down: 7, clock: 0 })
  expect(flushes()).toBe(1)
})
