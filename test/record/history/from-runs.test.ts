import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { thisMachine } from '../../../src/host/host.ts'
import type { Outcome } from '../../../src/plan/history-row.ts'
import type { HistoryReader } from '../../../src/record/history/read-history.ts'
import { historyOfRuns } from '../../../src/record/history/from-runs.ts'
import { newFolder } from '../support.ts'

const run = (second: number) => `20260308T07000${second}.000-00000${second}`
const start = Date.UTC(2026, 2, 8, 7)

/** Runs in a folder: task, second of its start, and how it ended after how many ms. */
function runs(...all: [task: string, second: number, outcome?: Outcome, ms?: number][]) {
  const folder = newFolder()
  for (const [task, second, outcome, ms = 0] of all) {
    const directory = path.join(folder, task, run(second))
    fs.mkdirSync(directory, { recursive: true })
    const startedMs = start + second * 1000
    const description = { run: run(second), task, startedMs, slot: null, dueMs: null, host: 'web1' }
    fs.writeFileSync(path.join(directory, 'run.json'), JSON.stringify(description))
    if (outcome === undefined) continue
    const conclusion = { run: run(second), outcome, exitCode: 0, endedMs: startedMs + ms }
    fs.writeFileSync(path.join(directory, 'outcome.json'), JSON.stringify(conclusion))
  }
  return historyOfRuns(thisMachine(), folder)
}

const seconds = (reader: HistoryReader, filter: Parameters<HistoryReader['rows']>[0]) =>
  reader.rows(filter).map((row) => Number(row.run?.at(-1)))

test('rows are those of all runs, by time, chosen as of a history.db', () => {
  const reader = runs(['b', 1, 'ok'], ['a', 2, 'failed'], ['b', 3], ['a', 4, 'ok'])
  expect(seconds(reader, { limit: 9 })).toEqual([1, 2, 3, 4])
  expect(seconds(reader, { limit: 2 })).toEqual([3, 4])
  expect(seconds(reader, { limit: 0 })).toEqual([])
  expect(seconds(reader, { tasks: ['a'], limit: 9 })).toEqual([2, 4])
  expect(seconds(reader, { outcomes: ['ok', 'running'], limit: 9 })).toEqual([1, 3, 4])
  expect(seconds(reader, { since: '2026-03-08T07:00:03Z', limit: 9 })).toEqual([3, 4])
  expect(reader.tasks()).toEqual(['a', 'b'])
})

test('the last of each is the last that is over', () => {
  const reader = runs(['a', 1, 'ok'], ['a', 2, 'failed'], ['a', 3], ['b', 4])
  expect([...reader.lastOfEach()].map(([task, row]) => [task, row.outcome])).toEqual([
    ['a', 'failed'],
  ])
})

test('a run by its id, or by what it begins with', () => {
  const reader = runs(['a', 1, 'ok'], ['b', 2, 'ok'])
  expect(reader.run(run(2))?.task).toBe('b')
  expect(reader.run(run(1).slice(0, -1))?.task).toBe('a')
  expect(reader.run('2027')).toBeUndefined()
  expect(reader.run('')).toBeUndefined()
  expect(() => reader.run('2026')).toThrow(`several runs begin with "2026": ${run(1)}, ${run(2)}`)
})

test('how long tasks usually take', () => {
  const reader = runs(
    ['a', 1, 'ok', 10],
    ['a', 2, 'ok', 30],
    ['a', 3, 'ok', 20],
    ['a', 4, 'failed', 99],
    ['b', 5],
  )
  expect(reader.usual(['a', 'b', 'c'])).toEqual(new Map([['a', 20]]))
})

test('what is no run, and a run that cannot be read, are not in it', () => {
  const folder = newFolder()
  fs.mkdirSync(path.join(folder, 'a', run(1)), { recursive: true })
  fs.mkdirSync(path.join(folder, 'a', 'notes'))
  expect(historyOfRuns(thisMachine(), folder).rows({ limit: 9 })).toEqual([])
  expect(historyOfRuns(thisMachine(), path.join(folder, 'none')).tasks()).toEqual([])
})
