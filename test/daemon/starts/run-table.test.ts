import { expect, test } from 'vitest'
import { newRunTable } from '../../../src/daemon/starts/run-table.ts'
import { enter, type LiveRun } from '../../../src/run/live-run.ts'
import { liveRunIn } from '../../support/live-run.ts'

function aRun(run: string): LiveRun {
  const ending = { kind: 'ending', reason: 'timeout', signal: 'SIGTERM', sinceMs: 0 } as const
  return liveRunIn(ending, run)
}

test('the table forgets the runs whose stragglers were killed', () => {
  const table = newRunTable(new Map())
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
