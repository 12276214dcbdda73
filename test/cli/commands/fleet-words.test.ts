import { describe, expect, test } from 'vitest'
import { withHost } from '../../../src/cli/commands/fleet/kill-elsewhere.ts'
import type { LogPart } from '../../../src/cli/commands/fleet/fleet-access.ts'
import { jsonPrinter, linesPrinter } from '../../../src/cli/commands/fleet/log-printer.ts'
import { reloadWords } from '../../../src/cli/commands/fleet/reload-elsewhere.ts'
import { noteOf, taskCells } from '../../../src/cli/commands/fleet/show-fleet.ts'
import { slotLines } from '../../../src/cli/commands/fleet/show-slot.ts'
import { thisMachine } from '../../../src/host/host.ts'
import type { HistoryRow } from '../../../src/plan/history-row.ts'
import type { SlotReport } from '../../../src/view/fleet/fleet-slot.ts'
import type { Machine, SharedTask } from '../../../src/view/fleet/fleet-status.ts'
import { fakeTerminal } from '../../support/here.ts'
import { runRow, skipRow } from '../../support/history.ts'

const machine: Machine = {
  ...{ host: 'web1', state: 'up', heardAgoMs: 0, revision: 'abc', committedMs: null },
  ...{ isOdd: false, differs: [], running: 1, places: [], offsetMs: 0, torch: '1', tz: '2024b' },
  ...{ hasOtherTz: false, takeovers: [], trouble: [] },
}

test('the note of a silent machine says when others take its places', () => {
  const silent = { ...machine, state: 'silent', places: ['consumer/1', 'job/0'] } as const
  const takeovers = [
    { place: 'consumer/1', inMs: 4_000 },
    { place: 'other/0', inMs: 0 },
  ]
  expect(noteOf({ ...silent, takeovers })).toBe(
    'takeover of consumer/1 in 4s; takeover of other/0 is due',
  )
  expect(noteOf(silent)).toBe('others take its places')
  expect(noteOf({ ...silent, places: [] })).toBe('')
})

test('a machine with other time zone data is noted while it is up', () => {
  const odd = { ...machine, hasOtherTz: true, differs: ['job'] }
  expect(noteOf(odd)).toBe('job differs; time zone data 2024b: it may have other slots')
  expect(noteOf({ ...odd, state: 'silent' })).toBe('job differs')
})

const run = '20260308T070001.005-0000a1'
const output = (text: string): LogPart => {
  return { kind: 'output', task: 'job', run, bytes: Buffer.from(text), at: '2026-03-08T07:00:02Z' }
}
const row = runRow(1, { run, task: 'job' })
const parts: readonly LogPart[] = [
  { kind: 'start', task: 'job', run },
  output('one\ntw'),
  output('o\nrest'),
  { kind: 'end', task: 'job', run, row },
]

test('as JSON each line and each end is an object, with the machine', async () => {
  const terminal = fakeTerminal({})
  const print = jsonPrinter(terminal, () => 'now')
  for (const part of parts) await print('db1', part)
  // A machine of an older version does not say when a line came.
  await print('db2', { kind: 'output', task: 'job', run: 'x', bytes: Buffer.from('old\n') })
  const lines = terminal.stdout().trim().split('\n')
  const at = '2026-03-08T07:00:02Z'
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { host: 'db1', task: 'job', run, line: 'one', at },
    { host: 'db1', task: 'job', run, line: 'two', at },
    { host: 'db1', task: 'job', run, line: 'rest', at },
    { host: 'db1', task: 'job', run, end: row },
    { host: 'db2', task: 'job', run: 'x', line: 'old', at: 'now' },
  ])
})

test('as text each line comes after its machine and task, when it is whole', async () => {
  const terminal = fakeTerminal({})
  const print = linesPrinter(terminal)
  for (const part of parts) await print('db1', part)
  expect(terminal.stdout()).toBe('db1 job | one\ndb1 job | two\ndb1 job | rest\n')
})

const here = {
  ...thisMachine(),
  clock: {
    ...thisMachine().clock,
    now: () => Date.parse('2026-03-08T12:00:00Z'),
    zone: () => 'UTC',
  },
}
const due = {
  ...{ isDue: true, before: '2026-03-08T11:00:00.000Z', after: '2026-03-08T13:00:00.000Z' },
}
const reason = {
  ...{ host: 'm1', hasTask: true, isHere: true, rank: 0, candidates: 3, definition: 'd1:0123' },
  ...{ whyNot: null, offsetMs: 0, rows: [], due },
}
const at = (time: string): number => Date.parse(`2026-03-${time}Z`) / 1000
const slotText = (report: Partial<SlotReport>, time: string): string[] =>
  slotLines(
    here,
    { claim: [], machines: [reason], rows: [], notes: [], ...report },
    { task: 'tick', slot: at(time) },
  ).slice(1)

