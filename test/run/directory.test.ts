import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { thisMachine } from '../../src/host/host.ts'
import {
  beginsRunId,
  isRunId,
  listActive,
  makeActive,
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

const [one, two, three] = [
  '20260308T070000.000-aaaaaa',
  '20260308T070001.000-bbbbbb',
  '20260308T070002.000-cccccc',
]

/** A home whose runs have these files, without `active`. */
function homeOf(runs: Record<string, string[]>) {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-active-'))
  onTestFinished(() => fs.rmSync(home, { recursive: true }))
  for (const [run, files] of Object.entries(runs)) {
    const directory = path.join(home, 'runs/job', run)
    fs.mkdirSync(directory, { recursive: true })
    for (const file of files) fs.writeFileSync(path.join(directory, file), '')
  }
  const active = path.join(home, 'active')
  return { home, entries: () => (fs.existsSync(active) ? fs.readdirSync(active) : undefined) }
}

const runs = { [one]: ['run.json', 'outcome.json'], [two]: ['run.json'], [three]: [] }

test('if active was removed, makeActive lists the runs that have no outcome', () => {
  const { home, entries } = homeOf(runs)
  makeActive(thisMachine(), home)
  expect(entries()).toEqual([two])
  expect(fs.readFileSync(path.join(home, 'active', two), 'utf8')).toBe('job\n')
})

test('makeActive leaves an existing active as it is', () => {
  const { home, entries } = homeOf(runs)
  fs.mkdirSync(path.join(home, 'active'))
  makeActive(thisMachine(), home)
  expect(entries()).toEqual([])
})

test('listActive makes a missing active again, with all runs that belong there', () => {
  const { home, entries } = homeOf(runs)
  listActive(thisMachine(), home, 'other', three)
  expect(entries()).toEqual([two, three])
})

test('listActive makes nothing if the runs are gone too', () => {
  const { home, entries } = homeOf({})
  expect(() => listActive(thisMachine(), home, 'job', one)).toThrow('ENOENT')
  expect(entries()).toBeUndefined()
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
