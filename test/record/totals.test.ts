import { expect, test } from 'vitest'
import { durationBounds, maxCounted, newTotals } from '../../src/record/totals.ts'

const names = (count: number) => Array.from({ length: count }, (_, index) => `task-${index}`)

test('everything that may be counted begins at 0, so that the first failure is an increase', () => {
  const totals = newTotals()
  totals.setTasks(['backup'])
  expect(totals.counted.get('backup')).toEqual({
    runs: { ok: 0, failed: 0, timeout: 0, killed: 0, 'spawn-failed': 0, unknown: 0 },
    skipped: { max: 0 },
    missed: { down: 0, clock: 0 },
    durations: { counts: Array.from({ length: durationBounds.length + 1 }, () => 0), sum: 0 },
  })
})

test('runs, skips, missed slots, durations and lateness are counted', () => {
  const totals = newTotals()
  totals.setTasks(['backup'])
  totals.started(0)
  totals.started(5)
  totals.started(61_000)
  totals.ended('backup', 'ok', 100)
  totals.ended('backup', 'ok', 101)
  totals.ended('backup', 'failed', 86_400_000)
  totals.ended('backup', 'spawn-failed', null)
  totals.skipped('backup', 'draining')
  totals.missed('backup', 'down', 3600)
  const { runs, skipped, missed, durations } = totals.counted.get('backup')!
  expect(runs).toMatchObject({ ok: 2, failed: 1, 'spawn-failed': 1 })
  expect(skipped).toEqual({ max: 0, draining: 1 })
  expect(missed).toEqual({ down: 3600, clock: 0 })
  // A value on a bound is below it.
  expect(durations.counts.slice(0, 3)).toEqual([1, 1, 0])
  expect(durations.counts.at(-1)).toBe(1)
  expect(durations.sum).toBeCloseTo(86_400.201)
  expect(totals.lateness.counts.at(0)).toBe(2)
  expect(totals.lateness.counts.at(-1)).toBe(1)
})

test('counts of a task end when it leaves this host, and begin at 0 when it is back', () => {
  const totals = newTotals()
  totals.setTasks(['a', 'b'])
  totals.ended('a', 'ok', 1)
  totals.ended('b', 'ok', 1)
  totals.setTasks(['b'])
  totals.ended('a', 'ok', 1)
  expect([...totals.counted.keys()]).toEqual(['b'])
  totals.setTasks(['b', 'a'])
  expect([...totals.counted].map(([task, { runs }]) => [task, runs['ok']])).toEqual([
    ['b', 1],
    ['a', 0],
  ])
})

test('the next daemon continues with the counts of the previous one, and ignores what it cannot read', () => {
  const before = newTotals()
  before.setTasks(['a', 'gone'])
  before.started(3)
  before.ended('a', 'ok', 100)
  before.missed('a', 'down', 2)
  before.skipped('a', 'draining')
  const saved = before.saved()
  const after = newTotals()
  after.setTasks(['a', 'constructor'])
  after.restore(saved)
  after.missed('a', 'down', 1)
  expect([...after.counted.keys()]).toEqual(['a', 'constructor'])
  const { runs, missed, skipped, durations } = after.counted.get('a')!
  expect([runs['ok'], missed['down'], skipped['draining'], durations.sum]).toEqual([1, 3, 1, 0.1])
  expect(after.lateness).toEqual(before.lateness)

  const other = JSON.parse(saved)
  other.lateness.counts.push(0)
  other.tasks.a.runs.ok = 'many'
  other.tasks.a.durations.sum = -1
  for (const bad of ['', '{', 'null', '7', '{"tasks":null,"shared":7}', JSON.stringify(other)]) {
    const fresh = newTotals()
    fresh.setTasks(['a'])
    fresh.restore(bad)
    expect(fresh.lateness.sum).toBe(0)
    expect(fresh.counted.get('a')).toMatchObject({ runs: { ok: 0 }, durations: { sum: 0 } })
  }
})

test('tasks over the most share their counts, which never fall, and each change is reported', () => {
  const others: number[] = []
  const totals = newTotals((count) => void others.push(count))
  const all = names(maxCounted + 2)
  totals.setTasks(all)
  const [over = '', last = ''] = all.slice(maxCounted)
  totals.ended(over, 'ok', 1)
  totals.ended(last, 'failed', 1)
  totals.ended('unknown', 'failed', 1)
  expect(totals.counted.size).toBe(maxCounted)
  expect([...totals.others]).toEqual([over, last])
  expect(totals.shared.runs).toMatchObject({ ok: 1, failed: 1 })
  // A task in front of the others takes no place of theirs.
  totals.setTasks(['first', ...all])
  expect(totals.counted.has('task-0')).toBe(true)
  expect([...totals.others]).toEqual(['first', over, last])
  // A place becomes free: what was shared stays counted there.
  totals.setTasks(all.slice(1))
  totals.ended(over, 'ok', 1)
  expect(totals.counted.get(over)?.runs['ok']).toBe(1)
  expect(totals.shared.runs).toMatchObject({ ok: 1, failed: 1 })
  totals.setTasks(all.slice(2))
  expect(others).toEqual([2, 3, 1, 0])
})
