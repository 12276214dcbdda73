import { expect, test } from 'vitest'
import { slotReport } from '../../../src/view/fleet/fleet-slot.ts'
import type { AskFleet } from '../../../src/view/fleet/fleet-status.ts'
import { runRow } from '../../support/history.ts'

const run = '20260310T120000.000-0a1b2c'
const reason = {
  ...{ hasTask: true, isHere: true, rank: 0, candidates: 2, definition: 'd1:0', whyNot: null },
  ...{ offsetMs: 1.5, rows: [runRow(1, { run, task: 'job', host: 'elsewhere' })] },
  due: { isDue: false, before: '2026-03-10T11:59:00.000Z', after: null },
}

test('what machines say of a slot is read field by field, and an answer that cannot be read is named', async () => {
  const replies: Record<string, unknown> = {
    fleetState: { link: { state: 'up', lastError: null } },
    fleetClaim: { tries: [] },
    fleetRows: { rows: [] },
    fleetAsk: {
      answers: [
        { host: 'web1', value: reason },
        {
          host: 'web2',
          value: { ...reason, rank: '1', candidates: null, rows: 'none', whyNot: 3, due: {} },
        },
        { host: 'web3', value: 'no' },
      ],
    },
  }
  const ask = (async (name: string) => replies[name]) as AskFleet
  const { machines, notes } = await slotReport(ask, 'job', 1_773_144_000)
  expect(machines).toEqual([
    { ...reason, host: 'web1', rows: [expect.objectContaining({ run, host: 'web1' })] },
    { ...reason, host: 'web2', rank: null, candidates: 0, rows: [], whyNot: null, due: null },
  ])
  expect(notes).toEqual(['the answer of web3 cannot be read'])
})
