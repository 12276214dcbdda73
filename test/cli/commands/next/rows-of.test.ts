import { describe, expect, test } from 'vitest'
import { rowsOf } from '../../../../src/cli/commands/next/show-next.ts'
import { parseSchedule } from '../../../../src/schedule/parse.ts'

const hourly = parseSchedule('0 * * * *', { zone: 'UTC', seed: '' })
if (!hourly.ok) throw new Error('a schedule of the test is wrong')
const source = { task: 'a', schedules: [hourly.schedule], zone: 'UTC', jitterMs: 0 }
const noon = Date.parse('2026-03-10T12:00:00Z') / 1000

function pauseUntil(until: string | null) {
  const since = '2026-03-10T11:30:00.000Z'
  return { since, until, reason: 'new disk', by: 'alice', all: false, slots: 1 }
}

describe('the start times of a paused task', () => {
  test('they begin after the end of the pause, and each row has the pause', () => {
    const paused = pauseUntil('2026-03-10T14:30:00.000Z')
    expect(rowsOf({ ...source, paused }, noon, 2)).toMatchObject([
      { at: '2026-03-10T15:00:00Z', local: '2026-03-10T15:00:00+00:00', paused },
      { at: '2026-03-10T16:00:00Z', paused },
    ])
  })

  test.each([
    ['a slot in the second in which the pause ends', 0, '2026-03-10T15:00:00.000Z', '15:00:00'],
    ['not a slot just before the end', 0, '2026-03-10T15:00:00.001Z', '16:00:00'],
    [
      'a slot that its jitter carries over the end',
      600_000,
      '2026-03-10T15:10:00.000Z',
      '15:00:00',
    ],
    ['the next slot, if the pause is over before it', 0, '2026-03-10T12:10:00.000Z', '13:00:00'],
  ])('the first one is %s', (_, jitterMs, until, expected) => {
    const [row] = rowsOf({ ...source, jitterMs, paused: pauseUntil(until) }, noon, 1)
    expect(row?.at).toBe(`2026-03-10T${expected}Z`)
  })

  test('there is none if only a person ends the pause, and no slot that waits for its jitter', () => {
    const paused = pauseUntil(null)
    expect(rowsOf({ ...source, paused, pending: noon }, noon, 2)).toEqual([
      { task: 'a', at: null, local: null, jitterMs: 0, paused },
    ])
  })

  test('a task that starts after others says both', () => {
    const after = { tasks: ['b'], outcome: 'ok' } as const
    const paused = pauseUntil(null)
    expect(rowsOf({ ...source, schedules: [], after, paused }, noon, 2)).toEqual([
      { task: 'a', at: null, local: null, jitterMs: 0, after, paused },
    ])
  })
})

test('a task that is not paused has nothing about pauses', () => {
  expect(rowsOf(source, noon, 1)).toEqual([
    { task: 'a', at: '2026-03-10T13:00:00Z', local: '2026-03-10T13:00:00+00:00', jitterMs: 0 },
  ])
})
