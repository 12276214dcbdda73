import { expect, test } from 'vitest'
import { newRunTable } from '../../../src/daemon/starts/run-table.ts'
import type { HistoryRow } from '../../../src/plan/history-row.ts'
import { enter, type LiveRun } from '../../../src/run/live-run.ts'
import { runRow, skipRow } from '../../support/history.ts'
import { liveRunIn } from '../../support/live-run.ts'

function aRun(run: string): LiveRun {
  const ending = { kind: 'ending', reason: 'timeout', signal: 'SIGTERM', sinceMs: 0 } as const
  return liveRunIn(ending, run)
}

const noTasks = { all: new Map() }

test('the table forgets the runs whose stragglers were killed', () => {
  const table = newRunTable(new Map(), noTasks)
  const [first, second] = [aRun('one'), aRun('two')]
  for (const run of [first, second]) table.add(run)
  enter(first, { kind: 'killing-stragglers' })
  table.end(first)
  expect(table.remains()).toEqual([first])
  enter(first, { kind: 'ended' })
  enter(second, { kind: 'killing-stragglers' })
  table.end(second)
  expect(table.remains()).toEqual([second])
})

test('failures in a row are counted, and a good run ends the row', () => {
  const table = newRunTable(new Map(), noTasks)
  const failuresAfter = (n: number, changes: Partial<HistoryRow>): number => {
    table.noteRow(runRow(n, changes))
    return table.counts('backup').failures
  }
  expect(failuresAfter(1, { outcome: 'failed' })).toBe(1)
  expect(failuresAfter(2, { outcome: 'timeout', reason: 'timeout' })).toBe(2)
  // A person or a reload ended it: that says nothing about the task.
  expect(failuresAfter(3, { outcome: 'killed', reason: 'reload' })).toBe(2)
  expect(failuresAfter(4, { outcome: 'killed', reason: 'not by torch' })).toBe(3)
  // After a crash the same end is recorded again.
  expect(failuresAfter(4, { outcome: 'killed', reason: 'not by torch' })).toBe(3)
  // A retry is an attempt of the run before it, unless a good run came in between.
  const retry = { outcome: 'failed', trigger: 'retry' } as const
  expect(failuresAfter(5, { ...retry, attempt: 2 })).toBe(3)
  expect(failuresAfter(6, { outcome: 'ok' })).toBe(0)
  expect(failuresAfter(7, { ...retry, attempt: 2 })).toBe(1)
  expect(failuresAfter(8, { ...retry, attempt: 3 })).toBe(1)
})

test('skips are counted since the last start, and a run that was adopted has not started now', () => {
  const table = newRunTable(
    new Map([['job', { last: undefined, lastOk: undefined, failures: 0, skips: 3 }]]),
    noTasks,
  )
  table.adopt(aRun('one'))
  table.noteRow(skipRow(1, { task: 'job' }))
  expect(table.counts('job').skips).toBe(4)
  table.add(aRun('two'))
  expect(table.counts('job').skips).toBe(0)
})

test('runs are in the pools that the file gives their task now, the oldest first', () => {
  const pools = (...names: string[]) => ({ pools: names.map((name) => ({ name, size: 5 })) })
  let all = new Map([['job', pools('db', 'io')]])
  const table = newRunTable(new Map(), {
    get all() {
      return all
    },
  })
  const inPool = (pool: string) => [...table.inPool(pool)].map(({ description }) => description.run)
  const [first, second] = [aRun('1'), aRun('2')]
  table.adopt(first)
  table.add(second)
  expect([inPool('db'), inPool('io'), inPool('no')]).toEqual([['1', '2'], ['1', '2'], []])
  all = new Map([['job', pools('cpu')]])
  expect([inPool('db'), inPool('cpu')]).toEqual([[], ['1', '2']])
  table.end(first)
  expect(inPool('cpu')).toEqual(['2'])
  all = new Map()
  expect(inPool('cpu')).toEqual([])
  table.end(second)
  all = new Map([['job', pools('db')]])
  expect(inPool('db')).toEqual([])
})
