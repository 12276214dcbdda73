import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { HistoryRow } from '../../../src/plan/history-row.ts'
import { type PageFilter, readHistoryPage } from '../../../src/record/history/history-page.ts'
import { openHistory } from '../../../src/record/history/write-history.ts'
import { runRow } from '../../support/history.ts'

const outcomes = ['ok', 'failed', 'timeout'] as const
/** More than are looked at for one page. */
const rows = Array.from({ length: 4_500 }, (_, n) =>
  runRow(n, { task: n % 1_500 === 7 ? 'rare' : `job-${n % 3}`, outcome: outcomes[n % 7] ?? 'ok' }),
)
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-page-'))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))
const file = path.join(folder, 'history.db')
const history = openHistory(file, {
  after: () => () => {},
  now: () => 0,
  onTrouble: (words) => expect.unreachable(words),
})
for (const row of rows) history.add(row)
history.close()

/** All pages. */
function read(filter: PageFilter): { rows: HistoryRow[]; pages: number } {
  const found: HistoryRow[] = []
  for (let pages = 1, before: string | undefined; ; pages++) {
    const page = readHistoryPage(file, { ...filter, before })
    expect(page.rows.length).toBeLessThanOrEqual(filter.limit)
    found.push(...page.rows)
    if (page.more === null) return { rows: found, pages }
    before = page.more
  }
}

const since = rows[1_000]?.startedAt ?? ''
const until = rows[3_000]?.startedAt ?? ''

test.each<[string, Omit<PageFilter, 'limit'>, (row: HistoryRow) => boolean, number]>([
  ['all rows', {}, () => true, 10],
  ['one task', { tasks: ['job-1'] }, ({ task }) => task === 'job-1', 3],
  ['a rare task among two', { tasks: ['rare', 'none'] }, ({ task }) => task === 'rare', 3],
  ['one outcome', { outcomes: ['failed'] }, ({ outcome }) => outcome === 'failed', 2],
  [
    'a task with two outcomes, within a time',
    { tasks: ['job-2'], outcomes: ['failed', 'timeout'], since, until },
    ({ task, outcome, startedAt }) =>
      task === 'job-2' &&
      ['failed', 'timeout'].includes(outcome) &&
      (startedAt ?? '') >= since &&
      (startedAt ?? '') <= until,
    1,
  ],
  ['a task that has no rows', { tasks: ['none'] }, () => false, 1],
])('pages have %s once, newest first, each in bounded time', (_, filter, isIt, minPages) => {
  const found = read({ ...filter, limit: 500 })
  expect(found.rows).toEqual(rows.filter(isIt).toReversed())
  expect(found.pages).toBeGreaterThanOrEqual(minPages)
})

test('a missing history has no rows', () => {
  expect(readHistoryPage('/nowhere/history.db', { limit: 5 })).toEqual({ rows: [], more: null })
})
