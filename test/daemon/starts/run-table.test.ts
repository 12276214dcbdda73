import { expect, test } from 'vitest'
import { newRunTable } from '../../../src/daemon/starts/run-table.ts'
import type { RunDescription } from '../../../src/run/directory.ts'
import { enter, type LiveRun, newLiveRun } from '../../../src/run/live-run.ts'

function aRun(run: string): LiveRun {
  const description: RunDescription = {
    run,
    task: 'job',
    type: 'common',
    slot: null,
    dueMs: null,
    trigger: 'schedule',
    attempt: 1,
    definition: '',
    revision: null,
    host: 'host',
    bootId: '',
    startedMs: 0,
    command: 'true',
    timeoutMs: null,
    killAfterMs: 0,
    successCodes: [0],
    maxOutputBytes: 0,
    restartDelayMs: 0,
  }
  const ending = { kind: 'ending', reason: 'timeout', signal: 'SIGTERM', sinceMs: 0 } as const
  return newLiveRun({ description, directory: '/nowhere', recorder: undefined, state: ending })
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
