import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openLookBack } from '../../../src/record/history/look-back.ts'
import { openHistory } from '../../../src/record/history/write-history.ts'
import { runRow } from '../../support/history.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-window-'))
const file = path.join(folder, 'history.db')
const history = openHistory(file, {
  after: () => () => {},
  now: () => 0,
  onTrouble: (words) => expect.unreachable(words),
})
/** `busy` runs in 9 of 10 seconds, and each 7th row has failed. */
const rows = Array.from({ length: 1_000 }, (_, n) =>
  runRow(n, {
    task: n % 10 === 0 ? `rare-${(n / 10) % 4}` : 'busy',
    outcome: n % 7 === 0 ? 'failed' : 'ok',
  }),
)
for (const row of rows) history.add(row)
history.close()
const past = openLookBack(file)
afterAll(() => {
  past.close()
  fs.rmSync(folder, { recursive: true, force: true })
})

const startOf = (n: number): number => Date.parse(rows[n]?.startedAt ?? '')
const window = { from: startOf(100), to: startOf(899), tasks: [] }
const limits = { rows: 1_000, runs: 200, stepMs: 7_000 }
const inWindow = rows.slice(100, 900)

test.each([
  ['all tasks', []],
  ['some tasks', ['busy', 'rare-1', 'none']],
])('of %s, those with many runs are counted, and the others have their rows', (_, tasks) => {
  const { parts, counted, isCut } = past.between({ ...window, tasks }, limits)
  const wanted = inWindow.filter(({ task }) => tasks.length === 0 || tasks.includes(task))
  const rare = wanted.filter(({ task }) => task !== 'busy')
  expect(parts.map(([task, run]) => [task, run])).toEqual(
    rare.toReversed().map(({ task, run }) => [task, run]),
  )
  expect([...counted.keys()]).toEqual(['busy'])
  expect(isCut).toBe(false)

  const expected = new Map<number, [number, number]>()
  for (const { startedAt, outcome } of inWindow.filter(({ task }) => task === 'busy')) {
    const at = Date.parse(startedAt ?? '') - window.from
    const begin = window.from + Math.floor(at / limits.stepMs) * limits.stepMs
    const [runs, failed] = expected.get(begin) ?? [0, 0]
    expected.set(begin, [runs + 1, failed + (outcome === 'failed' ? 1 : 0)])
  }
  const found = new Map<number, [number, number]>()
  for (const [, begin, runs, failed] of counted.get('busy') ?? []) {
    const [allRuns, allFailed] = found.get(begin) ?? [0, 0]
    found.set(begin, [allRuns + runs, allFailed + failed])
  }
  expect(found).toEqual(expected)
})

test('the newest rows are kept where there are too many, and the answer says so', () => {
  const { parts, isCut } = past.between(window, { rows: 10, runs: 1_000, stepMs: 7_000 })
  expect(parts.map(([, run]) => run)).toEqual(
    inWindow
      .slice(-10)
      .toReversed()
      .map(({ run }) => run),
  )
  expect(isCut).toBe(true)
  const all = past.between(window, { rows: inWindow.length, runs: 1_000, stepMs: 7_000 })
  expect([all.parts.length, all.isCut]).toEqual([inWindow.length, false])
})
