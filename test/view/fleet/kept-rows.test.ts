import { expect, test } from 'vitest'
import { TorchError } from '../../../src/errors.ts'
import type { AskFleet } from '../../../src/view/fleet/fleet-status.ts'
import type { HistoryRow } from '../../../src/plan/history-row.ts'
import { newKeptRows, pageOfRows } from '../../../src/view/fleet/kept-rows.ts'
import { handClock } from '../../support/clock.ts'
import { runRow, skipRow } from '../../support/history.ts'

/** The id of a run, by its number. */
const id = (n: number): string => `20260310T120000.000-${String(n).padStart(6, '0')}`

test('pages of rows have each row once, also where many are of one millisecond', () => {
  const at = '2026-03-10T12:00:00.000Z'
  const rows = [
    ...Array.from({ length: 5 }, (_, n) => runRow(5, { run: id(n), startedAt: at })),
    ...Array.from({ length: 3 }, (_, n) => runRow(9, { run: id(n + 10) })),
    skipRow(1),
  ]
  const seen: (string | null)[] = []
  let before: string | undefined
  for (let pages = 0; pages < 9; pages += 1) {
    const page = pageOfRows(rows, { limit: 2, ...(before !== undefined && { before }) })
    seen.push(...page.rows.map(({ run }) => run))
    if (page.before === null) break
    before = page.before
  }
  expect(seen).toHaveLength(rows.length)
  expect(new Set(seen)).toEqual(new Set(rows.map(({ run }) => run)))
})

test('a page has only the rows that fit', () => {
  const rows = [
    runRow(3, { run: id(3), outcome: 'failed' }),
    runRow(2, { run: id(2), task: 'b' }),
    skipRow(1),
  ]
  const runs = (filter: Partial<Parameters<typeof pageOfRows>[1]>) =>
    pageOfRows(rows, { limit: 10, ...filter }).rows.map(({ run }) => run)
  expect(runs({ tasks: ['b'] })).toEqual([id(2)])
  expect(runs({ outcomes: ['failed'] })).toEqual([id(3)])
  expect(runs({ since: rows[0]?.startedAt ?? '' })).toEqual([id(3)])
  expect(runs({ tasks: [], outcomes: [], until: rows[1]?.startedAt ?? '' })).toEqual([id(2), null])
})

test('rows are read once, later only the new ones, and stay while the engine is away', async () => {
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const asked: (string | undefined)[] = []
  let answer: () => HistoryRow[] = () => [runRow(1, { run: id(1), host: 'web1' })]
  const ask = (async (_: string, { since }: { since?: string }) => {
    asked.push(since)
    return { rows: answer() }
  }) as AskFleet
  const kept = newKeptRows(ask, clock)
  const runs = async () => (await kept.all()).map(({ run }) => run)
  expect(await runs()).toEqual([id(1)])
  expect(await runs()).toEqual([id(1)])
  answer = () => [runRow(1, { run: id(1), host: 'web1' }), runRow(2, { run: id(2), host: 'web2' })]
  clock.advance(5_000)
  expect(await runs()).toEqual([id(1), id(2)])
  answer = () => {
    throw new TorchError('no-engine', 'no answer')
  }
  clock.advance(5_000)
  expect(await runs()).toEqual([id(1), id(2)])
  expect(asked).toEqual([undefined, '2026-03-10T11:59:50.000Z', '2026-03-10T11:59:55.000Z'])
})
