import { expect, test } from 'vitest'
import { currentRows, rowsBehind } from '../../../src/record/history/later-rows.ts'
import { openTestHistory, runRow, skipRow } from '../../support/history.ts'

const all = { limit: 100, maxWaiting: 1_000 }

test('rows come in the order in which they were added, part by part, and the first call gives only its place', () => {
  const { file, history } = openTestHistory()
  history.add(runRow(1))
  history.flush()
  const first = rowsBehind(file, undefined, all)
  expect(first).toMatchObject({ rows: [], left: 0, dropped: 0 })
  for (const row of [runRow(2), skipRow(3), runRow(4)]) history.add(row)
  history.flush()
  const part = rowsBehind(file, first.place, { ...all, limit: 2 })
  expect(part).toMatchObject({ rows: [runRow(2), skipRow(3)], left: 1, dropped: 0 })
  const rest = rowsBehind(file, part.place, all)
  expect(rest).toMatchObject({ rows: [runRow(4)], left: 0 })
  expect(rowsBehind(file, rest.place, all)).toEqual({ ...rest, rows: [] })
})

test('the end of a run takes the place of its start', () => {
  const { file, history } = openTestHistory()
  const start = runRow(1, { outcome: 'running', endedAt: null, durationMs: null })
  history.add(runRow(0))
  history.add(start)
  history.flush()
  const place = { id: 1, at: 0 }
  const known = rowsBehind(file, place, all)
  expect(known.rows).toEqual([start])
  history.add(runRow(1))
  history.flush()
  expect(rowsBehind(file, known.place, all).rows).toEqual([])
  expect(currentRows(file, [start.run ?? '', 'gone'])).toEqual([runRow(1)])
})

test('if too many rows wait, the oldest are left out and counted', () => {
  const { file, history } = openTestHistory()
  for (let n = 0; n < 10; n += 1) history.add(runRow(n))
  history.flush()
  const later = rowsBehind(file, { id: 2, at: 0 }, { limit: 100, maxWaiting: 3 })
  expect(later).toMatchObject({ rows: [runRow(7), runRow(8), runRow(9)], dropped: 5, left: 0 })
})

test('of a history that was rebuilt, only what is later counts', () => {
  const { file, history } = openTestHistory()
  for (let n = 0; n < 4; n += 1) history.add(runRow(n))
  history.flush()
  const at = Date.parse(runRow(2).startedAt ?? '')
  expect(rowsBehind(file, { id: 500, at }, all).rows).toEqual([runRow(3)])
})
