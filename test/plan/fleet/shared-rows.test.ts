import { expect, test } from 'vitest'
import { isGoneAfter } from '../../../src/plan/fleet/merged-rows.ts'
import { isShared, rowId } from '../../../src/plan/fleet/shared-rows.ts'
import { runRow } from '../../support/history.ts'

const ok = runRow(1)
const failed = runRow(2, { outcome: 'failed', exitCode: 1 })
const missed = runRow(3, { outcome: 'missed', run: null })
const running = runRow(4, { outcome: 'running' })
const skipped = runRow(5, { outcome: 'skipped', run: null, reason: 'max' })

test.each([
  ['all', [ok, failed, missed, running, skipped]],
  ['problems', [failed, missed]],
  ['none', []],
] as const)('of plain tasks, share: %s leaves these rows to others', (share, expected) => {
  const rows = [ok, failed, missed, running, skipped]
  expect(rows.filter((row) => isShared(row, share, false))).toEqual(expected)
  // Those of the fleet are always there.
  expect(rows.filter((row) => isShared(row, share, true))).toEqual(rows)
})

test('the start and the end of a run are two rows, and so are two skips', () => {
  const ids = [
    ...[running, { ...running, outcome: 'ok' as const }].map(rowId),
    ...[skipped, { ...skipped, slot: '2026-03-10T13:00:00Z' }].map(rowId),
  ]
  expect(new Set(ids).size).toBe(4)
})

test.each([
  [null, true],
  [undefined, true],
  [0, false],
  [45_000, false],
  [45_001, true],
])('a machine that was heard %s ms ago is gone: %s', (heardAgoMs, isGone) => {
  expect(isGoneAfter(heardAgoMs)).toBe(isGone)
})
