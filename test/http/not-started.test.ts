import { expect, test } from 'vitest'
import { slotsNotStarted } from '../../src/http/not-started.ts'
import type { HistoryRow } from '../../src/plan/history-row.ts'
import type { View } from '../../src/view/view.ts'
import { runRow, skipRow } from '../support/history.ts'

/** What is said of these rows, newest first, and which outcomes were asked for. */
async function slotsOf(rows: readonly HistoryRow[]) {
  const asked: (readonly string[] | undefined)[] = []
  const view: Pick<View, 'page'> = {
    async page({ outcomes, tasks, limit }) {
      expect(tasks).toEqual(['backup'])
      asked.push(outcomes)
      const found = rows.filter(({ outcome }) => outcomes?.includes(outcome))
      return { rows: found.slice(0, limit), before: null }
    },
  }
  return { asked, slots: await slotsNotStarted(view, 'backup') }
}

/** Times are seconds after 07:00:00. */
const at = (second: number): string => new Date(Date.UTC(2026, 2, 8, 7, 0, second)).toISOString()
const run = (name: string, from: number, to: number | null): HistoryRow =>
  runRow(from, {
    run: name,
    startedAt: at(from),
    endedAt: to === null ? null : at(to),
    outcome: to === null ? 'running' : 'failed',
  })

test('a start that was skipped at max names the run that had not ended', async () => {
  const { slots } = await slotsOf([
    run('still', 50, null),
    skipRow(55),
    skipRow(45),
    run('short', 40, 41),
    skipRow(30),
    run('long', 20, 35),
    skipRow(10),
  ])
  expect(slots.map(({ slot, why, inTheWay }) => [slot, why, inTheWay])).toEqual([
    ['2026-03-08T07:00:55Z', 'at its max', { run: 'still', startedAt: at(50) }],
    // Nobody knows any more.
    ['2026-03-08T07:00:45Z', 'at its max', null],
    ['2026-03-08T07:00:30Z', 'at its max', { run: 'long', startedAt: at(20) }],
    ['2026-03-08T07:00:10Z', 'at its max', null],
  ])
})

test('a start that was missed has no run in its way, and no run is looked for', async () => {
  const missed = skipRow(5, { outcome: 'missed', reason: 'down', count: 3, lastSlot: at(7) })
  const { slots, asked } = await slotsOf([run('long', 0, 60), missed])
  expect(slots).toEqual([
    {
      slot: '2026-03-08T07:00:05Z',
      lastSlot: at(7),
      count: 3,
      why: 'torch was down',
      inTheWay: null,
    },
  ])
  expect(asked).toEqual([['missed', 'skipped']])
})

test('a start that found its pool full names the run of another task that had not ended', async () => {
  const other = { ...run('mate', 20, 35), task: 'reindex' }
  const view: Pick<View, 'page'> = {
    page: async ({ tasks, outcomes }) => ({
      rows: [skipRow(30, { reason: 'pool' }), other].filter(
        (row) => tasks?.includes(row.task) === true && outcomes?.includes(row.outcome) === true,
      ),
      before: null,
    }),
  }
  const [slot] = await slotsNotStarted(view, 'backup', ['backup', 'reindex'])
  expect(slot).toMatchObject({
    why: 'its pool was full',
    inTheWay: { run: 'mate', startedAt: at(20), task: 'reindex' },
  })
})
