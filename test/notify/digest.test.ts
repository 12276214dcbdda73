import { expect, test } from 'vitest'
import { digestOf } from '../../src/notify/digest.ts'
import type { Message } from '../../src/notify/message.ts'
import { messageOf } from '../support/notify.ts'

const nowMs = Date.parse('2026-03-10T13:00:00Z')
const seeMore = { more: 'torch status', url: 'https://torch.example' }

/** A message of this minute after noon. */
const at = (minute: number, changes: Partial<Message>): Message =>
  messageOf({ ...{ id: `id-${minute}`, at: `2026-03-10T12:0${minute}:00.000Z` }, ...changes })

const digest = (...messages: Message[]): Message => digestOf(messages, seeMore, 'db1', nowMs)

test('a digest has a line for each message, the oldest first, and all their ids', () => {
  const missed = at(2, { kind: 'missed', task: 'mail', reason: 'due at 2026-03-10T11:00:00Z' })
  expect(digest(at(1, { reason: null }), { ...missed, count: 7 })).toEqual({
    ...{ id: expect.stringMatching(/^[0-9a-f]{32}$/), kind: 'digest', host: 'db1', task: null },
    ...{ description: null, run: null, at: '2026-03-10T13:00:00.000Z' },
    ...{ since: '2026-03-10T12:01:00.000Z', exitCode: null, signal: null, outcome: null },
    reason:
      '2026-03-10 12:01:00 UTC dump: failed (exit code 3)\n' +
      '2026-03-10 12:02:00 UTC mail: missed (due at 2026-03-10 11:00:00 UTC)',
    ...{ output: null, more: 'torch status', url: 'https://torch.example' },
    ...{ count: 2, ids: ['id-1', 'id-2'] },
  })
})

test('the line of a trouble says since when it is over, in place of a line for its recovery', () => {
  const text = digest(
    at(1, { reason: null }),
    at(2, { task: 'mail', reason: null }),
    at(3, { kind: 'recovered', reason: null, exitCode: 0 }),
    at(4, { kind: 'late', reason: null, exitCode: null }),
    at(5, { kind: 'recovered', task: 'other', reason: null, exitCode: null }),
  )
  expect(text.reason?.split('\n')).toEqual([
    '2026-03-10 12:01:00 UTC dump: failed (exit code 3), over since 2026-03-10 12:03:00 UTC',
    '2026-03-10 12:02:00 UTC mail: failed (exit code 3)',
    '2026-03-10 12:04:00 UTC dump: late',
    '2026-03-10 12:05:00 UTC other: recovered',
  ])
  expect(text.count).toBe(5)
  const file = digest(
    at(1, { kind: 'refused', task: null, reason: null, exitCode: null }),
    at(2, { kind: 'recovered', task: null, reason: null }),
  )
  expect(file.reason).toBe(
    '2026-03-10 12:01:00 UTC torch: refused, over since 2026-03-10 12:02:00 UTC',
  )
})

test('a run that hangs is over when it recovers itself, not when another run of the task ends well', () => {
  const text = digest(
    at(1, { run: 'r0', reason: null }),
    at(2, { kind: 'stuck', run: 'r1', reason: null, exitCode: null }),
    at(3, { kind: 'stuck', run: 'r2', reason: null, exitCode: null }),
    at(4, { kind: 'recovered', run: 'r2', reason: null, exitCode: 0 }),
  )
  expect(text.reason?.split('\n')).toEqual([
    '2026-03-10 12:01:00 UTC dump: failed (exit code 3), over since 2026-03-10 12:04:00 UTC',
    '2026-03-10 12:02:00 UTC dump: stuck',
    '2026-03-10 12:03:00 UTC dump: stuck, over since 2026-03-10 12:04:00 UTC',
  ])
})

test('a digest of digests has their newest lines and counts all messages', () => {
  const many = Array.from({ length: 60 }, (_, n) => at(1, { id: `m${n}`, task: `t${n}` }))
  const first = digest(...many)
  expect(first.reason?.split('\n').at(-1)).toBe('and 10 more')
  const both = digest(at(0, { task: 'old' }), first, at(2, {}))
  const lines = both.reason?.split('\n') ?? []
  expect([lines.length, lines.at(-1), both.count]).toEqual([51, 'and 12 more', 62])
  expect(lines[0]).toBe('2026-03-10 12:01:00 UTC t11: failed (exit code 3)')
  expect(lines.at(-2)).toBe('2026-03-10 12:02:00 UTC dump: failed (exit code 3)')
  expect(both.ids).toHaveLength(63)
  const again = digest(both, first)
  expect([again.count, again.reason?.split('\n').length]).toEqual([122, 51])
})

test('what is wrong now has a line, however many messages there are', () => {
  const many = Array.from({ length: 300 }, (_, n) =>
    at(1, { id: `m${n}`, task: `t${n % 25}`, reason: 'r'.repeat(180) }),
  )
  const text = digest(...many, at(2, { kind: 'late', task: 'last', reason: null, exitCode: null }))
  const lines = text.reason?.split('\n') ?? []
  expect(lines).toHaveLength(26)
  expect(lines[0]).toContain(', 12 times since 2026-03-10 12:01:00 UTC')
  expect(lines.at(-1)).toBe('2026-03-10 12:02:00 UTC last: late')
})
