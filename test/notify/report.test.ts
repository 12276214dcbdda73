import { expect, test } from 'vitest'
import type { Entry } from '../../src/notify/entry-file.ts'
import { reportOf } from '../../src/notify/report.ts'

const noon = Date.parse('2026-03-10T12:00:00Z')

/** An entry of this second after noon that is tried this many seconds after noon; null: as soon as possible. */
function entry(second: number, task: string, next: number | null): Entry {
  return {
    ...{ name: `00${noon + second * 1_000}-0001-0123456789abcdef.json`, recipient: 'ops', task },
    ...{ attempts: 1, waitedMs: 0, nextMs: next === null ? null : noon + next * 1_000 },
    lastError: null,
  }
}

/** When the next one is tried, in seconds after noon. It is a second after noon. */
function nextOf(entries: Entry[], sentMs: number[] = []): number | null {
  const targets = [{ kind: 'command', name: 'ops', command: ['cat'] }] as const
  const results = { all: () => ({}), sentMs: () => sentMs }
  const [found] = reportOf(
    { targets, heartbeat: undefined },
    entries,
    results,
    noon + 1_000,
  ).targets
  return found?.next == null ? null : (Date.parse(found.next) - noon) / 1_000
}

test('a report says when the next message to a target is tried', () => {
  expect(nextOf([])).toBeNull()
  expect(nextOf([entry(0, 'a', 30), entry(0, 'b', 20)])).toBe(20)
  // The second one about a task waits for the first.
  expect(nextOf([entry(0, 'a', 30), entry(1, 'a', null)])).toBe(30)
  expect(nextOf([entry(0, 'a', null)])).toBe(1)
  const ten = Array.from({ length: 10 }, (_, second) => noon - second * 1_000).toReversed()
  expect(nextOf([entry(0, 'a', null)], ten)).toBe(51)
  expect(nextOf([entry(0, 'a', null)], ten.slice(1))).toBe(1)
})