describe('why a slot has no claim', () => {
  test.each([
    ['no machine has it', {}, '08T11:00:00', 'none: no machine has it'],
    ['it is in the future', {}, '08T13:00:00', 'none: the slot has not come yet'],
    ['it is old', {}, '01T13:00:00', 'none: claims are kept for two days, and this slot is older'],
    [
      'the task is a plain one',
      { machines: [{ ...reason, definition: null }] },
      '08T11:00:00',
      'none: the task has no scope: fleet, so each machine starts it by itself',
    ],
    [
      'the engine gives no answer',
      { claim: null },
      '08T11:00:00',
      'not known: the engine gives no answer',
    ],
  ])('%s', (_, report, time, words) => {
    expect(slotText(report, time)[0]).toBe(`claim     ${words}`)
  })

  test('a time that is no slot has the slots around it, and no order of machines', () => {
    const machines = [{ ...reason, due: { ...due, isDue: false } }]
    const near =
      'the slot before is 2026-03-08T11:00:00+00:00, the one after is 2026-03-08T13:00:00+00:00'
    expect(slotText({ machines }, '08T11:30:00')).toEqual([
      `claim     none: the task is not due then; ${near}`,
      `m1        has no slot then; ${near}`,
    ])
  })
})

test('a claim says which version of the task it had', () => {
  const claim = {
    v: 1 as const,
    ...{ attempt: 'a', slot: 0, host: 'm1', session: 's', revision: null },
    definition: 'd1:0123456789abcdef',
  } as const
  const [line] = slotText(
    { claim: [{ tryNumber: 1, claim, storedMs: at('08T11:00:00') * 1000 + 5 }] },
    '08T11:00:00',
  )
  expect(line).toMatch(/, version d1:0123456789ab$/)
})

test('what a silent machine may still run is not counted as running', () => {
  const sure = { run: 'a', isSure: true }
  const task: SharedTask = {
    ...{ name: 'cons', type: 'daemon', labels: {}, max: 2, next: null, last: null },
    running: [
      { host: 'm2', run: 'c', isSure: false },
      { host: 'm3', ...sure },
      { host: 'm1', ...sure },
    ],
  }
  expect(taskCells(here, task).slice(0, 3)).toEqual(['cons 2/2', 'always', 'm3, m1, m2?'])
})

test('a slot that did not start says who recorded it, and a run where it was', () => {
  const last = (each: HistoryRow) =>
    taskCells(here, {
      ...{
        name: 'tick',
        type: 'common',
        labels: {},
        max: null,
        next: null,
        running: [],
        last: each,
      },
    })[3]
  const endedAt = '2026-03-08T11:59:44.000Z'
  const skipped = { reason: 'max: runs on m2', host: 'm3', endedAt }
  expect(last(skipRow(1, skipped))).toEqual([
    'skipped: at its max: runs on m2 (recorded by m3, 16s ago)',
    'yellow',
  ])
  expect(last(runRow(1, { host: 'm3', endedAt }))).toEqual(['ok 250ms on m3, 16s ago', 'green'])
})

test.each([
  [
    { verdict: 'loaded', revision: 'ab1', tasks: 2, added: ['a'], changed: ['b'] },
    false,
    '2 tasks at revision ab1: 1 added, 1 changed',
  ],
  [{ verdict: 'unchanged', revision: null, tasks: 1, added: [] }, false, '1 task: nothing changed'],
  [
    { verdict: 'refused', problems: [{ message: 'no command' }] },
    true,
    'the tasks file was refused: no command',
  ],
  [{}, true, 'the tasks file was refused'],
])('after a reload a machine says what changed: %j', (report, isBad, words) => {
  expect(reloadWords('m1', report)).toEqual({ isBad, words: `m1: ${words}` })
})

test.each([
  ['m3 does not accept kill from others', 'm3 does not accept kill from others'],
  ['it is not running', 'm3: it is not running'],
])('a failure names its machine once: %s', (message, words) => {
  expect(withHost('m3', message)).toBe(words)
})
