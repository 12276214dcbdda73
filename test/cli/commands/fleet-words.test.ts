import { expect, test } from 'vitest'
import type { LogPart } from '../../../src/cli/commands/fleet/fleet-access.ts'
import { jsonPrinter, linesPrinter } from '../../../src/cli/commands/fleet/log-printer.ts'
import { noteOf } from '../../../src/cli/commands/fleet/show-fleet.ts'
import type { Machine } from '../../../src/view/fleet/fleet-status.ts'
import { fakeTerminal } from '../../support/here.ts'
import { runRow } from '../../support/history.ts'

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
