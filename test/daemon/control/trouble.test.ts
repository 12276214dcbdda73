import { expect, test } from 'vitest'
import type { TargetReport } from '../../../src/notify/report.ts'
import { undelivered } from '../../../src/daemon/control/trouble.ts'

const noon = Date.parse('2026-03-10T12:00:00Z')
const at = '2026-03-10T12:00:00.000Z'
const target: Omit<TargetReport, 'last'> = {
  ...{ name: 'ops', kind: 'webhook', waiting: 2, oldest: at, next: at },
}

test('messages that wait for more than ten minutes are trouble, also if others arrived', () => {
  const delivered = { ...target, last: { at, result: 'delivered', words: 'HTTP 200' } } as const
  expect(undelivered(delivered, noon + 599_999)).toEqual([])
  const found = [
    { message: 'messages to ops wait: 2, the oldest for more than 10m', sinceMs: noon },
  ]
  expect(undelivered(delivered, noon + 600_000)).toEqual(found)
  expect(undelivered({ ...target, last: null }, noon + 600_000)).toEqual(found)
  const none = { ...delivered, waiting: 0, oldest: null, next: null }
  expect(undelivered(none, noon + 600_000)).toEqual([])
  expect(undelivered({ ...delivered, kind: 'ping' }, noon + 600_000)).toEqual([])
})
