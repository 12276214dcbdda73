import { expect, test } from 'vitest'
import { rowPage } from '../../src/view/row-pages.ts'
import { runRow } from '../support/history.ts'

/** Steps with so many rows each; `asked` has the limit and the place of each. */
function stepsOf(counts: readonly number[]) {
  const asked: [limit: number, before: string | undefined][] = []
  const step = async ({ limit, before }: { limit: number; before?: string | undefined }) => {
    const at = asked.push([limit, before]) - 1
    const rows = Array.from({ length: Math.min(counts[at] ?? 0, limit) }, (_, n) => runRow(n))
    return { rows, more: at < counts.length - 1 ? `place ${at}` : null }
  }
  return { step, asked }
}

test('a page of rare rows is made of several steps, each from where the last one ended', async () => {
  const { step, asked } = stepsOf([2, 0, 0, 5, 1])
  const { rows, before } = await rowPage(step, { limit: 4 })
  expect([rows.length, before]).toEqual([4, 'place 3'])
  expect(asked).toEqual([
    [4, undefined],
    [2, 'place 0'],
    [2, 'place 1'],
    [2, 'place 2'],
  ])
})

test('the last page says that it is the last one', async () => {
  const { step } = stepsOf([2, 1])
  expect(await rowPage(step, { limit: 100 })).toMatchObject({ rows: { length: 3 }, before: null })
})

test('a step asks for at most 500 rows, and a page makes at most 500 steps', async () => {
  const { step, asked } = stepsOf(Array.from({ length: 600 }, () => 0))
  const { rows, before } = await rowPage(step, { limit: 1_000, before: 'here' })
  expect([rows.length, before, asked.length]).toEqual([0, 'place 499', 500])
  expect(asked[0]).toEqual([500, 'here'])
})
