import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { thisMachine } from '../../src/host/host.ts'
import {
  beginsRunId,
  isRunId,
  newRunId,
  exitPlaceholder,
  parseExit,
  readTraces,
  runStamp,
  startOfRun,
} from '../../src/run/directory.ts'

const time = fc.integer({ min: Date.UTC(1970, 0), max: Date.UTC(2100, 0) })

test('a run id says when its run was started, and sorts by that time', () => {
  fc.assert(
    fc.property(time, time, (one, other) => {
      const run = newRunId(one)
      expect(startOfRun(run)).toBe(one)
      expect(isRunId(run)).toBe(true)
      if (one < other) expect(run < runStamp(other)).toBe(true)
      else expect(run > runStamp(other)).toBe(true)
    }),
  )
})

test('each beginning of a run id that contains the T can begin a run id', () => {
  const run = newRunId(Date.UTC(2026, 10, 21, 7, 17))
  for (let length = 9; length <= run.length; length++)
    expect([length, beginsRunId(run.slice(0, length))]).toEqual([length, true])
})

test.each([
  '',
  '20261121',
  '2026',
  'backup',
  '20261121Tea',
  '2026-11-21T07',
  '20261121T*',
  'x20261121T',
])('%j cannot begin a run id', (word) => expect(beginsRunId(word)).toBe(false))

test('a run id has its time in it, and no task name looks like one', () => {
  const early = newRunId(Date.parse('2026-11-21T07:17:00.123Z'))
  const late = newRunId(Date.parse('2026-11-21T07:17:00.124Z'))
  expect(early.slice(0, 19)).toBe('20261121T071700.123')
  expect(early < late).toBe(true)
  expect(isRunId(early)).toBe(true)
  expect(isRunId('nightly-dump')).toBe(false)
})

test('readTraces adds up the processor time of the children', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-traces-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true }))
  fs.writeFileSync(path.join(folder, 'times'), '0m0.00s 0m0.01s\n1m2.50s 0m0.25s\n')
  expect(readTraces(thisMachine(), folder).cpuSeconds).toBe(62.75)
})

test.each([
  ['', undefined],
  ['0\n', { status: 0, signalled: false }],
  ['14', undefined],
  [exitPlaceholder, undefined],
  ['14'.padEnd(127) + '\n', undefined],
  ['7\n'.padEnd(127) + '\n', { status: 7, signalled: false }],
  ['Killed\n137\n'.padEnd(127) + '\n', { status: 137, signalled: true }],
  ['Terminated\n', undefined],
  ['Terminated\n143\n', { status: 143, signalled: true }],
])('parseExit reads %j', (text, says) => {
  expect(parseExit(text)).toEqual(says)
})
